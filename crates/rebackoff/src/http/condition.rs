//! The classifier's judgement of one request.

use ::http::{HeaderMap, Method, StatusCode};
use rebackoff_core::{Health, Verdict};

use super::{Classifier, Failure};
use crate::hooks::Class;

/// A classifier, and the request whose outcomes it judges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    classifier: Classifier,
    may_resend: bool,
    /// The outcome was a failure, and the request must not be sent again.
    is_final: bool,
}

/// The head of a response, or why there is none.
pub(super) type HeadOrFailure<'a> = Result<(StatusCode, &'a HeaderMap), Failure>;

impl Condition {
    pub(super) fn new(classifier: Classifier, method: &Method, headers: &HeaderMap) -> Self {
        let may_resend = classifier.may_resend(method, headers);
        Self { classifier, may_resend, is_final: false }
    }

    pub(super) fn judge(&mut self, answer: HeadOrFailure<'_>) -> Verdict {
        let verdict = match answer {
            Ok((status, headers)) => self.classifier.judge_response(status, headers),
            Err(failure) => self.classifier.judge_failure(failure),
        };
        let may_resend = self.may_resend || answer == Err(Failure::Unsent);
        self.is_final = verdict.wants_retry() && !may_resend;
        if self.is_final { Verdict::GiveUp } else { verdict }
    }

    /// The class of the outcome that was judged last.
    pub(super) fn classify(&self, answer: HeadOrFailure<'_>) -> Class {
        let (health, cost) = match answer {
            Ok((status, _)) => (self.classifier.health(status), self.classifier.cost(status)),
            Err(failure) => (Some(failure.health()), Some(failure.cost())),
        };
        let health = health.or(self.is_final.then_some(Health::Failure));
        Class { health, cost }
    }
}
