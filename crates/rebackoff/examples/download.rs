//! A blocking download, whose errors say what another try can mend.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use rebackoff::prelude::*;

static DOWNLOAD: Policy = policy!(expo(max_value = secs(30)), max_tries = 5, max_time = secs(300));

#[derive(Debug, thiserror::Error)]
enum DownloadError {
    #[error("the connection failed: {0}")]
    Connection(#[from] io::Error),
    #[error("the server is busy")]
    Busy(Option<Duration>),
    #[error("the server answered {0}")]
    Refused(u16),
}

fn download(server: SocketAddr, path: &str) -> Result<String, DownloadError> {
    DOWNLOAD
        .retry(|| get(server, path))
        .giveup(|error| matches!(error, DownloadError::Refused(_)))
        .hint(|error| if let DownloadError::Busy(wait) = error { *wait } else { None })
        .call()
}

fn get(server: SocketAddr, path: &str) -> Result<String, DownloadError> {
    let mut stream = TcpStream::connect_timeout(&server, secs(60))?;
    stream.set_read_timeout(Some(secs(60)))?; // of each try: `max_time` interrupts none
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::Error::other("broke off"))?;
    let wait = head.split_once("Retry-After: ").and_then(|(_, wait)| wait.parse().ok().map(secs));
    match head.split(' ').nth(1).and_then(|status| status.parse().ok()) {
        Some(200) => Ok(body.to_owned()),
        Some(429 | 500..) => Err(DownloadError::Busy(wait)),
        status => Err(DownloadError::Refused(status.unwrap_or_default())),
    }
}

fn main() -> io::Result<()> {
    let answers = ["", "503 -\r\nRetry-After: 7\r\n\r\n", "200 -\r\n\r\nthe file", "404 -\r\n\r\n"];
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?;
    std::thread::spawn(move || {
        for (answer, stream) in answers.iter().zip(listener.incoming().flatten()) {
            BufReader::new(&stream).lines().map_while(Result::ok).find(String::is_empty);
            let _ = write!(&stream, "HTTP/1.0 {answer}");
        }
    });
    let (_no_wait, start) = (rebackoff::testing::no_wait(), rebackoff::now()); // waits are skipped
    assert_eq!(download(server, "/file").ok().as_deref(), Some("the file")); // at the third try
    assert!(rebackoff::now() >= start + secs(7)); // as the server asked
    assert!(matches!(download(server, "/none"), Err(DownloadError::Refused(404)))); // at the first
    Ok(())
}
