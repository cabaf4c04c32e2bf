//! A real HTTP server on loopback, which answers as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// One server. Its threads end with the process.
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    connections: usize,
    /// Connections that the client has closed.
    closed: usize,
    requests: Vec<Request>,
}

/// A request as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Lower-case names; without the ones of the connection.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

#[allow(dead_code, reason = "each test file uses some answers")]
pub(crate) enum Answer {
    /// Status, headers, body.
    Reply(u16, Vec<(&'static str, String)>, &'static str),
    /// A head that promises a body, and then nothing more.
    HeadOnly(u16),
    /// Nothing at all, on an open connection.
    Silence,
    /// The connection is closed.
    HangUp,
}

/// A reply without headers of its own.
pub(crate) fn reply(status: u16) -> Answer {
    Answer::Reply(status, Vec::new(), "text")
}

#[allow(dead_code, reason = "each test file uses some methods")]
impl Server {
    /// Answers the n-th request, counted from zero, with `answer(n)`.
    pub(crate) fn start(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let (shared, answer) = (Arc::clone(&log), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.lock().unwrap().connections += 1;
                let (log, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                thread::spawn(move || {
                    let _ = serve(stream, &log, &*answer);
                    log.lock().unwrap().closed += 1;
                });
            }
        });
        Self { address, log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log.lock().unwrap().requests.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }

    /// The number of open connections.
    pub(crate) fn open(&self) -> usize {
        let log = self.log.lock().unwrap();
        log.connections - log.closed
    }
}

/// Serves one connection until the client closes it.
fn serve(
    mut stream: TcpStream,
    log: &Mutex<Log>,
    answer: &dyn Fn(usize) -> Answer,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(request) = read(&mut reader)? {
        let number = {
            let requests = &mut log.lock().unwrap().requests;
            requests.push(request);
            requests.len() - 1
        };
        match answer(number) {
            Answer::Reply(status, headers, body) => {
                let mut text = Vec::new();
                write!(text, "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len())?;
                for (name, value) in headers {
                    write!(text, "{name}: {value}\r\n")?;
                }
                write!(text, "\r\n{body}")?;
                stream.write_all(&text)?;
            }
            Answer::HeadOnly(status) => {
                write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 9999999\r\n\r\n")?;
                return until_closed(&mut reader);
            }
            Answer::Silence => return until_closed(&mut reader),
            Answer::HangUp => return Ok(()),
        }
    }
    Ok(())
}

fn until_closed(reader: &mut impl Read) -> std::io::Result<()> {
    while reader.read(&mut [0; 512])? > 0 {}
    Ok(())
}

fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let method = line.split(' ').next().unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let value =
        |name: &str| headers.iter().find(|header| header.0 == name).map(|header| &*header.1);
    let body = if value("transfer-encoding") == Some("chunked") {
        read_chunks(reader)?
    } else {
        let mut body = vec![0; value("content-length").map_or(0, |text| text.parse().unwrap())];
        reader.read_exact(&mut body)?;
        String::from_utf8(body).unwrap()
    };
    headers.retain(|(name, _)| !["host", "accept"].contains(&&**name));
    Ok(Some(Request { method, headers, body }))
}

fn read_chunks(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut body = String::new();
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).unwrap() + 2];
        reader.read_exact(&mut chunk)?;
        chunk.truncate(chunk.len() - 2);
        if chunk.is_empty() {
            return Ok(body);
        }
        body.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}
