//! A stream of pages: each page is retried, and the stream goes on where it was.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures_lite::stream::{self, Stream, StreamExt};
use rebackoff::prelude::*;

static PAGE: Policy = policy!(expo(max_value = secs(30)), max_tries = 4, max_time = secs(120));

#[derive(Debug, PartialEq)]
enum ApiError {
    Busy,
    Gone,
}

/// The items of a page, and the token of the next page.
type Page = (Vec<u32>, Option<u32>);

/// The token is kept outside of the call, so that a retry asks for that page alone. The stream ends after
/// the last page, or the error of a page.
fn pages(api: &Api) -> impl Stream<Item = Result<Vec<u32>, ApiError>> {
    stream::try_unfold(Some(0), move |token| async move {
        let Some(token) = token else { return Ok(None) };
        PAGE.retry_async(|| api.page(token))
            .giveup(|error| *error == ApiError::Gone)
            .await
            .map(Some)
    })
}

/// A scripted service: pages of two items, each one busy at first.
struct Api {
    requests: AtomicU32,
    last: u32,
}

impl Api {
    async fn page(&self, token: u32) -> Result<Page, ApiError> {
        tokio::task::yield_now().await; // a client would send a request
        let items = vec![2 * token, 2 * token + 1];
        match self.requests.fetch_add(1, Relaxed) % 2 {
            0 => Err(ApiError::Busy),
            _ if token == 3 => Err(ApiError::Gone),
            _ => Ok((items, (token < self.last).then_some(token + 1))),
        }
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)] // virtual time
async fn main() {
    let api = |last| Api { requests: AtomicU32::new(0), last };
    let (three, endless) = (api(2), api(u32::MAX));
    let all: Result<Vec<_>, _> = pages(&three).try_collect().await;
    assert_eq!(all, Ok(vec![vec![0, 1], vec![2, 3], vec![4, 5]]));
    assert_eq!(three.requests.into_inner(), 6); // no page was asked for again
    assert_eq!(pages(&endless).last().await, Some(Err(ApiError::Gone)));
}
