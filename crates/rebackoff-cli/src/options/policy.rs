use std::path::PathBuf;

use clap::Args;

/// Parameters of the policy, as text: the core says once which values are allowed.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Policy")]
pub(crate) struct PolicyOptions {
    /// Take the policy of this name from a file and the environment
    ///
    /// The file is rebackoff.toml in the working directory, else rebackoff/rebackoff.toml in XDG_CONFIG_HOME
    /// (~/.config); the first that has a table [NAME] counts. Variables REBACKOFF_<NAME>_<PARAMETER> override it, and
    /// options override both. Default: the variable REBACKOFF_PROFILE. The profile aws needs no file: it has the waits
    /// and tries of the AWS SDKs.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The file that profiles are in, in place of those above; needs a profile
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Most tries, the first included; `none` for no limit [default: 5; none with --max-time or a list of waits]
    #[arg(short = 'n', long, value_name = "COUNT")]
    max_tries: Option<String>,
    /// Most time from the start of the first try; it interrupts none
    ///
    /// A wait that would end past it is shortened to the time left, and one more try is made. See --last-wait,
    /// --timeout.
    #[arg(short = 't', long, value_name = "DURATION")]
    max_time: Option<String>,
    /// Most time for each try: then TERM to its process group, and KILL after --grace
    #[arg(long, value_name = "DURATION")]
    pub(crate) timeout: Option<String>,
    /// The wait strategy: expo, fibo, constant, linear, decay or decorrelated [default: expo]
    ///
    /// A parameter of exactly one strategy chooses that strategy: `-i 5s` alone means `--wait constant -i 5s`.
    #[arg(short, long, value_name = "STRATEGY")]
    wait: Option<String>,
    /// Spread of the waits: full, equal, random or none [default: full]
    #[arg(short, long, value_name = "JITTER")]
    jitter: Option<String>,
    /// The longest wait of expo, fibo, linear, decorrelated [default: 1m for expo and decorrelated]
    #[arg(long, value_name = "DURATION")]
    max_value: Option<String>,
    /// expo: growth of the wait [default: 2]; decorrelated: the shortest wait [default: 1s]
    #[arg(long, value_name = "NUMBER")]
    base: Option<String>,
    /// expo: the first wait [default: 1s]
    #[arg(long, value_name = "DURATION")]
    factor: Option<String>,
    /// expo: the first wait after a failure that --throttled names [default: as --factor]
    #[arg(long, value_name = "DURATION")]
    throttled_factor: Option<String>,
    /// constant: the wait, or a list of waits that is its own limit (`1s,5s,30s`) [default: 1s]
    #[arg(short, long, value_name = "DURATION")]
    interval: Option<String>,
    /// linear: the first wait [default: 1s]
    #[arg(long, value_name = "DURATION")]
    start: Option<String>,
    /// linear: growth of each wait [default: 1s]
    #[arg(long, value_name = "DURATION")]
    step: Option<String>,
    /// decay: the first wait [default: 1s]
    #[arg(long, value_name = "DURATION")]
    initial_value: Option<String>,
    /// decay: how fast the wait shrinks [default: 1]
    #[arg(long, value_name = "NUMBER")]
    decay_factor: Option<String>,
    /// decay: the shortest wait [default: 0s]
    #[arg(long, value_name = "DURATION")]
    min_value: Option<String>,
    /// A wait that would end past --max-time: shorten it and try once more, or stop [default: shorten]
    ///
    /// With `stop`, a try with a --timeout does not run past --max-time either.
    #[arg(long, value_name = "WHAT")]
    last_wait: Option<String>,
    /// Inside a try of another `rebackoff run`: allow retries, or try once [default: allow]
    #[arg(long, value_name = "WHAT")]
    nested: Option<String>,
    /// Start tries and waits anew after a failed try of at least this length, which counts as try 1
    ///
    /// With `--max-tries none`, rebackoff supervises a service: waits grow only while it fails early.
    #[arg(long, value_name = "DURATION")]
    reset_after: Option<String>,
    /// The longest hint that is obeyed [default: 5m]
    #[arg(long, value_name = "DURATION")]
    hint_ceiling: Option<String>,
    /// A longer hint: give_up or cap [default: give_up]
    #[arg(long, value_name = "WHAT")]
    hint_above: Option<String>,
    /// Spread of the wait above a hint, as a share of the hint [default: 0.1, and 0 without jitter]
    #[arg(long, value_name = "SHARE")]
    hint_spread: Option<String>,
}

impl PolicyOptions {
    /// The options that take a profile as it stands.
    pub(crate) fn of_profile(name: String, config: Option<PathBuf>) -> Self {
        Self { profile: Some(name), config, ..Self::default() }
    }

    /// The parameters that were given, by name.
    pub(crate) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.parameters().into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    fn parameters(&self) -> [(&'static str, &Option<String>); 20] {
        [
            ("wait", &self.wait),
            ("interval", &self.interval),
            ("start", &self.start),
            ("step", &self.step),
            ("base", &self.base),
            ("factor", &self.factor),
            ("throttled_factor", &self.throttled_factor),
            ("max_value", &self.max_value),
            ("initial_value", &self.initial_value),
            ("decay_factor", &self.decay_factor),
            ("min_value", &self.min_value),
            ("jitter", &self.jitter),
            ("max_tries", &self.max_tries),
            ("max_time", &self.max_time),
            ("last_wait", &self.last_wait),
            ("nested", &self.nested),
            ("reset_after", &self.reset_after),
            ("hint_ceiling", &self.hint_ceiling),
            ("hint_above", &self.hint_above),
            ("hint_spread", &self.hint_spread),
        ]
    }
}
