//! A real HTTP/2 server on loopback, without TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use h2::Reason;

pub(crate) struct Http2Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
}

pub(crate) enum Reply {
    Status(u16),
    Redirect(u16, String),
    RefuseStream,
    /// The stream ends with another error.
    Reset,
    /// The connection is shut down gracefully; the server has not looked at the request.
    GoAwayUnseen,
    /// The connection is shut down gracefully after the request, and closes without an answer.
    GoAwaySeen,
}

impl Http2Server {
    /// Answers the n-th request, counted from zero, with `reply(n)`.
    pub(crate) fn start(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, reply) = (Arc::new(AtomicUsize::new(0)), Arc::new(reply));
        let count = Arc::clone(&requests);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                while let Ok((stream, _)) = listener.accept().await {
                    let (count, reply) = (Arc::clone(&count), Arc::clone(&reply));
                    tokio::spawn(async move {
                        let _ = serve(stream, &count, &*reply).await;
                    });
                }
            });
        });
        Self { address, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Relaxed)
    }
}

async fn serve(
    mut stream: tokio::net::TcpStream,
    count: &AtomicUsize,
    reply: &(dyn Fn(usize) -> Reply + Send + Sync),
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut connection = h2::server::handshake(&mut stream).await?;
    while let Some(request) = connection.accept().await {
        let (_, mut respond) = request?;
        let response = |status: u16| http::Response::builder().status(status);
        match reply(count.fetch_add(1, Relaxed)) {
            Reply::Status(status) => {
                respond.send_response(response(status).body(())?, true)?;
            }
            Reply::Redirect(status, to) => {
                respond.send_response(response(status).header("location", to).body(())?, true)?;
            }
            Reply::RefuseStream => respond.send_reset(Reason::REFUSED_STREAM),
            Reply::Reset => respond.send_reset(Reason::INTERNAL_ERROR),
            Reply::GoAwayUnseen => {
                drop((respond, connection));
                return go_away(stream, 0).await;
            }
            Reply::GoAwaySeen => {
                drop((respond, connection));
                return go_away(stream, 1).await;
            }
        }
    }
    Ok(())
}

/// Sends a GOAWAY frame without error, and closes the connection when the client does.
async fn go_away(
    mut stream: tokio::net::TcpStream,
    last_stream: u8,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let frame = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last_stream, 0, 0, 0, 0];
    stream.write_all(&frame).await?;
    stream.shutdown().await?;
    while stream.read(&mut [0; 512]).await? > 0 {}
    Ok(())
}
