//! Real proxies before the application, which close connections as they like.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command};

use rebackoff::http::{RetryMiddleware, observed_redirects};
use rebackoff::prelude::*;
use reqwest::{ClientBuilder, redirect};
use reqwest_middleware::ClientWithMiddleware;
use tempfile::TempDir;

use super::server::{Server, reply};

/// Without a limit on tries: a request may meet the end of many connections.
static PERSISTENT: Policy = policy!(constant(interval = millis(1)), max_time = secs(300));

/// nginx closes each connection after ten requests.
const NGINX: &str = "daemon off; master_process off; pid pid; error_log stderr crit;
    events {}
    http {
        access_log off; keepalive_requests 10;
        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi; scgi_temp_path scgi;
        server { listen LISTEN; location / { proxy_pass http://APPLICATION; } }
    }";

/// haproxy closes each connection that is idle for a millisecond.
const HAPROXY: &str = "defaults
    mode http
    timeout connect 5m
    timeout client 5m
    timeout server 5m
    timeout http-keep-alive 1ms
frontend proxy
    bind LISTEN
    default_backend application
backend application
    server application APPLICATION
";

struct Proxy {
    process: Child,
    folder: TempDir,
}

impl Proxy {
    /// A proxy before `application`, which listens on a socket in its folder; `None` where it is not installed.
    fn start(program: &str, version: &str, application: SocketAddr) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let socket = folder.path().join(SOCKET);
        let (config, prefix) =
            if program == "nginx" { (NGINX, "unix:") } else { (HAPROXY, "unix@") };
        let listen = format!("{prefix}{} {version}", socket.display());
        let config = config.replace("LISTEN", &listen);
        let config = config.replace("APPLICATION", &application.to_string());
        std::fs::write(folder.path().join("config"), config).unwrap();
        let mut command = Command::new(program);
        match program {
            "nginx" => command.args(["-e", "stderr", "-p", ".", "-c", "config"]),
            _ => command.args(["-db", "-f", "config"]),
        };
        // Debian installs them where only root looks for programs.
        command.env("PATH", "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin");
        let Ok(process) = command.current_dir(&folder).spawn() else {
            eprintln!("{program} was not found: apt-get install {program}");
            return None;
        };
        Some(Self { process, folder })
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const SOCKET: &str = "socket";
const POSTS: usize = 200;

/// Sends so many POSTs, twenty at a time, and returns the number that succeeded. No POST may reach the application
/// twice, and each that succeeds has reached it.
async fn succeeded(program: &str, version: &str, client: ClientBuilder) -> Option<usize> {
    let application = Server::start(|_| reply(200));
    let proxy = Proxy::start(program, version, application.address())?;
    let client = client.unix_socket(proxy.folder.path().join(SOCKET));
    let client = client.redirect(observed_redirects(redirect::Policy::default()));
    let client = client.timeout(secs(120)).retry(reqwest::retry::never());
    let client = super::with(client, RetryMiddleware::new(PERSISTENT).redirects_observed());
    let tasks: Vec<_> = (0..20)
        .map(|first| {
            let numbers = (first..POSTS).step_by(20);
            tokio::spawn(post(client.clone(), numbers))
        })
        .collect();
    let mut succeeded = Vec::new();
    for task in tasks {
        succeeded.extend(task.await.unwrap());
    }
    let mut arrived = BTreeMap::new();
    for request in application.requests() {
        *arrived.entry(request.body).or_insert(0) += 1;
    }
    assert!(arrived.values().all(|times| *times == 1), "{arrived:?}");
    assert!(succeeded.iter().all(|body| arrived.contains_key(body)), "{succeeded:?}");
    Some(succeeded.len())
}

/// The bodies of the POSTs that succeeded.
async fn post(client: ClientWithMiddleware, numbers: impl Iterator<Item = usize>) -> Vec<String> {
    let mut succeeded = Vec::new();
    for number in numbers {
        let body = number.to_string();
        match client.post("http://proxy/").body(body.clone()).send().await {
            Ok(response) if response.status() == 200 => succeeded.push(body),
            Ok(response) => panic!("{body}: {response:?}"),
            Err(error) => eprintln!("{body}: {error}"),
        }
    }
    succeeded
}

#[tokio::test]
async fn posts_succeed_where_nginx_closes_connections_after_ten_requests() {
    for (version, client) in
        [("", super::client()), ("http2", super::client().http2_prior_knowledge())]
    {
        let succeeded = succeeded("nginx", version, client).await;
        assert_eq!(succeeded.unwrap_or(POSTS), POSTS, "{version}");
    }
}

#[tokio::test]
async fn no_post_is_repeated_where_haproxy_closes_idle_connections() {
    for (version, client) in
        [("", super::client()), ("proto h2", super::client().http2_prior_knowledge())]
    {
        let succeeded = succeeded("haproxy", version, client).await;
        assert!(succeeded.unwrap_or(POSTS) > 0, "{version}");
    }
}
