//! A build without the feature `fleet` is a member of no fleet.

use std::time::Duration;

use rebackoff_core::{Breaker, Budget};

use super::AskedGuards;
use crate::CliError;
use crate::report::Reporter;

/// The fleet that options ask for, which there is none of.
#[derive(Debug)]
pub(crate) enum AskedFleet {}

pub(super) enum FleetGuards {}

impl AskedFleet {
    pub(super) fn parse(_: &str) -> Result<Self, CliError> {
        let advice = "install one that has it: cargo install rebackoff-cli --features fleet";
        Err(CliError::new(format_args!("--fleet: this program is built without it; {advice}")))
    }
}

impl FleetGuards {
    pub(super) fn open(_: &AskedGuards, asked: &AskedFleet, _: Duration) -> Result<Self, CliError> {
        match *asked {}
    }

    pub(super) fn breaker(&self) -> Option<&Breaker> {
        match *self {}
    }

    pub(super) fn budget(&self) -> Option<&Budget> {
        match *self {}
    }

    pub(super) fn handle_start(&self) {
        match *self {}
    }

    pub(super) fn handle_retry(&self) {
        match *self {}
    }

    pub(super) fn handle_withdrawal(&self) {
        match *self {}
    }

    pub(super) fn handle_resume(&self) {
        match *self {}
    }

    pub(super) fn handle_change(&self) {
        match *self {}
    }

    pub(super) fn finish(&self) {
        match *self {}
    }

    pub(super) fn report(&self, _: &Reporter) {
        match *self {}
    }
}
