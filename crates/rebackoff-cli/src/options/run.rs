use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::PolicyOptions;
use crate::CliError;

pub(crate) const ABOUT: &str = "Run a command, and run it again when it fails";

/// Each line that begins with `$` is run by the tests, as it stands.
pub(crate) const EXAMPLES: &str = "\
Examples:
  A download that may fail, for two minutes at most, ten seconds for each try:
      $ rebackoff run --max-time 2m --timeout 10s -- curl -fsS https://example.org/
  Only where another try helps (here: when the network is down), and never when killed for memory:
      $ rebackoff run --on 6,7,28,52-56 --stop-on SIGKILL -- curl -fsS https://example.org/
  Take the wait from what the command says:
      $ rebackoff run --retry-after-regex 'retry after (\\d+)' -- ./deploy
  Wait longer after throttling than after other failures:
      $ rebackoff run --profile aws --throttled-if-stderr 'Throttling|SlowDown' -- ./deploy
  Only the successful try's output goes down the pipe:
      $ rebackoff run --once -- ./export | gzip > export.gz
  Wait until the output says so, for a minute at most:
      $ rebackoff run --until-stdout ready --deadline 1m -- ./status
  Run a test until it fails, a hundred times at most:
      $ rebackoff run --until-fail --max-tries 100 --wait constant --interval 0 -- ./flaky-test
  Many jobs that call one service, and leave it alone while it is down:
      $ rebackoff run --breaker shop,open_for=1m --budget shop -- curl -fsS https://example.org/
  Jobs of many hosts, which share the breaker through a Redis:
      $ rebackoff run --fleet redis://127.0.0.1 --breaker shop -- curl -fsS https://example.org/
  From cron, each minute: a failure waits longer each time before the command is run again:
      $ rebackoff run --quiet --state backup.state --max-value 1h --max-tries none -- ./backup

Exit status:
  the command's own; 128+n when signal n ended it; 124 when --timeout or --deadline did; 75 when the breaker rejects the \
first try; 125 for wrong usage or a failure of rebackoff's own; 126 when the command cannot be executed, 127 when it or its interpreter does not exist. \
--max-time leaves the code of the last try. A call that gives up although the last try's code was 0 (--consecutive, \
--retry-if-stdout, --until-stdout) exits with 1.

Environment:
  The command sees REBACKOFF_TRY, REBACKOFF_MAX_TRIES, REBACKOFF_LAST_EXIT, REBACKOFF_ELAPSED_MS, REBACKOFF_REMAINING_MS; \
those that have no value are not set. REBACKOFF_CALL marks the processes of a call.
  REBACKOFF_PROFILE is the profile unless --profile is given, and REBACKOFF_<PROFILE>_<PARAMETER> are its parameters. \
REBACKOFF_SHARED_DIR is the folder of guards, and REBACKOFF_FLEET the address of the fleet unless --fleet is given: others see the \
passwords of a command line.

Files:
  rebackoff.toml in the working directory, then rebackoff/rebackoff.toml in XDG_CONFIG_HOME (~/.config), for \
--profile. FILE and FILE.lock, for --state. /dev/shm/rebackoff-UID (/tmp/rebackoff-UID without /dev/shm), for --breaker and \
--budget.

Signals:
  TERM, INT, HUP, QUIT and ALRM are forwarded to the try and end the call; what has not ended after --grace is killed, \
and at once when the signal comes again. Ctrl-C at a terminal reaches the command itself, and no other try follows. \
USR1, USR2, WINCH, CONT and TSTP are forwarded. In a wait, a signal that would end the command ends the call at once, \
and USR1 or USR2 ends the wait and begins the next try.";

/// Run a command, and run it again when it fails
///
/// Tries are separated by waits that grow and are spread by chance. The command's stdin, stdout and stderr are
/// rebackoff's own unless an option needs to see them.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) policy: PolicyOptions,

    /// Retry these codes and signals only, for example `1,2,100-110,SIGSEGV` [default: all but 0, 126, 127]
    ///
    /// With --on, --retry-if-stdout or --retry-if-stderr, a failure that none of them names gives up. A signal's name
    /// means a command that was ended by it; 124 includes the time limit.
    #[arg(long, value_name = "CODES", help_heading = "Conditions")]
    pub(crate) on: Option<String>,
    /// Give up at once on these codes and signals
    #[arg(long, value_name = "CODES", help_heading = "Conditions")]
    pub(crate) stop_on: Option<String>,
    /// Codes and signals of a server that throttles: waits begin with --throttled-factor
    ///
    /// They are retried where they would be without this option, at the price `throttled_cost` of a --budget. The waits
    /// of the AWS SDKs begin at 1s after throttling and at 50ms otherwise, and a retry costs 5 and 14:
    /// `--profile aws --budget NAME,kind=aws`.
    #[arg(long, value_name = "CODES", help_heading = "Conditions")]
    pub(crate) throttled: Option<String>,
    /// A server that throttles, as stdout says: waits begin with --throttled-factor
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) throttled_if_stdout: Option<String>,
    /// A server that throttles, as stderr says: waits begin with --throttled-factor
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) throttled_if_stderr: Option<String>,
    /// Retry when stdout matches, whatever the exit code
    ///
    /// `^` and `$` match at lines, `\A` and `\z` at the ends of the output. A match may be up to 8 KiB long. `.`
    /// matches a character of UTF-8, and `(?-u:.)` any byte.
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) retry_if_stdout: Option<String>,
    /// Retry when stderr matches, whatever the exit code
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) retry_if_stderr: Option<String>,
    /// Take the wait from stdout or stderr: a duration, a number of seconds or an HTTP date
    ///
    /// The first group of the last match, or all of it, is a floor under the wait, as `Retry-After` is.
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) retry_after_regex: Option<String>,
    /// Succeed when stdout matches, and only then
    ///
    /// The exit code of the command does not count then, and that of rebackoff is 0. Both may be given: one match is
    /// enough.
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) until_stdout: Option<String>,
    /// Succeed when stderr matches, and only then
    #[arg(long, value_name = "REGEX", help_heading = "Conditions")]
    pub(crate) until_stderr: Option<String>,
    /// Succeed when stdout or stderr contains this text, and only then
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub(crate) contains: Option<String>,
    /// Run until the command fails; the exit code is 0 if it never did
    #[arg(long, help_heading = "Conditions")]
    pub(crate) until_fail: bool,
    /// Run until the command has succeeded so many times in a row
    #[arg(long, value_name = "COUNT", help_heading = "Conditions", default_value_t = 1, hide_default_value = true,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) consecutive: u64,

    /// Ask this circuit breaker before each try: all runs on this host that give the name share it
    ///
    /// It opens after `consecutive` (5) failed tries in a row, and rejects tries for `open_for` (30s). Then a probe closes
    /// it, or opens it again. A rejected first try exits with 75. Parameters follow the name:
    /// `shop,failure_rate=0.5,open_for=1m`. Other parameters are another breaker.
    #[arg(long, value_name = "NAME", help_heading = "Guards")]
    pub(crate) breaker: Option<String>,
    /// Pay for retries from this budget: all runs on this host that give the name share it
    ///
    /// Its `kind` is share (`ratio`, `floor`, `ttl`), per_second, quota, aws or throttle. The default is a share: 0.2 retries
    /// for each run of the last 10 s, and 10 a second. A call whose retry is refused exits with the code of its last try.
    /// Parameters follow the name: `shop,kind=per_second,rate=2`.
    #[arg(long, value_name = "NAME", help_heading = "Guards")]
    pub(crate) budget: Option<String>,
    /// Share the guards through this Redis or Valkey with the runs and programs of a fleet
    ///
    /// An address is `redis://user:password@host:6379/0`. A budget is a share or per_second, and a breaker has one probe. A run is a
    /// member of the fleet while it lasts: it votes to open when its own tries have opened the breaker, so `consecutive` is at
    /// most --max-tries. A run whose Redis does not answer goes on with guards of its own. Parameters follow the address:
    /// `members`, the number of simultaneous runs that divide a budget (10), and `wait`, the longest wait for the first answer (25ms).
    #[arg(long, value_name = "URL", help_heading = "Guards")]
    pub(crate) fleet: Option<String>,

    /// Stop retrying after this long, and end a running try, too
    #[arg(long, value_name = "DURATION", help_heading = "Processes")]
    pub(crate) deadline: Option<String>,
    /// Time between the signal that asks a try to end and KILL [default: 5s]
    #[arg(long, value_name = "DURATION", help_heading = "Processes")]
    pub(crate) grace: Option<String>,
    /// End a try with this signal [default: TERM]
    #[arg(long, value_name = "SIGNAL", help_heading = "Processes")]
    pub(crate) signal: Option<String>,
    /// Run this shell command in each wait
    ///
    /// It sees the environment of the next try. Its stdin is empty, and its stdout is rebackoff's stderr. Its limit is
    /// --timeout, else the wait, but at least 1s. Processes that it leaves in the background go on.
    #[arg(long, value_name = "COMMAND", help_heading = "Processes")]
    pub(crate) on_retry: Option<OsString>,
    /// Run this shell command after success
    #[arg(long, value_name = "COMMAND", help_heading = "Processes")]
    pub(crate) on_success: Option<OsString>,
    /// Run this shell command after giving up; REBACKOFF_REASON is the reason
    #[arg(long, value_name = "COMMAND", help_heading = "Processes")]
    pub(crate) on_giveup: Option<OsString>,
    /// Keep tries and waits in this file between runs: each run tries once, if the wait is over
    ///
    /// A run that comes too early exits with the last try's code, or with 1 where that was 0. Success and giving up remove the file; the next run
    /// begins afresh. Written atomically, locked by FILE.lock.
    #[arg(long, value_name = "FILE", help_heading = "Processes")]
    pub(crate) state: Option<PathBuf>,

    /// Exit with the command's own code, although a time limit ended it
    #[arg(long, help_heading = "Exit code")]
    pub(crate) preserve_status: bool,
    /// Exit with this code when a time limit ended a try or the call
    ///
    /// Without it, a limit on a try exits with 124, and --max-time with the code of the last try.
    #[arg(long, value_name = "CODE", help_heading = "Exit code")]
    pub(crate) timeout_code: Option<u8>,
    /// Exit with this code when another run has the --state file
    #[arg(long, value_name = "CODE", help_heading = "Exit code", default_value_t = CliError::CODE)]
    pub(crate) conflict_code: u8,

    /// Hold stdout back until a try succeeds: in memory to 1 MiB, then in an unlinked file
    ///
    /// See --failed-output for the output of failed tries.
    #[arg(long, help_heading = "Output")]
    pub(crate) once: bool,
    /// Pass on stdout of failed tries like this; implies --once
    #[arg(long, value_name = "WHERE", help_heading = "Output")]
    pub(crate) failed_output: Option<FailedOutput>,
    /// Give each try the same stdin: kept in memory to 1 MiB, then in an unlinked file
    #[arg(long, help_heading = "Output")]
    pub(crate) replay_stdin: bool,
    /// Print only errors
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Also print when each try begins
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// Log one event on each line, in this format
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub(crate) log: Option<LogFormat>,
    /// The file descriptor to log to; 2, stderr, takes the place of messages
    #[arg(long, value_name = "N", help_heading = "Output", default_value_t = 2, requires = "log")]
    pub(crate) log_fd: u32,

    /// The command and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        value_name = "COMMAND",
        allow_hyphen_values = false
    )]
    pub(crate) command: Vec<OsString>,
}

/// The place of the output of failed tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailedOutput {
    /// To stderr, after each try
    Stderr,
    /// To stdout, of the last try, if all fail
    Last,
}

/// The format of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// An object for each event.
    Json,
}
