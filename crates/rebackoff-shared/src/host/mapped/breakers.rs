#[path = "../../../../rebackoff-core/tests/models/breaker.rs"]
mod model;
#[path = "../../../../rebackoff-core/tests/models/breaker_run.rs"]
mod run;

use proptest::prelude::*;

use super::{Mapper, set_clock};

proptest! {
    #[test]
    fn a_mapped_breaker_answers_as_its_model_does(run in run::runs()) {
        let mapper = Mapper::new();
        run.check(|breaker| mapper.place(breaker), set_clock)?;
    }
}
