//! `rebackoff plan`: what a policy will do.
use crate::{Failure, options::PlanOptions};
pub(crate) struct Plan;
impl PlanOptions { pub(crate) fn resolve(self) -> Result<Plan, Failure> { Ok(Plan) } }
impl Plan { pub(crate) fn show(self) -> Result<u8, Failure> { Ok(0) } }
