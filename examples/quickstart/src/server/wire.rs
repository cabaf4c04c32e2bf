//! As much of HTTP/1.1 as the server needs: the target of a request in, one response out.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use socket2::SockRef;

use super::misbehaviour::{Answer, Reply};

/// Reads the head of a request and returns its target, query included.
pub(super) fn read_target(stream: &TcpStream) -> io::Result<String> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(stream).lines();
    let request_line = lines.next().transpose()?.unwrap_or_default();
    for header in lines {
        if header?.is_empty() {
            break;
        }
    }
    let target = request_line.split(' ').nth(1);
    target.map(str::to_owned).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

pub(super) fn send(stream: &mut TcpStream, answer: Answer) -> io::Result<()> {
    match answer {
        Answer::Reply(reply) => stream.write_all(text(&reply).as_bytes()),
        Answer::Late(delay, reply) => {
            thread::sleep(delay);
            stream.write_all(text(&reply).as_bytes())
        }
        Answer::Reset(reply) => {
            let text = text(&reply);
            stream.write_all(&text.as_bytes()[..text.len() - reply.body.len() / 2])?;
            // Time for the client to read what came, so that the reset strikes in the middle.
            thread::sleep(Duration::from_millis(50));
            // Closing a socket that does not linger sends RST instead of FIN.
            SockRef::from(&*stream).set_linger(Some(Duration::ZERO))
        }
    }
}

fn text(reply: &Reply) -> String {
    let Reply { status, retry_after, body } = reply;
    let retry_after =
        retry_after.as_ref().map_or_else(String::new, |when| format!("retry-after: {when}\r\n"));
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n{retry_after}\r\n{body}"
    )
}
