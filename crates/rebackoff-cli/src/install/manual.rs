//! The manual pages, made from the one definition.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, roman};

use crate::CliError;
use crate::options::definition;

/// The page of rebackoff itself, then one for each action, each with its file name.
pub(super) fn pages() -> Result<Vec<(String, Vec<u8>)>, CliError> {
    let mut definition = definition();
    definition.build();
    let mut pages = Vec::new();
    for command in std::iter::once(&definition).chain(definition.get_subcommands()) {
        let after = command.get_after_long_help().or(command.get_after_help());
        let after = after.map(ToString::to_string).unwrap_or_default();
        let man =
            Man::new(command.clone()).source(concat!("rebackoff ", env!("CARGO_PKG_VERSION")));
        let (name, mut page) = (man.get_filename(), Vec::new());
        let rendered = man
            .render_title(&mut page)
            .and_then(|()| unbroken().to_writer(&mut page))
            .and_then(|()| man.render_name_section(&mut page))
            .and_then(|()| man.render_synopsis_section(&mut page))
            .and_then(|()| man.render_description_section(&mut page))
            .and_then(|()| man.render_options_section(&mut page))
            .and_then(|()| subcommands(command, &man, &mut page))
            .and_then(|()| sections(&after).to_writer(&mut page));
        rendered.map_err(|error| CliError::io("cannot make a manual page", &error))?;
        pages.push((name, page));
    }
    Ok(pages)
}

/// Names of options and variables are broken at no hyphen.
fn unbroken() -> Roff {
    let mut roff = Roff::new();
    roff.control("nh", []).control("ad", ["l"]);
    roff
}

fn subcommands(command: &Command, man: &Man, page: &mut Vec<u8>) -> io::Result<()> {
    if command.has_subcommands() { man.render_subcommands_section(page) } else { Ok(()) }
}

/// Help as sections: a line that ends with a colon and is not indented is a heading, and one that begins with `$` is a
/// command line, which is never broken.
fn sections(help: &str) -> Roff {
    let mut roff = Roff::new();
    for line in help.lines() {
        let text = line.trim();
        match (text.strip_suffix(':'), text.strip_prefix("$ ")) {
            (Some(heading), _) if text == line => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
            }
            (_, Some(command)) => {
                roff.control("PP", []).control("RS", ["4"]).control("nf", []);
                roff.text([roman(format!("$ {command}"))]);
                roff.control("fi", []).control("RE", []);
            }
            _ if text.is_empty() => {}
            _ => {
                roff.control("PP", []).text([Inline::Roman(text.to_owned())]);
            }
        }
    }
    roff
}
