//! An HTTP server on loopback that misbehaves as real ones do.
//!
//! [`misbehaviour`] says what each path does; this file accepts connections, counts the visits
//! of each target and puts the answers on the wire, one connection per request.

mod misbehaviour;
mod wire;

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime};

use misbehaviour::Visit;

/// The running server. Its threads end with the process.
pub(crate) struct Server {
    address: SocketAddr,
    visitors: Arc<Visitors>,
}

impl Server {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let visitors = Arc::new(Visitors::default());
        let register = Arc::clone(&visitors);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let register = Arc::clone(&register);
                thread::spawn(move || serve(stream, &register));
            }
        });
        Ok(Self { address, visitors })
    }

    /// The whole address of a target such as `/burst?call=1`. Every target has a history of its
    /// own, so calls that differ in the query do not disturb each other.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// The number of requests for `target`, to check the client's count of tries.
    pub(crate) fn visits(&self, target: &str) -> u32 {
        self.visitors.count(target)
    }
}

/// Answers one request. A client that hangs up early is nothing to report: some are meant to.
fn serve(mut stream: TcpStream, visitors: &Visitors) {
    let _ = wire::read_target(&stream).and_then(|target| {
        let visit = visitors.register(&target);
        let path = target.split('?').next().unwrap_or_default();
        wire::send(&mut stream, misbehaviour::answer(path, visit))
    });
}

#[derive(Default)]
struct Visitors(Mutex<HashMap<String, History>>);

struct History {
    count: u32,
    first: SystemTime,
    first_instant: Instant,
}

impl Visitors {
    fn register(&self, target: &str) -> Visit {
        let mut histories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let history = histories.entry(target.to_owned()).or_insert_with(|| History {
            count: 0,
            first: SystemTime::now(),
            first_instant: Instant::now(),
        });
        history.count += 1;
        Visit {
            number: history.count,
            first: history.first,
            since_first: history.first_instant.elapsed(),
        }
    }

    fn count(&self, target: &str) -> u32 {
        let histories = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        histories.get(target).map_or(0, |history| history.count)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Server;

    fn get(url: &str) -> reqwest::Result<(u16, String)> {
        let client =
            reqwest::blocking::Client::builder().timeout(Duration::from_millis(500)).build()?;
        let response = client.get(url).send()?;
        Ok((response.status().as_u16(), response.text()?))
    }

    #[test]
    fn a_burst_of_503_ends_after_three_and_is_counted() {
        let server = Server::start().unwrap();
        let statuses = [(); 4].map(|()| get(&server.url("/burst")).unwrap().0);
        assert_eq!(statuses, [503, 503, 503, 200]);
        assert_eq!(server.visits("/burst"), 4);
    }

    #[test]
    fn targets_that_differ_in_the_query_have_histories_of_their_own() {
        let server = Server::start().unwrap();
        get(&server.url("/burst?call=1")).unwrap();
        assert_eq!(server.visits("/burst?call=1"), 1);
        assert_eq!(server.visits("/burst?call=2"), 0);
    }

    #[test]
    fn a_reset_strikes_in_the_middle_of_the_body_and_only_once() {
        let server = Server::start().unwrap();
        let error = get(&server.url("/reset")).unwrap_err();
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
        assert_eq!(get(&server.url("/reset")).unwrap().0, 200);
    }

    #[test]
    fn a_slow_answer_outlasts_the_timeout_of_the_client_once() {
        let server = Server::start().unwrap();
        assert!(get(&server.url("/slow")).unwrap_err().is_timeout());
        assert_eq!(get(&server.url("/slow")).unwrap().0, 200);
    }
}
