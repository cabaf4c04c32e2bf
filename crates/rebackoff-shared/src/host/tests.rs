use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use rebackoff_core::{Breaker, BreakerState, Budget, Cost, Health, HostGuard, Moment, Seconds};

use super::file::{GuardFile, SIZE};
use super::{Host, HostGuardRef, ShareOnHost, SharedError, boot};

/// A clock of its own for each test, which runs in a thread or process of its own.
macro_rules! clock {
    () => {{
        static NOW: AtomicU64 = AtomicU64::new(0);
        (&NOW, || Moment::from(Duration::from_secs(NOW.load(Relaxed))))
    }};
}

/// A folder of guards, below one that goes with the test.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("guards");
    (parent, path)
}

fn breaker() -> Breaker {
    Breaker::builder().consecutive(2).open_for(Duration::from_secs(10)).build().unwrap()
}

/// The guard as another process maps it.
fn mapped(host: &Host, name: &str) -> Result<&'static Breaker, SharedError> {
    let guard = breaker();
    host.map(GuardFile::new(host.folder(), name, &guard, boot::id()?), guard)
}

/// The call's clock, which a shared guard never reads.
fn unread() -> Moment {
    panic!("a shared guard reads the clock of the host");
}

fn fail(breaker: &Breaker) {
    let permit = breaker.admit_at(unread).unwrap();
    breaker.settle_at(permit, Health::Failure, || Seconds::ZERO, unread, &mut || 0.5);
}

fn trip(breaker: &Breaker) {
    fail(breaker);
    fail(breaker);
}

fn only_file(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "one file, and no other is left");
    file
}

#[test]
fn what_one_process_learns_holds_for_all() {
    let (now, clock) = clock!();
    let (_parent, folder) = folder();
    let host = Host::at(&folder).with_clock(clock);
    let (one, other) = (mapped(&host, "shop").unwrap(), mapped(&host, "shop").unwrap());
    fail(one);
    fail(other);
    assert_eq!(one.state_at(unread), BreakerState::Open);
    assert!(one.admit_at(unread).is_err() && other.admit_at(unread).is_err());
    now.store(10, Relaxed);
    let probe = one.admit_at(unread).unwrap();
    assert!(other.admit_at(unread).is_err(), "one probe for all");
    one.settle_at(probe, Health::Success, || Seconds::ZERO, unread, &mut || 0.5);
    assert_eq!(other.state_at(unread), BreakerState::Closed);
    assert_eq!((one.rejected(), other.rejected()), (1, 2), "its own");
    let counts = [("host_rejected", 3), ("host_opened", 1), ("host_failures", 2)];
    assert_eq!((one.host_counts(), other.host_counts()), (counts.into(), counts.into()));
}

#[test]
fn folder_and_file_are_for_the_user_alone() {
    let (_parent, folder) = folder();
    mapped(&Host::at(&folder), "shop").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!((mode(&folder), mode(&only_file(&folder))), (0o700, 0o600));
    assert_eq!(fs::metadata(only_file(&folder)).unwrap().len(), SIZE as u64);
}

#[test]
fn a_folder_that_others_may_use_a_link_or_a_file_is_refused() {
    let (parent, folder) = folder();
    let refused = |path: &Path, part: &str| {
        let error = mapped(&Host::at(path), "shop").unwrap_err().to_string();
        assert!(error.contains(part) && error.contains(path.to_str().unwrap()), "{error}");
    };
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    refused(&folder, "must have the mode 0700, but has 0755; run chmod 0700");
    fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    symlink(&folder, parent.path().join("link")).unwrap();
    refused(&parent.path().join("link"), "must be a folder and no link");
    fs::write(parent.path().join("file"), "").unwrap();
    refused(&parent.path().join("file"), "must be a folder and no link");
    refused(&parent.path().join("missing/guards"), "cannot make the folder");
    refused(Path::new("guards"), "must be an absolute path");
}

#[test]
fn a_truncated_foreign_or_linked_file_is_an_error_and_stays_as_it_is() {
    let (_parent, folder) = folder();
    let host = Host::at(&folder);
    mapped(&host, "shop").unwrap();
    let path = only_file(&folder);
    let good = fs::read(&path).unwrap();
    let of_other_parameters = {
        let mut bytes = good.clone();
        bytes[SIZE / 2 + 24] ^= 1;
        bytes
    };
    for bytes in [vec![], good[..SIZE - 1].to_vec(), vec![b'x'; SIZE], of_other_parameters] {
        fs::write(&path, &bytes).unwrap();
        let error = mapped(&host, "shop").unwrap_err().to_string();
        assert!(error.contains("no file of a shared guard, or is truncated"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::write(&path, &good).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let error = mapped(&host, "shop").unwrap_err().to_string();
    assert!(error.contains("must have the mode 0600, but has 0644"), "{error}");
    let elsewhere = folder.join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    let error = mapped(&host, "shop").unwrap_err().to_string();
    assert!(error.contains("must be a regular file"), "{error}");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(mapped(&host, "shop").unwrap_err().to_string().contains("must be a regular file"));
}

#[test]
fn a_removed_file_is_opened_anew_within_a_second() {
    let (now, clock) = clock!();
    let (_parent, folder) = folder();
    let host = Host::at(&folder).with_clock(clock);
    let one = mapped(&host, "shop").unwrap();
    trip(one);
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(one.state_at(unread), BreakerState::Open, "it is looked at once a second");
    now.store(1, Relaxed);
    let other = mapped(&host, "shop").unwrap();
    assert_eq!(one.check_at(unread).map_err(|open| open.retry_in.is_some()), Err(true));
    assert_eq!(one.state_at(unread), BreakerState::Closed, "a new file is a new guard");
    trip(other);
    assert_eq!(one.state_at(unread), BreakerState::Open);
}

#[test]
fn a_file_that_cannot_be_opened_anew_serves_on() {
    let (now, clock) = clock!();
    let (_parent, folder) = folder();
    let host = Host::at(&folder).with_clock(clock);
    let one = mapped(&host, "shop").unwrap();
    trip(one);
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    now.store(5, Relaxed);
    assert_eq!(one.state_at(unread), BreakerState::Open);
    now.store(10, Relaxed);
    assert!(one.admit_at(unread).is_ok());
}

#[test]
fn a_file_of_another_boot_begins_anew() {
    let (_now, clock) = clock!();
    let (_parent, folder) = folder();
    let host = Host::at(&folder).with_clock(clock);
    trip(mapped(&host, "shop").unwrap());
    assert_eq!(mapped(&host, "shop").unwrap().state_at(unread), BreakerState::Open, "this boot");
    let file = OpenOptions::new().write(true).open(only_file(&folder)).unwrap();
    file.write_all_at(&[7; 16], SIZE as u64 / 2 + 8).unwrap();
    assert_eq!(mapped(&host, "shop").unwrap().state_at(unread), BreakerState::Closed);
    trip(mapped(&host, "shop").unwrap());
    assert_eq!(mapped(&host, "shop").unwrap().state_at(unread), BreakerState::Open);
}

#[test]
fn many_that_begin_at_once_have_one_guard() {
    let (_now, clock) = clock!();
    let (_parent, folder) = folder();
    let host = Host::at(&folder).with_clock(clock);
    let opened = std::thread::scope(|scope| {
        let open = || scope.spawn(|| mapped(&host, "shop").unwrap());
        let threads: Vec<_> = (0..16).map(|_| open()).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    only_file(&folder);
    trip(opened[0]);
    assert!(opened.iter().all(|breaker| breaker.state_at(unread) == BreakerState::Open));
}

#[test]
fn a_file_that_a_killed_process_left_half_made_is_removed_by_the_next_maker() {
    let (_parent, folder) = folder();
    let host = Host::at(&folder);
    let (left, held) = (".shop.breaker.1-0123456789abcdef.77.0", ".mail.budget.1-0.78.12");
    host.guards().unwrap();
    for name in [left, held, ".profile", ".shop.breaker.7"] {
        fs::write(folder.join(name), "half").unwrap();
    }
    let maker = fs::File::open(folder.join(held)).unwrap();
    rustix::fs::flock(&maker, rustix::fs::FlockOperation::LockExclusive).unwrap();
    mapped(&host, "shop").unwrap();
    let is_there = |name: &str| folder.join(name).exists();
    assert!(!is_there(left), "no process makes it");
    assert!(is_there(held) && is_there(".profile") && is_there(".shop.breaker.7"));
    drop(maker);
    mapped(&host, "mail").unwrap();
    assert!(!is_there(held));
}

#[test]
fn other_parameters_make_another_guard_and_are_reported_once() {
    let (_parent, folder) = folder();
    let host = Host::at(&folder);
    let old = Breaker::builder().consecutive(2).open_on("shop", &host).unwrap();
    assert_eq!(old.others, Vec::<String>::new());
    let new = || Breaker::builder().consecutive(3).open_on("shop", &host).unwrap();
    assert_eq!(new().others, [old.guard.to_string()]);
    assert_eq!(new().others, Vec::<String>::new(), "once");
    assert!(std::ptr::eq(new().guard, new().guard), "one guard in a process");
    let budget = Budget::quota().open_on("shop", &host).unwrap();
    assert_eq!(budget.others, Vec::<String>::new(), "a guard of another kind");
    let error = Breaker::builder().consecutive(0).shared_on("shop", &host).unwrap_err();
    assert!(error.to_string().contains("consecutive must be at least 1"), "{error}");
}

#[test]
fn the_guards_of_a_folder_are_listed_with_what_is_wrong() {
    let (_parent, folder) = folder();
    let host = Host::at(&folder);
    assert!(host.guards().unwrap().is_empty());
    let breaker = Breaker::builder().consecutive(2).shared_on("shop", &host).unwrap();
    let budget = Budget::share().ratio(0.1).shared_on("mail", &host).unwrap();
    assert!(budget.withdraw_at(Cost::Retry, unread).is_ok());
    fs::write(folder.join("a.breaker.1-0000000000000000"), "").unwrap();
    fs::set_permissions(folder.join("a.breaker.1-0000000000000000"), Permissions::from_mode(0o600))
        .unwrap();
    fs::write(folder.join("README"), "").unwrap();
    let found = host.guards().unwrap();
    let [Err(wrong), Ok(mail), Ok(shop)] = &found[..] else { panic!("{found:?}") };
    assert!(wrong.to_string().contains("a.breaker.1-"), "{wrong}");
    assert_eq!((mail.name.as_str(), shop.name.as_str()), ("mail", "shop"));
    assert!(matches!(mail.guard, HostGuardRef::Budget(found) if std::ptr::eq(found, budget)));
    assert!(matches!(shop.guard, HostGuardRef::Breaker(found) if std::ptr::eq(found, breaker)));
}

#[test]
fn a_permit_of_a_dead_probe_expires_for_all() {
    let (now, clock) = clock!();
    let (_parent, folder) = folder();
    let host = Host::at(&folder).with_clock(clock);
    let (dead, other) = (mapped(&host, "shop").unwrap(), mapped(&host, "shop").unwrap());
    trip(dead);
    now.store(10, Relaxed);
    assert!(dead.admit_at(unread).is_ok());
    now.store(39, Relaxed);
    assert!(other.admit_at(unread).is_err());
    now.store(40, Relaxed);
    assert!(other.admit_at(unread).is_ok());
}
