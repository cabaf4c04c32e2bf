//! The classifier's word on one request.

use ::http::{HeaderMap, Method, StatusCode};
use rebackoff_core::{Cost, Health, Verdict};

use super::{Classifier, Failure};

/// What a classifier says of the outcomes of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    classifier: Classifier,
    may_resend: bool,
    /// The outcome was a failure, and the request must not be sent again.
    is_final: bool,
}

/// The head of a response, or why there is none.
pub(super) type Answer<'a> = Result<(StatusCode, &'a HeaderMap), Failure>;

impl Condition {
    pub(super) fn new(classifier: Classifier, method: &Method, headers: &HeaderMap) -> Self {
        let may_resend = classifier.may_resend(method, headers);
        Self { classifier, may_resend, is_final: false }
    }

    pub(super) fn judge(&mut self, answer: Answer<'_>) -> Verdict {
        let verdict = match answer {
            Ok((status, headers)) => self.classifier.judge_response(status, headers),
            Err(failure) => self.classifier.judge_failure(failure),
        };
        let may_resend = self.may_resend || answer == Err(Failure::Unsent);
        self.is_final = verdict.wants_retry() && !may_resend;
        if self.is_final { Verdict::GiveUp } else { verdict }
    }

    /// Of the outcome that was judged last.
    pub(super) fn health(&self, answer: Answer<'_>) -> Option<Health> {
        let of_failure = answer.err().map(Failure::health);
        if self.is_final { Some(Health::Failure) } else { of_failure }
    }
}

pub(super) fn cost(answer: Answer<'_>) -> Option<Cost> {
    answer.err().map(Failure::cost)
}
