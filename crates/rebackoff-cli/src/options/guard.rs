use clap::{Args, ValueEnum};

pub(crate) const ABOUT: &str =
    "Show and change the guards that processes of this host or of a fleet share";

pub(crate) const EXAMPLES: &str = "\
Examples:
  The breakers and budgets of this host, with their states:
      $ rebackoff guard list
  Reject the calls of a service that is about to be down, and admit them again:
      $ rebackoff guard open shop
      $ rebackoff guard reset shop

Exit status:
  0; 125 for wrong usage, an unknown name, a file or key that is no guard, or a Redis that does not answer.

Environment:
  REBACKOFF_SHARED_DIR, the folder of guards.
  REBACKOFF_FLEET, the address of the fleet unless --fleet is given: others see the arguments of a command, and a password in it.

Files:
  /dev/shm/rebackoff-UID, or /tmp/rebackoff-UID on a host without /dev/shm.";

/// Show and change the guards that processes of this host or of a fleet share
///
/// These are the breakers and budgets of `rebackoff run --breaker --budget`, and of Rust and Python programs. A name can have
/// several guards: a breaker, a budget, and those with other parameters. Each action is for all of them.
#[derive(Args, Debug)]
pub(crate) struct GuardOptions {
    /// The action
    pub(crate) action: GuardAction,
    /// The name of the guards, for each action but list
    #[arg(required_if_eq_any = [("action", "show"), ("action", "reset"), ("action", "open")])]
    pub(crate) name: Option<String>,
    /// Act on the guards in this Redis or Valkey, for all members of the fleet
    ///
    /// An address is `redis://user:password@host:6379/0`. A breaker that no member has used for an hour is not shown.
    #[arg(long, value_name = "URL")]
    pub(crate) fleet: Option<String>,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GuardFormat,
}

/// An operator's action on guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuardAction {
    /// Show all guards, a line for each
    List,
    /// Show the guards of a name
    Show,
    /// Close the breakers of a name
    Reset,
    /// Open the breakers of a name, for their `open_for`
    Open,
}

/// Output format of guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GuardFormat {
    /// Lines for a terminal.
    Text,
    /// A list of objects.
    Json,
}
