//! An HTTP server on loopback that misbehaves as real ones do.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use httpdate::HttpDate;
use socket2::SockRef;

/// The running server. Its threads end with the process.
pub(crate) struct Server {
    address: SocketAddr,
    visits: Arc<Visits>,
}

impl Server {
    /// Listens on a free port of the loopback interface.
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let visits = Arc::new(Visits::default());
        let register = Arc::clone(&visits);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let register = Arc::clone(&register);
                // A client that hangs up early is nothing to report: some are meant to.
                thread::spawn(move || serve(stream, &register));
            }
        });
        Ok(Self { address, visits })
    }

    /// The whole address of a target such as `/burst?call=1`. Each target has a history of its own.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// The number of requests for `target`, to check the client's count of tries.
    pub(crate) fn visits(&self, target: &str) -> u32 {
        self.visits.of(target).map_or(0, |visit| visit.number)
    }
}

/// The last request for a target.
#[derive(Clone, Copy)]
struct Visit {
    /// 1 for the first request.
    number: u32,
    first: SystemTime,
    started: Instant,
}

#[derive(Default)]
struct Visits(Mutex<HashMap<String, Visit>>);

impl Visits {
    fn of(&self, target: &str) -> Option<Visit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(target).copied()
    }

    fn count(&self, target: &str) -> Visit {
        let first = Visit { number: 0, first: SystemTime::now(), started: Instant::now() };
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let visit = visits.entry(target.to_owned()).or_insert(first);
        visit.number += 1;
        *visit
    }
}

fn serve(mut stream: TcpStream, visits: &Visits) -> io::Result<()> {
    let target = read_target(&stream)?;
    let visit = visits.count(&target);
    let path = target.split('?').next().unwrap_or_default();
    match path {
        "/burst" if visit.number <= 3 => reply(&mut stream, "503 Service Unavailable", "busy"),
        "/dead" => reply(&mut stream, "503 Service Unavailable", "out of order"),
        "/job" if visit.number <= 3 => reply(&mut stream, "202 Accepted", "pending"),
        "/job" => reply(&mut stream, "200 OK", "done"),
        "/throttled-seconds" => throttled(&mut stream, visit, Duration::from_secs(1), "1"),
        "/throttled-date" => {
            let opens = HttpDate::from(visit.first + Duration::from_millis(1500));
            let closed_for = SystemTime::from(opens).duration_since(visit.first);
            throttled(&mut stream, visit, closed_for.unwrap_or_default(), &opens.to_string())
        }
        "/slow" if visit.number == 1 => {
            // Until the client has waited long enough.
            stream.read_to_end(&mut Vec::new()).map(drop)
        }
        "/reset" if visit.number == 1 => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\nhalf of thi")?;
            // Time for the client to read what came, so that the reset strikes in the middle.
            thread::sleep(Duration::from_millis(50));
            // Closing a socket that does not linger sends RST instead of FIN.
            SockRef::from(&stream).set_linger(Some(Duration::ZERO))
        }
        "/burst" | "/slow" | "/reset" => reply(&mut stream, "200 OK", "hello"),
        _ => reply(&mut stream, "404 Not Found", "no such page"),
    }
}

/// Reads the head of a request; gives its target, query included.
fn read_target(stream: &TcpStream) -> io::Result<String> {
    let mut lines = BufReader::new(stream).lines();
    let request_line = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}
    let target = request_line.split(' ').nth(1);
    target.map(str::to_owned).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Turns visitors away until the time that it names has come.
fn throttled(
    stream: &mut TcpStream,
    visit: Visit,
    closed_for: Duration,
    retry_after: &str,
) -> io::Result<()> {
    if visit.started.elapsed() >= closed_for {
        return reply(stream, "200 OK", "hello");
    }
    let status = format!("429 Too Many Requests\r\nretry-after: {retry_after}");
    reply(stream, &status, "slow down")
}

fn reply(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}");
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes())
}
