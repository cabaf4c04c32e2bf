//! A redis-server of the test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use redis::Connection;

pub(crate) struct Server {
    port: u16,
    child: Child,
}

impl Server {
    /// Starts a server on a free port; `None` without the program.
    pub(crate) fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let Some(child) = spawn(port) else {
            eprintln!("redis-server was not found: apt-get install redis-server");
            return None;
        };
        let server = Self { port, child };
        server.wait();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    pub(crate) fn connection(&self) -> Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Runs a command, for example `["CONFIG", "SET", …]`.
    pub(crate) fn run<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut cmd = redis::cmd(command[0]);
        cmd.arg(&command[1..]).query(&mut self.connection()).unwrap()
    }

    /// Sends a signal to the server, by name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts a killed server again, without its data.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(self.port).unwrap();
        self.wait();
    }

    fn wait(&self) {
        super::wait_until("redis-server answers", || {
            let client = redis::Client::open(self.url()).unwrap();
            client.get_connection().is_ok_and(|mut connection| {
                redis::cmd("PING").query::<String>(&mut connection).is_ok()
            })
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(port: u16) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
    command.args(["--appendonly", "no"]).stdout(Stdio::null()).spawn().ok()
}
