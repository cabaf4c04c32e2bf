// Apart, since the project forbids unsafe code.

#[rebackoff::on_error(constant(interval = 0), max_tries = 2)]
unsafe fn read(number: *const u32) -> Result<u32, u32> {
    let number = unsafe { *number };
    Err(number)
}

#[rebackoff::on_error(constant(interval = 0), max_tries = 2)]
async unsafe fn read_later(number: &u32) -> Result<u32, u32> {
    Err(*number)
}

fn main() {
    assert_eq!(unsafe { read(&7) }, Err(7));
    drop(unsafe { read_later(&7) });
}
