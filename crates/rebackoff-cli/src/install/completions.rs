//! Completions for the shells, made from the one definition.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, ValueHint};
use clap_complete::Shell;

use crate::options::definition;

/// The words that parameters of a policy take.
const WORDS: [(&str, &[&str]); 5] = [
    ("wait", &["expo", "fibo", "constant", "linear", "decay", "decorrelated"]),
    ("jitter", &["full", "equal", "random", "none"]),
    ("last_wait", &["shorten", "stop"]),
    ("nested", &["allow", "once"]),
    ("hint_above", &["give_up", "cap"]),
];

/// Scripts around the options: profile names, and the completions of the command that is run.
const BASH: &str = include_str!("shell/rebackoff.bash");
const ZSH: &str = include_str!("shell/rebackoff.zsh");
const FISH: &str = include_str!("shell/rebackoff.fish");

/// The completion script of a shell.
pub(super) fn script(shell: Shell) -> String {
    match shell {
        Shell::Bash => bash(),
        Shell::Zsh => {
            let profiles = ":_rebackoff_profiles' \\\n";
            let mut script = String::new();
            for line in generated(shell).split_inclusive('\n') {
                let is_profile = line.starts_with("'--profile=") || line.starts_with("'-p+");
                match line.strip_suffix(":' \\\n").filter(|_| is_profile) {
                    Some(line) => script.extend([line, profiles]),
                    None => script.push_str(line),
                }
            }
            // The last lines call the function, so the others are to be there before.
            match script.rfind("if [ \"$funcstack[1]\"") {
                Some(end) => script.insert_str(end, ZSH),
                None => script.push_str(ZSH),
            }
            script
        }
        Shell::Fish => {
            let begun = "-n \"__fish_rebackoff_using_subcommand run\"";
            let open =
                "-n \"__fish_rebackoff_using_subcommand run; and not __fish_rebackoff_command\"";
            generated(shell).replace(begun, open)
                + &FISH.replace("@valued@", &valued(&hinted()).join(" "))
        }
        _ => generated(shell),
    }
}

fn generated(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut hinted(), "rebackoff", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The definition with the words and the kinds of values, which parsing does not need.
fn hinted() -> Command {
    let mut definition = definition();
    definition.build();
    let hint = |arg: Arg| {
        let id = arg.get_id().as_str().to_owned();
        if let Some((_, words)) = WORDS.iter().find(|(name, _)| *name == id) {
            return arg.value_parser(PossibleValuesParser::new(*words));
        }
        let takes_text = arg.get_action().takes_values() && arg.get_possible_values().is_empty();
        match id.as_str() {
            "command" => arg.value_hint(ValueHint::CommandWithArguments),
            "config" | "state" => arg.value_hint(ValueHint::FilePath),
            "dir" => arg.value_hint(ValueHint::DirPath),
            _ if id.starts_with("on_") => arg.value_hint(ValueHint::CommandString),
            _ if takes_text => arg.value_hint(ValueHint::Other),
            _ => arg,
        }
    };
    definition.mut_subcommands(|command| command.mut_args(hint))
}

fn bash() -> String {
    let definition = hinted();
    let actions = definition.get_subcommands().map(Command::get_name).collect::<Vec<_>>();
    let (mut options, mut values) = (Vec::new(), Vec::new());
    for command in definition.get_subcommands() {
        let name = command.get_name();
        let mut words: Vec<_> = command.get_arguments().flat_map(spellings).collect();
        words.extend(command.get_positionals().flat_map(possible));
        options.push(format!("        {name}) options='{}' ;;\n", words.join(" ")));
        for arg in command.get_opts() {
            let names = spellings(arg).join(&format!(" | {name},"));
            values.push(format!("        {name},{names}) {} ;;\n", bash_values(arg)));
        }
    }
    BASH.replace("@actions@", &actions.join(" "))
        .replace("        @options@\n", &options.concat())
        .replace("        @values@\n", &values.concat())
        .replace("@valued@", &valued(&definition).join(" | "))
}

/// The options that take a value, of all actions.
fn valued(definition: &Command) -> Vec<String> {
    let options = definition.get_subcommands().flat_map(Command::get_opts);
    options.flat_map(spellings).collect::<BTreeSet<_>>().into_iter().collect()
}

fn bash_values(arg: &Arg) -> String {
    let words = possible(arg).join(" ");
    match (arg.get_id().as_str(), arg.get_value_hint()) {
        ("profile", _) => "words=$(_rebackoff_profiles)".to_owned(),
        (_, ValueHint::FilePath) => "kind=-f".to_owned(),
        (_, ValueHint::DirPath) => "kind=-d".to_owned(),
        (_, ValueHint::CommandString) => "kind=-c".to_owned(),
        _ => format!("words='{words}'"),
    }
}

fn possible(arg: &Arg) -> Vec<String> {
    arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

fn spellings(arg: &Arg) -> Vec<String> {
    let long = arg.get_long().map(|long| format!("--{long}"));
    let short = arg.get_short().map(|short| format!("-{short}"));
    long.into_iter().chain(short).collect()
}
