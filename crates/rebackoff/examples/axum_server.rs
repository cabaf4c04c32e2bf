//! An axum server, which asks another service through tower layers, with a policy made at run time.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use axum::extract::{Path, State};
use axum::{Router, body::Body, http::Request, http::StatusCode, routing::get};
use rebackoff::prelude::*;
use rebackoff::tower::RetryLayer;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};

type Stock = BoxCloneSyncService<String, u32, BoxError>;

/// The layer owns its policy, which may come from a file. From the outside to the inside: retries, a
/// timeout of each try, a limit on the tries that run at once.
fn stock(policy: Policy) -> Stock {
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(policy))
        .timeout(secs(1))
        .concurrency_limit(8)
        .service(service_fn(warehouse));
    BoxCloneSyncService::new(service)
}

/// A scripted service: fails, hangs, and answers.
async fn warehouse(item: String) -> Result<u32, BoxError> {
    static TRIES: AtomicU32 = AtomicU32::new(0);
    match TRIES.fetch_add(1, Relaxed) {
        0 => Err("busy".into()),
        1 => std::future::pending().await,
        _ => item.parse().map_err(BoxError::from),
    }
}

async fn item(State(stock): State<Stock>, Path(item): Path<String>) -> Result<String, StatusCode> {
    let count = stock.oneshot(item).await.map_err(|_| StatusCode::BAD_GATEWAY)?;
    Ok(format!("{count} in stock"))
}

fn app(policy: Policy) -> Router {
    Router::new().route("/{item}", get(item)).with_state(stock(policy))
}

#[tokio::main(flavor = "current_thread", start_paused = true)] // virtual time
async fn main() -> Result<(), BoxError> {
    let tries = std::env::args().nth(1).map_or(Ok(3), |tries| tries.parse())?;
    let policy = Policy::new(expo().max_value(secs(5))).max_tries(tries).build()?;

    // A server would call `axum::serve(listener, app(policy))`.
    let request = |path: &str| Request::get(path).body(Body::empty());
    let response = app(policy).oneshot(request("/7")?).await?;
    assert_eq!(response.status(), StatusCode::OK);
    let text = axum::body::to_bytes(response.into_body(), 100).await?;
    assert_eq!(text, "7 in stock"); // the third try
    let response = app(policy).oneshot(request("/seven")?).await?;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY); // after three more
    Ok(())
}
