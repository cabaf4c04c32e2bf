//! The playground of the guide: reads a form from its input, and writes plan, simulation and texts to its output.
//!
//! `scripts/playground` compiles it for a browser. A program of WASI needs neither unsafe code nor a generator of
//! bindings; its inputs and outputs are texts, so that tests run it on any machine.

mod answer;
mod form;
mod front_ends;
mod guard;
mod service;

use std::io::{self, Read as _, Write as _};

use answer::Answer;
use form::Form;

fn main() -> io::Result<()> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    let answer = Form::parse(&input).and_then(|form| Answer::to(&form));
    let answer = match answer {
        Ok(answer) => serde_json::to_string(&answer)?,
        Err(error) => serde_json::json!({ "error": error }).to_string(),
    };
    io::stdout().write_all(answer.as_bytes())
}
