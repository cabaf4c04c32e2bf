//! placeholder
mod server;
fn main() { let s = server::Server::start().unwrap(); println!("{}", s.url("/")); let _ = s.visits("/"); }
