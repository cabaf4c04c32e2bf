//! The events of a call.

use std::time::Duration;

use rebackoff_core::{Event, EventKind, Policy, Reason, Seconds};

use super::{Phase, Session};
use crate::hooks::Hook;
use crate::scope::Scope;
use crate::{Clock, trace};

impl<P: AsRef<Policy>, C: Clock, H, G> Session<P, C, H, G> {
    #[inline]
    pub(crate) fn report_try<O>(&mut self)
    where
        H: Hook<O>,
    {
        if H::EVENTS.contains(EventKind::Try) {
            // The first try has just started, or a loop reports it when it ends.
            let elapsed = (self.tries() == 1).then_some(Duration::ZERO);
            self.notify::<O>(EventKind::Try, elapsed, None, |_| {});
        }
    }

    #[inline]
    pub(super) fn report_success<O>(&mut self, outcome: Option<&O>)
    where
        H: Hook<O>,
    {
        if H::EVENTS.contains(EventKind::Success) {
            self.notify(EventKind::Success, None, outcome, |_| {});
        }
    }

    pub(super) fn give_up<O>(
        &mut self,
        reason: Reason,
        elapsed: Option<Duration>,
        outcome: &O,
        hint: Option<Seconds>,
    ) where
        H: Hook<O>,
    {
        if H::EVENTS.contains(EventKind::Giveup) {
            self.notify(EventKind::Giveup, elapsed, Some(outcome), |event| {
                event.reason = Some(reason);
                event.hint = hint.map(Seconds::to_duration);
            });
        }
        if !H::TRACES {
            trace::giveup(self.tries(), elapsed, reason);
        }
        let elapsed = elapsed.or_else(|| self.elapsed()).unwrap_or_default();
        self.reason = Some(reason);
        self.phase = match hint {
            None => Phase::GaveUp { elapsed },
            Some(hint) => Phase::Hinted { elapsed: elapsed.into(), hint },
        };
    }

    /// Calls the hooks with an event of `kind`, to which `add` adds what else is known. The clock is
    /// read when a handler asks for the elapsed time, unless `elapsed` is known.
    #[inline]
    pub(super) fn notify<O>(
        &mut self,
        kind: EventKind,
        elapsed: Option<Duration>,
        outcome: Option<&O>,
        add: impl FnOnce(&mut Event<'_, O>),
    ) where
        H: Hook<O>,
    {
        let tries = self.tries();
        let (timeline, skipped) = (self.clock.timeline(), self.skipped);
        let start = match self.phase {
            Phase::Timed { start, .. } => Some(start),
            _ => None,
        };
        let elapsed = || match (elapsed, start) {
            (Some(elapsed), _) => elapsed,
            (None, Some(start)) => skipped.add_to(timeline.read().since(start)),
            (None, None) => Duration::ZERO,
        };
        let mut event = Event::new(kind, tries, &elapsed);
        event.total_tries = self.total_tries();
        event.amplification = Scope::current().map_or(tries, |outer| outer.amplify(tries));
        event.outcome = outcome;
        add(&mut event);
        self.hooks.notify(&event);
    }
}
