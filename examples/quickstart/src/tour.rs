//! Makes the calls, one after the other, and records the result of each.

use std::time::Instant;

use crate::client::Page;
use crate::narrator;
use crate::server::Server;
use crate::table::{self, Row};

/// The calls made so far.
pub(crate) struct Tour<'a> {
    server: &'a Server,
    rows: Vec<Row>,
    started: Instant,
}

impl<'a> Tour<'a> {
    pub(crate) fn of(server: &'a Server) -> Self {
        Self { server, rows: Vec::new(), started: Instant::now() }
    }

    /// Makes a call to the server's page at `path`.
    pub(crate) fn call(
        &mut self,
        name: &'static str,
        path: &str,
        make_call: impl FnOnce(&str) -> Page,
    ) -> &mut Row {
        narrator::announce(name);
        let target = format!("{path}?call={}", self.rows.len());
        let started = Instant::now();
        let page = make_call(&self.server.url(&target));
        narrator::conclude(&page);
        self.rows.push(Row {
            call: name,
            tries: self.server.visits(&target),
            elapsed: started.elapsed(),
            result: narrator::brief(&page),
            reason: narrator::last_reason(),
            as_expected: false,
        });
        let newest = self.rows.len() - 1;
        &mut self.rows[newest]
    }

    /// Prints the table and says whether every call came to what was expected of it.
    pub(crate) fn finish(self) -> bool {
        println!("\n{}\nin {:.1?}", table::of(&self.rows), self.started.elapsed());
        self.rows.iter().all(|row| row.as_expected)
    }
}

#[cfg(test)]
mod tests {
    use rebackoff::Reason;

    use super::*;

    fn tour_of_one(expect: impl FnOnce(&mut Row)) -> bool {
        let server = Server::start().unwrap();
        let mut tour = Tour::of(&server);
        expect(tour.call("a call", "/burst", |url| {
            assert!(reqwest::blocking::get(url).is_ok());
            Ok("hello".to_owned())
        }));
        tour.finish()
    }

    #[test]
    fn a_call_with_the_expected_result_and_tries_passes() {
        assert!(tour_of_one(|row| row.brings("hello", 1)));
    }

    #[test]
    fn another_result_number_of_tries_or_reason_fails_the_tour() {
        assert!(!tour_of_one(|row| row.brings("good bye", 1)));
        assert!(!tour_of_one(|row| row.brings("hello", 2)));
        assert!(!tour_of_one(|row| row.gives_up(Reason::MaxTries, "hello", &(1..=1))));
    }

    #[test]
    fn a_call_of_which_nothing_was_expected_fails_the_tour() {
        assert!(!tour_of_one(|_| ()));
    }
}
