//! Sets the system's clock for this program alone while calls run, and tells what they do.

use rebackoff_bench::{clock, edges, peers::PEERS};

/// The standard library reads its clocks here, because a program's own function comes before that
/// of libc.
///
/// # Safety
///
/// As for libc's: `time` points to room for a `timespec`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn clock_gettime(id: libc::clockid_t, time: *mut libc::timespec) -> i32 {
    // SAFETY: the kernel's own function, with the caller's arguments.
    let failed = unsafe { libc::syscall(libc::SYS_clock_gettime, id, time) };
    if failed == 0 {
        let ahead = clock::read(id == libc::CLOCK_REALTIME);
        // SAFETY: the kernel has written to it.
        unsafe { (*time).tv_sec += ahead };
    }
    failed as i32
}

fn main() {
    for peer in PEERS {
        if let Some(call) = peer.clocked {
            println!("{}\t{}\t{}", peer.name, edges::CLOCK_STEP, clock::watch(call));
        }
    }
}
