//! The address of the store, and connections to it.

use std::time::Duration;

use redis::{Client, Connection, ErrorKind, RedisError, RedisResult};

use super::FleetError;

/// The longest time that a member's connection, and each answer, may take.
pub(super) const PATIENCE: Duration = Duration::from_millis(250);

/// Checks the address; connects nowhere yet.
pub(super) fn client(url: &str) -> Result<Client, FleetError> {
    Client::open(url).map_err(|error| {
        let is_tls = error.to_string().contains("TLS");
        let rule = if is_tls {
            "url must begin with redis://, as this program is built without TLS; a tunnel adds it"
        } else {
            "url must be the address of a Redis or Valkey, as redis://host:6379/0"
        };
        FleetError::new("url", rule, format_args!("{:?} ({error})", without_secrets(url)))
    })
}

pub(super) fn connect(client: &Client, patience: Duration) -> RedisResult<Connection> {
    let connection = client.get_connection_with_timeout(patience)?;
    connection.set_read_timeout(Some(patience))?;
    connection.set_write_timeout(Some(patience))?;
    Ok(connection)
}

/// The reason of a failure. The system's own words for a read that takes too long name no time, and those for an
/// answer of another server, such as one of HTTP, are the letters of a parser on several lines.
pub(super) fn reason(error: &RedisError, patience: Duration) -> String {
    if error.is_timeout() {
        format!("no answer within {} ms", patience.as_millis())
    } else if error.kind() == ErrorKind::Parse {
        "the answer is not one of a Redis or Valkey".to_owned()
    } else {
        error.to_string()
    }
}

/// The address without user and password, which may be in front of the host or behind a question mark. A wrong
/// address may lack its scheme.
pub(super) fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + "://".len()));
    let (secret, place) = rest.split_at(rest.rfind('@').unwrap_or(0));
    if secret.contains('?') {
        return format!("{scheme}***");
    }
    let hidden = if secret.is_empty() { "" } else { "***" };
    match place.split_once('?') {
        Some((place, _)) => format!("{scheme}{hidden}{place}?***"),
        None => format!("{scheme}{hidden}{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_an_error_without_its_password() {
        for url in [
            "",
            "shop",
            "http://user:secret@host/",
            "redis://user:secret@host:notaport/",
            "user:secret@host:6379",
            "redis:/user:secret@host",
            "redis://:sec?ret:secret@host",
            "redis:///?pass=secret",
            "redis:///?pass=@secret",
        ] {
            let error = client(url).unwrap_err();
            assert_eq!(error.parameter(), "url");
            let text = error.to_string();
            assert!(text.starts_with("url must be the address of a Redis or Valkey"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
        assert!(client("redis://user:secret@127.0.0.1:6379/3").is_ok());
    }

    #[test]
    fn an_answer_of_another_server_is_named_in_one_line() {
        let error = redis::parse_redis_value(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap_err();
        let said = reason(&error, PATIENCE);
        assert_eq!(said, "the answer is not one of a Redis or Valkey");
    }

    #[test]
    fn an_address_with_tls_says_that_there_is_none_and_what_adds_it() {
        let error = client("rediss://user:secret@host:6380").unwrap_err().to_string();
        let rule = "url must begin with redis://, as this program is built without TLS; a tunnel";
        assert!(error.starts_with(rule) && error.contains("rediss://***@host:6380"), "{error}");
    }
}
