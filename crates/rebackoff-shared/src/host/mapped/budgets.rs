#[path = "../../../../rebackoff-core/tests/models/budget.rs"]
mod model;
#[path = "../../../../rebackoff-core/tests/models/budget_run.rs"]
mod run;

use proptest::prelude::*;

use super::{Mapper, set_clock};

proptest! {
    #[test]
    fn a_mapped_budget_answers_as_its_model_does(run in run::runs()) {
        let mapper = Mapper::new();
        run.check(|budget| mapper.place(budget), set_clock)?;
    }
}
