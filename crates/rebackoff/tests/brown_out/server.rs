//! A server with a limited capacity.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rebackoff::millis;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

/// The cost of an answer.
const ANSWER: Duration = millis(10);
/// The cost of an answer during the fault.
const FAULTY_ANSWER: Duration = millis(100);
/// The cost of turning a request away.
const REFUSAL: Duration = Duration::from_micros(2500);
/// A request that would have to wait for longer is turned away.
const QUEUE: Duration = millis(100);

pub(crate) struct Server {
    pub(crate) url: String,
    work: Arc<Mutex<Work>>,
}

struct Work {
    /// The time at which all requests so far are done.
    done_at: Instant,
    is_faulty: bool,
    arrivals: Vec<Arrival>,
}

/// A request.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    pub(crate) is_accepted: bool,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let arrivals = Vec::new();
        let work = Work { done_at: Instant::now(), is_faulty: false, arrivals };
        let work = Arc::new(Mutex::new(work));
        let shared = Arc::clone(&work);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, work }
    }

    pub(crate) fn set_faulty(&self, is_faulty: bool) {
        self.work.lock().unwrap().is_faulty = is_faulty;
    }

    /// The requests that came.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.work.lock().unwrap().arrivals.clone()
    }
}

impl Work {
    /// The time at which a request that comes now is answered; `None` where it is turned away.
    fn handle_request(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let begins = self.done_at.max(now);
        let is_accepted = begins - now <= QUEUE;
        let cost = match (is_accepted, self.is_faulty) {
            (false, _) => REFUSAL,
            (true, false) => ANSWER,
            (true, true) => FAULTY_ANSWER,
        };
        self.done_at = begins + cost;
        self.arrivals.push(Arrival { at: now, is_accepted });
        is_accepted.then_some(self.done_at)
    }
}

async fn serve(stream: TcpStream, work: Arc<Mutex<Work>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if line != "\r\n" {
            continue;
        }
        let done_at = work.lock().unwrap().handle_request();
        let status = match done_at {
            Some(done_at) => {
                sleep_until(done_at).await;
                "200 OK"
            }
            None => "503 Service Unavailable",
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.get_mut().write_all(head.as_bytes()).await?;
    }
}
