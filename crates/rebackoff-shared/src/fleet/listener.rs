//! The thread that receives what the store publishes.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, sleep};
use std::time::Duration;

use redis::{Client, RedisResult};

use super::connection::{PATIENCE, connect};
use super::link::{Event, Link};
use super::status::Status;
use super::store::parse;

/// The time between two looks for new breakers and for the end.
const LOOK: Duration = Duration::from_millis(250);

pub(super) fn start(client: Client, status: Arc<Status>, link: Arc<Link>) -> io::Result<()> {
    let run = move || {
        while !link.is_over() {
            // The polls of the members go on without what is published.
            if status.connections() > 0 && !status.channels().is_empty() {
                let _ = listen(&client, &status, &link);
            }
            sleep(LOOK);
        }
    };
    Builder::new().name("rebackoff-fleet-listener".into()).spawn(run).map(drop)
}

/// Listens until the connection fails, or the other thread has a new one.
fn listen(client: &Client, status: &Status, link: &Link) -> RedisResult<()> {
    let of = status.connections();
    let mut connection = connect(client, PATIENCE)?;
    let mut subscription = connection.as_pubsub();
    subscription.set_read_timeout(Some(LOOK))?;
    let mut subscribed = Arc::default();
    while !link.is_over() && status.connections() == of {
        let channels = status.channels();
        if !Arc::ptr_eq(&channels, &subscribed) {
            channels.iter().try_for_each(|channel| subscription.subscribe(channel))?;
            subscribed = channels;
        }
        match subscription.get_message() {
            Ok(message) => {
                let state = message.get_payload::<String>().ok().and_then(|text| parse(&text));
                if let Some(state) = state {
                    link.send(Event::Message(message.get_channel_name().to_owned(), state));
                }
            }
            Err(error) if error.is_timeout() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
