//! The description that an adapter gives of its library.

/// The rows that are counted in instructions, and those that threads share.
pub mod row {
    pub const BLOCKING_SUCCESS: &str = "blocking_success";
    pub const BLOCKING_RETRY: &str = "blocking_retry";
    pub const ASYNC_SUCCESS: &str = "async_success";
    pub const ASYNC_RETRY: &str = "async_retry";
    pub const ASYNC_RETRY_TIMER: &str = "async_retry_timer";
    pub const NEXT_WAIT: &str = "next_wait";
    pub const ZERO_WAIT: &str = "zero_wait";

    /// A token bucket that time fills.
    pub const BUCKET: &str = "bucket_permitted";
    pub const BUCKET_REFUSED: &str = "bucket_refused";
    pub const BUCKET_AFTER_SECOND: &str = "bucket_after_second";
    pub const BUCKET_AFTER_MONTH: &str = "bucket_after_month";
    /// A share of the calls.
    pub const SHARE: &str = "share_permitted";
    pub const SHARE_REFUSED: &str = "share_refused";
    pub const SHARE_DEPOSIT: &str = "share_deposit";
    pub const SHARE_AFTER_SECOND: &str = "share_after_second";
    pub const SHARE_AFTER_MONTH: &str = "share_after_month";
    pub const QUOTA: &str = "quota_permitted";
    pub const QUOTA_REFUSED: &str = "quota_refused";
    pub const THROTTLE: &str = "throttle_permitted";
    pub const THROTTLE_REFUSED: &str = "throttle_refused";

    /// A closed breaker that counts failures in a row.
    pub const BREAKER: &str = "breaker_success";
    /// One that the processes of the host share.
    pub const BREAKER_ON_HOST: &str = "breaker_on_host_success";
    /// A closed breaker that watches a rate.
    pub const BREAKER_RATE: &str = "breaker_rate_success";
    pub const BREAKER_REJECTED: &str = "breaker_rejected";

    /// A success with a limit on time.
    pub const MAX_TIME: &str = "max_time_success";
    pub const MAX_TIME_ASYNC: &str = "max_time_async_success";
    /// A success with one handler, which is not called.
    pub const ON_BACKOFF: &str = "on_backoff_success";
    pub const ON_BACKOFF_ASYNC: &str = "on_backoff_async_success";
    pub const ON_GIVEUP: &str = "on_giveup_success";
    pub const ON_GIVEUP_ASYNC: &str = "on_giveup_async_success";
    /// A retry with a handler that does not ask for the time.
    pub const ON_BACKOFF_RETRY: &str = "on_backoff_retry";
    /// A success in a call with a closed breaker, and a call that an open one rejects.
    pub const BREAKER_CALL: &str = "breaker_call_success";
    pub const BREAKER_CALL_REJECTED: &str = "breaker_call_rejected";
    /// So many calls with a limit on time inside each other.
    pub const NESTED: [&str; 7] =
        ["nested_0", "nested_1", "nested_2", "nested_3", "nested_4", "nested_5", "nested_6"];
    /// A success and a retry of a function with the attribute.
    pub const ATTRIBUTE: &str = "attribute_success";
    pub const ATTRIBUTE_RETRY: &str = "attribute_retry";
    /// A retry of an async loop of the caller's.
    pub const ASYNC_LOOP_RETRY: &str = "async_loop_retry";
    /// An async success within a timeout of the try.
    pub const TIMEOUT: &str = "timeout_success";
    /// A wait that is worked out without jitter.
    pub const NEXT_WAIT_BARE: &str = "next_wait_without_jitter";

    /// The guard of one of 1 000 keys, of 100 000 keys, and of 1 000 keys on two threads.
    pub const KEYED: &str = "keyed_1000";
    pub const KEYED_MANY: &str = "keyed_100000";
    pub const KEYED_TWO_THREADS: &str = "keyed_two_threads";
    /// A token bucket with the standard library's clock, and with a clock that reads the processor's counter.
    pub const BUCKET_TIME: &str = "bucket_time";
    pub const BUCKET_FAST_CLOCK: &str = "bucket_fast_clock";
    /// An async success of `io::Result<String>`, and of `Result<u64, Box<dyn Error>>`.
    pub const IO_STRING: &str = "io_string_async_success";
    pub const BOXED_ERROR: &str = "boxed_error_async_success";
}

/// Does the work of a row so many times.
pub type Run = fn(u64);

/// Measures a call on a value that threads share, and which is made first.
pub type Shared = Box<dyn Fn(u64) + Send + Sync>;

/// A row by its name, and what does or makes it.
pub type Named<T> = (&'static str, T);

/// A library, or what stands in its place.
#[derive(Clone, Copy)]
pub struct Peer {
    pub name: &'static str,
    /// Rows that begin anew each time.
    pub rows: &'static [Named<Run>],
    /// Rows of calls with options, which are timed as well as counted.
    pub options: &'static [Named<Run>],
    /// Rows of attributes, loops and timeouts, which are timed as well as counted.
    pub layers: &'static [Named<Run>],
    /// Rows whose state many threads share.
    pub shared: &'static [Named<fn() -> Shared>],
    /// Rows that are timed alone: what they work on is made once.
    pub timed: &'static [Named<fn() -> Shared>],
    /// The bytes of a call's future, on tokio.
    pub future_bytes: Option<fn() -> usize>,
    /// The bytes of the future of an async loop of the caller's own, on tokio.
    pub loop_bytes: Option<fn() -> usize>,
    /// 100 000 tasks at once, each of which fails three times.
    pub crowd: Option<fn()>,
    /// A call of [`clock::target`](crate::clock::target), with the limits that are there, which waits for real.
    pub clocked: Option<fn()>,
    /// The behaviour where numbers end.
    pub edges: &'static [Named<fn() -> String>],
}

impl Peer {
    pub const fn named(name: &'static str) -> Self {
        Self {
            name,
            rows: &[],
            options: &[],
            layers: &[],
            shared: &[],
            timed: &[],
            future_bytes: None,
            loop_bytes: None,
            crowd: None,
            clocked: None,
            edges: &[],
        }
    }

    /// The rows that begin anew each time and are timed as well.
    pub fn fresh(&self) -> impl Iterator<Item = &'static Named<Run>> {
        self.options.iter().chain(self.layers)
    }

    /// Does the work of the row `name` `n` times, if the library can.
    pub fn run(&self, name: &str, n: u64) -> Option<()> {
        if let Some((_, run)) = self.rows.iter().chain(self.fresh()).find(|(row, _)| *row == name) {
            run(n);
            return Some(());
        }
        self.shared(name).map(|work| work(n))
    }

    /// Returns the value that threads share in the row `name`.
    pub fn shared(&self, name: &str) -> Option<Shared> {
        self.shared.iter().find(|(row, _)| *row == name).map(|(_, make)| make())
    }
}
