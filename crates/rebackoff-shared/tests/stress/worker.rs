//! The operations of a process, until it is killed.

use std::path::Path;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use rebackoff_core::{Breaker, BreakerState, Budget, Cost, Health, Moment, Permit, Seconds};
use rebackoff_shared::{Host, ShareOnHost as _};

use super::record::{What, Writer, now};

pub(crate) const PROBES: u32 = 2;
pub(crate) const OPEN_FOR: Duration = Duration::from_millis(20);
pub(crate) const PROBE_TIMEOUT: Duration = Duration::from_millis(100);
pub(crate) const RATE: u32 = 200;
pub(crate) const CAPACITY: u32 = 20;
pub(crate) const TTL: Duration = Duration::from_secs(1);
/// Each second has so many retries beyond those of each second call.
pub(crate) const FLOOR: u32 = 2;
pub(crate) const QUOTA: u32 = 100;

const UNREAD: fn() -> Moment = || panic!("a shared guard reads the clock of the host");

pub(crate) struct Budgets {
    rate: &'static Budget,
    share: &'static Budget,
    quota: &'static Budget,
}

pub(crate) fn guards(host: &Host) -> (&'static Breaker, Budgets) {
    let breaker =
        Breaker::builder().consecutive(3).open_for(OPEN_FOR).probes(PROBES).close_after(50);
    let breaker = breaker.probe_timeout(PROBE_TIMEOUT).shared_on("shop", host).unwrap();
    let rate = Budget::per_second()
        .rate(f64::from(RATE))
        .capacity(CAPACITY)
        .shared_on("rate", host)
        .unwrap();
    let share = Budget::share()
        .ratio(0.5)
        .floor(f64::from(FLOOR))
        .ttl(TTL)
        .shared_on("share", host)
        .unwrap();
    let quota = Budget::quota().capacity(QUOTA).shared_on("quota", host).unwrap();
    (breaker, Budgets { rate, share, quota })
}

/// Never returns: the process is killed.
pub(crate) fn run(story: &Path) -> ! {
    let (breaker, budgets) = guards(&Host::at(story.with_file_name("guards")));
    let (mut writer, mut draws) = (Writer::create(story), Rng::new());
    loop {
        for _ in 0..draws.u32(1..20) {
            call(breaker, &mut writer, &mut draws);
            pay(&budgets, &mut writer, &mut draws);
        }
        thread::sleep(Duration::from_micros(draws.u64(100..2000)));
    }
}

fn call(breaker: &Breaker, writer: &mut Writer, draws: &mut Rng) {
    let begin = now();
    let Ok(permit) = breaker.admit_at(UNREAD) else { return };
    let is_probe = permit.is_probe();
    let what = if is_probe { What::AdmittedAsProbe } else { What::Admitted };
    writer.write(what, begin, now());
    // A half-open breaker closes now and then, and a closed one opens soon.
    let failures = if is_probe { 0.01 } else { 0.5 };
    if is_probe {
        thread::sleep(Duration::from_micros(draws.u64(0..500)));
    }
    let health = if draws.f64() < failures { Health::Failure } else { Health::Success };
    settle(breaker, permit, health, writer);
}

fn settle(breaker: &Breaker, permit: Permit, health: Health, writer: &mut Writer) {
    let begin = now();
    writer.write(What::Settles, begin, begin);
    let change = breaker.settle_at(permit, health, || Seconds::ZERO, UNREAD, &mut || 0.5);
    let what = match change.map(|change| change.to) {
        None => What::Settled,
        Some(BreakerState::Open) => What::Opened,
        Some(_) => What::Changed,
    };
    writer.write(what, begin, now());
}

fn pay(budgets: &Budgets, writer: &mut Writer, draws: &mut Rng) {
    let mut withdraw = |budget: &Budget, what| {
        let begin = now();
        let paid = budget.withdraw_at(Cost::Retry, UNREAD).ok()?;
        writer.write(what, begin, now());
        Some(paid)
    };
    withdraw(budgets.rate, What::PermittedByRate);
    withdraw(budgets.share, What::PermittedByShare);
    if draws.u32(..20) == 0 {
        let begin = now();
        writer.write(What::Calls, begin, begin);
        budgets.share.handle_start_at(UNREAD);
        writer.write(What::Called, begin, now());
    }
    match budgets.quota.withdraw_at(Cost::Retry, UNREAD) {
        Ok(paid) if draws.bool() => budgets.quota.refund(paid),
        Ok(paid) => budgets.quota.handle_success(Some(paid)),
        Err(_) => budgets.quota.handle_success(None),
    }
    let tokens = budgets.quota.tokens_at(UNREAD).to_bits();
    writer.write(What::Tokens, tokens, tokens);
}
