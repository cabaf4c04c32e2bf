//! Compiles only while nothing below `rebackoff-core` links std: there may be one panic handler
//! in a program, std brings one, and this crate has another.
#![no_std]

use core::panic::PanicInfo;

pub use rebackoff_core::Policy;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
