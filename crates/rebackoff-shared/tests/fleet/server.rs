//! A redis-server of the test's own.

use std::hash::{BuildHasher, RandomState};
use std::process::{Child, Command, Stdio};

use redis::Connection;

pub(crate) struct Server {
    port: u16,
    child: Child,
}

impl Server {
    /// Starts a server on a free port; `None` without the program.
    pub(crate) fn start() -> Option<Self> {
        // Below the ports that a system gives to connections, and to servers that name none.
        let ports = (0_u32..).map(|n| 10_000 + (RandomState::new().hash_one(n) % 20_000) as u16);
        for port in ports {
            let Some(child) = spawn(port) else {
                eprintln!("redis-server was not found: apt-get install redis-server");
                return None;
            };
            let mut server = Self { port, child };
            if server.answers() {
                return Some(server);
            }
        }
        None
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
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
        assert!(self.answers());
    }

    /// Waits until this server answers; `false` where it ends because another one has the port.
    fn answers(&mut self) -> bool {
        let own = format!("process_id:{}", self.child.id());
        let client = redis::Client::open(self.url()).unwrap();
        let began = std::time::Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < std::time::Duration::from_secs(120), "redis-server answers");
            let info = client.get_connection().and_then(|mut connection| {
                redis::cmd("INFO").arg("server").query::<String>(&mut connection)
            });
            if info.is_ok_and(|info| info.lines().any(|line| line.trim_end() == own)) {
                return true;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        false
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
