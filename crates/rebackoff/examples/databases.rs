//! A database transaction on a `&mut` connection: retried as a whole, by a loop of the caller's own.

use rebackoff::prelude::*;

static TRANSFER: Policy = policy!(expo(max_value = secs(5)), max_tries = 6, max_time = secs(30));
static AT_ONCE: Policy = policy!(constant(interval = millis(10)), max_tries = 4);

#[derive(Debug, PartialEq)]
enum DbError {
    Serialization,
    Disconnected,
    TooLittle,
}

/// Repeats the transaction, not the statement: after an error the database has rolled all of it back.
async fn transfer(db: &mut Database, amount: u32) -> Result<(), DbError> {
    let mut tries = TRANSFER.tries_async();
    loop {
        let result = db.transaction(|[from, to]| {
            *from = from.checked_sub(amount).ok_or(DbError::TooLittle)?;
            *to += amount;
            Ok(())
        });
        match result.await {
            Err(error @ DbError::Serialization) => tries.backoff_by(&AT_ONCE, error).await?,
            Err(error @ DbError::Disconnected) => tries.backoff(error).await?,
            done => return done,
        }
    }
}

/// A scripted database, whose next commits fail.
struct Database {
    accounts: [u32; 2],
    failures: Vec<DbError>,
}

impl Database {
    async fn transaction(
        &mut self,
        statements: impl FnOnce(&mut [u32; 2]) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let mut accounts = self.accounts;
        statements(&mut accounts)?;
        tokio::task::yield_now().await; // a server would commit here
        self.failures.pop().map_or(Ok(()), Err)?;
        self.accounts = accounts;
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread", start_paused = true)] // virtual time
async fn main() {
    let failures = vec![DbError::Disconnected, DbError::Serialization, DbError::Serialization];
    let mut db = Database { accounts: [100, 0], failures };
    assert_eq!(transfer(&mut db, 30).await, Ok(())); // the fourth try
    assert_eq!(db.accounts, [70, 30]);
    assert_eq!(transfer(&mut db, 71).await, Err(DbError::TooLittle)); // the first
}
