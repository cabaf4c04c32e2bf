//! A descriptor by its number, without unsafe code.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};
use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::ioctl_fioclex;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

/// A copy of the descriptor `number` of this process: sent to itself through a socket, as between processes. That
/// works for sockets and other users' files, which `/dev/fd` cannot open.
///
/// # Errors
///
/// The descriptor is not open, or is not open for writing.
pub(super) fn copy_of(number: i32) -> io::Result<File> {
    let (here, there) = UnixStream::pair()?;
    let byte = [IoSlice::new(&[0])];
    let rights = [number];
    let message = [ControlMessage::ScmRights(&rights)];
    sendmsg::<()>(there.as_raw_fd(), &byte, &message, MsgFlags::empty(), None)?;

    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut received = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(&here, &mut [IoSliceMut::new(&mut byte)], &mut received, RecvFlags::empty())?;
    let mut copies = received.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(copies) => Some(copies),
        _ => None,
    });
    let copy = copies.find_map(|mut copies| copies.next());
    let copy = copy.ok_or(io::ErrorKind::InvalidInput)?;
    ioctl_fioclex(&copy)?;
    if fcntl_getfl(&copy)? & OFlags::ACCMODE == OFlags::RDONLY {
        return Err(io::Error::other("the descriptor is open for reading only"));
    }
    Ok(copy.into())
}
