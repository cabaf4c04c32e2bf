//! A way to a server that can be cut: connections stay open, and no byte passes.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{sleep, spawn};
use std::time::Duration;

use super::Server;

pub(crate) struct Proxy {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Proxy {
    pub(crate) fn start(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, is_cut) = (listener.local_addr().unwrap().port(), Arc::default());
        let (of_server, cut) = (server.port(), Arc::clone(&is_cut));
        spawn(move || {
            for member in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect(("127.0.0.1", of_server)) else { continue };
                for (from, to) in [(&member, &server), (&server, &member)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let cut = Arc::clone(&cut);
                    spawn(move || pass(from, to, &cut));
                }
            }
        });
        Self { port, is_cut }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(crate) fn cut(&self) {
        self.is_cut.store(true, SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.is_cut.store(false, SeqCst);
    }
}

/// Passes bytes until one of both ends; those that come while the way is cut pass later.
fn pass(mut from: TcpStream, mut to: TcpStream, is_cut: &AtomicBool) {
    let mut bytes = [0; 4096];
    loop {
        let count = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        while is_cut.load(SeqCst) {
            sleep(Duration::from_millis(2));
        }
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}
