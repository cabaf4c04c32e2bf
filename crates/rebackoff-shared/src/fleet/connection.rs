//! The address of the store, and connections to it.

use std::time::Duration;

use redis::{Client, Connection, RedisError, RedisResult};

use super::FleetError;

/// The longest time that a connection, and each answer, may take.
const PATIENCE: Duration = Duration::from_millis(250);

/// Checks the address; connects nowhere yet.
pub(super) fn client(url: &str) -> Result<Client, FleetError> {
    Client::open(url).map_err(|error| {
        let rule = "url must be the address of a Redis or Valkey, as redis://host:6379/0";
        FleetError::new("url", rule, format_args!("{:?} ({error})", without_secrets(url)))
    })
}

pub(super) fn connect(client: &Client) -> RedisResult<Connection> {
    let connection = client.get_connection_with_timeout(PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    Ok(connection)
}

/// The reason of a failure. The system's own words for a read that takes too long name no time.
pub(super) fn reason(error: &RedisError) -> String {
    if error.is_timeout() {
        format!("no answer within {} ms", PATIENCE.as_millis())
    } else {
        error.to_string()
    }
}

/// The address without user and password.
fn without_secrets(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}***{}", &url[..scheme + 3], &url[at..])
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_an_error_without_its_password() {
        for url in ["", "shop", "http://user:secret@host/", "redis://user:secret@host:notaport/"] {
            let error = client(url).unwrap_err();
            assert_eq!(error.parameter(), "url");
            let text = error.to_string();
            assert!(text.starts_with("url must be the address of a Redis or Valkey"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
        assert!(client("redis://user:secret@127.0.0.1:6379/3").is_ok());
    }
}
