//! The breaker beside its model, under random events.

#[path = "models/breaker.rs"]
mod model;
#[path = "models/breaker_run.rs"]
mod run;

use proptest::prelude::*;

proptest! {
    #[test]
    fn the_breaker_answers_as_its_model_does(run in run::runs()) {
        run.check(|breaker| breaker, |_| {})?;
    }
}
