//! A connection that stands for ever: the waits begin anew once the server has greeted.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;

use rebackoff::prelude::*;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

// No limit on tries. A connection that lasted a minute begins anew, too.
static STAY: Policy = policy!(expo(max_value = secs(30)), reset_after = secs(60));

async fn follow(server: SocketAddr, news: UnboundedSender<String>) -> io::Result<Infallible> {
    let mut tries = STAY.tries_async();
    loop {
        let Err(lost) = session(server, &news, || tries.reset()).await;
        let text = format!("connection {} is lost ({lost})", tries.total_tries());
        let backoff = tries.begin_backoff(lost)?;
        println!("{text}; the next one in {:?}", backoff.wait());
        backoff.sleep().await?;
    }
}

async fn session(
    server: SocketAddr,
    news: &UnboundedSender<String>,
    greeted: impl FnOnce(),
) -> io::Result<Infallible> {
    let mut lines = BufReader::new(TcpStream::connect(server).await?).lines();
    if lines.next_line().await?.as_deref() != Some("hello") {
        return Err(io::ErrorKind::InvalidData.into());
    }
    greeted();
    while let Some(line) = lines.next_line().await? {
        news.send(line).map_err(io::Error::other)?;
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

#[tokio::main(flavor = "current_thread", start_paused = true)] // virtual time
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (sender, mut news) = unbounded_channel();
    let follower = tokio::spawn(follow(listener.local_addr()?, sender));
    for answer in ["", "busy\n", "hello\none\n", "", "hello\ntwo\nthree\n"] {
        listener.accept().await?.0.write_all(answer.as_bytes()).await?;
    }
    for line in ["one", "two", "three"] {
        assert_eq!(news.recv().await.as_deref(), Some(line));
    }
    follower.abort(); // to drop the future is enough
    Ok(())
}
