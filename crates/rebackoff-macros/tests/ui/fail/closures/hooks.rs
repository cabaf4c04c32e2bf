//! A hook cannot refuse a try: budgets and breakers are no hooks.

use rebackoff::Hook;

struct NoMore;

impl<O> Hook<O> for NoMore {
    fn readmit(&mut self) -> bool {
        false
    }

    fn check(&mut self) -> bool {
        false
    }

    fn pay(&mut self) -> bool {
        false
    }
}

fn main() {}
