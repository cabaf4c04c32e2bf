//! tokio's own timeout.

use tokio::time::timeout;

use crate::work::{LIMIT, on_tokio, succeed};
use crate::{Peer, row};

pub const PEER: Peer = Peer {
    options: &[(row::TIMEOUT, |n| on_tokio(n, |i| timeout(LIMIT, async move { succeed(i) })))],
    ..Peer::named("tokio")
};
