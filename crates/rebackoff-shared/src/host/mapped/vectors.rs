#[path = "../../../../../conformance/guards.rs"]
mod guards;
#[path = "../../../../rebackoff-core/tests/models/vectors.rs"]
mod run;

use super::{Mapper, set_clock};

#[test]
fn mapped_budgets_answer_as_the_vectors_say() {
    let mapper = Mapper::new();
    run::run_budgets(|budget| mapper.place(budget), set_clock);
}

#[test]
fn mapped_breakers_answer_as_the_vectors_say() {
    let mapper = Mapper::new();
    run::run_breakers(|breaker| mapper.place(breaker), set_clock);
}
