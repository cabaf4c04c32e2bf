//! The file of a guard: a page whose first half is the state, and whose second half says whose.

use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rebackoff_core::{GuardParameters, HostGuard};
use rustix::fs::{
    AtFlags, FallocateFlags, FileType, FlockOperation, Mode, OFlags, Stat, fallocate, fchmod,
    flock, fstat, linkat, openat, unlinkat,
};
use rustix::io::{Errno, pread, pwrite};

use super::boot::BootId;
use super::folder::check_owner;
use super::{SharedError, folder, leftovers, name};

/// The bytes of a file.
pub(super) const SIZE: usize = 4096;
/// The bytes for the state.
pub(super) const STATE_SIZE: usize = SIZE / 2;

const MAGIC: [u8; 8] = *b"rebackof";
const BOOT_AT: usize = STATE_SIZE + MAGIC.len();
const PARAMETERS_AT: usize = BOOT_AT + size_of::<BootId>();
const END: usize = PARAMETERS_AT + size_of::<GuardParameters>();

/// The place of a guard's file, and its contents but for the state.
#[derive(Clone, Debug)]
pub(super) struct GuardFile {
    pub(super) folder: PathBuf,
    pub(super) name: String,
    pub(super) parameters: GuardParameters,
    pub(super) boot: BootId,
}

impl GuardFile {
    pub(super) fn new<G: HostGuard>(folder: &Path, name: &str, guard: &G, boot: BootId) -> Self {
        let parameters = guard.parameters();
        let name = name::of_file::<G>(name, &parameters);
        Self { folder: folder.to_owned(), name, parameters, boot }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Opens the file, and makes it before where it is missing.
    pub(super) fn open(&self) -> Result<(OwnedFd, Stat), SharedError> {
        let folder = folder::opened(&self.folder)?;
        // A file may be removed again and again, but not as fast as this.
        for _ in 0..100 {
            match open_existing(&folder, &self.path(), &self.name)? {
                Some((file, stat)) => {
                    self.check_contents(&file)?;
                    return Ok((file, stat));
                }
                None => self.create(&folder)?,
            }
        }
        Err(SharedError::refused(&self.path(), "another process removes it again and again"))
    }

    /// Makes the file under another name, and links it into place, unless another process is faster or takes it for a
    /// leftover.
    fn create(&self, folder: &OwnedFd) -> Result<(), SharedError> {
        let path = self.path();
        let fail = SharedError::io("make", &path);
        leftovers::remove(folder, &self.folder);
        let temporary = leftovers::temporary(&self.name);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let file = match openat(folder, &temporary, flags, Mode::RUSR | Mode::WUSR) {
            // A process of another container has this number; the next name is another.
            Err(Errno::EXIST) => return Ok(()),
            file => file.map_err(&fail)?,
        };
        if !leftovers::claim(&file) {
            return Ok(());
        }
        let made = self.fill(&file).and_then(|()| {
            match linkat(folder, &temporary, folder, &self.name, AtFlags::empty()) {
                Err(Errno::EXIST | Errno::NOENT) => Ok(()),
                linked => linked,
            }
        });
        let _ = unlinkat(folder, &temporary, AtFlags::empty());
        made.map_err(fail)
    }

    /// Allocates the space, so that a full disk is an error here and no signal later.
    fn fill(&self, file: &OwnedFd) -> Result<(), Errno> {
        fchmod(file, Mode::RUSR | Mode::WUSR)?;
        match fallocate(file, FallocateFlags::empty(), 0, SIZE as u64) {
            Ok(()) | Err(Errno::OPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
        let mut bytes = [0; SIZE];
        bytes[STATE_SIZE..BOOT_AT].copy_from_slice(&MAGIC);
        bytes[BOOT_AT..PARAMETERS_AT].copy_from_slice(&self.boot);
        let words = bytes[PARAMETERS_AT..END].chunks_exact_mut(size_of::<u64>());
        for (bytes, word) in words.zip(self.parameters) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        write(file, &bytes, 0)
    }

    /// Checks whose file it is. The state of an earlier boot begins anew.
    fn check_contents(&self, file: &OwnedFd) -> Result<(), SharedError> {
        let path = self.path();
        let contents = Contents::read(file, &path)?;
        if contents.parameters != self.parameters {
            return Err(foreign(&path));
        }
        if contents.boot == self.boot {
            return Ok(());
        }
        let fail = SharedError::io("begin anew", &path);
        // Closing the file unlocks it, also where the process is killed.
        flock(file, FlockOperation::LockExclusive).map_err(&fail)?;
        if Contents::read(file, &path)?.boot != self.boot {
            // The id comes last: a process that is killed before it leaves the work to the next.
            write(file, &[0; STATE_SIZE], 0).map_err(&fail)?;
            write(file, &self.boot, BOOT_AT).map_err(&fail)?;
        }
        flock(file, FlockOperation::Unlock).map_err(&fail)
    }
}

/// The second half of a file.
#[derive(Debug)]
pub(super) struct Contents {
    boot: BootId,
    pub(super) parameters: GuardParameters,
}

impl Contents {
    pub(super) fn read(file: &impl AsFd, path: &Path) -> Result<Self, SharedError> {
        let mut bytes = [0; END - STATE_SIZE];
        let read = pread(file, &mut bytes, STATE_SIZE as u64);
        let read = read.map_err(SharedError::io("read", path))?;
        if read < bytes.len() || bytes[..MAGIC.len()] != MAGIC {
            return Err(foreign(path));
        }
        let mut boot = BootId::default();
        boot.copy_from_slice(&bytes[BOOT_AT - STATE_SIZE..PARAMETERS_AT - STATE_SIZE]);
        let mut parameters = GuardParameters::default();
        let words = bytes[PARAMETERS_AT - STATE_SIZE..].chunks_exact(size_of::<u64>());
        for (parameter, bytes) in parameters.iter_mut().zip(words) {
            let mut word = [0; size_of::<u64>()];
            word.copy_from_slice(bytes);
            *parameter = u64::from_le_bytes(word);
        }
        Ok(Self { boot, parameters })
    }
}

/// Opens a file that exists, and checks owner, mode, kind and size.
pub(super) fn open_existing(
    folder: &OwnedFd,
    path: &Path,
    name: &str,
) -> Result<Option<(OwnedFd, Stat)>, SharedError> {
    // No device or pipe makes it wait.
    let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => {
            return Err(SharedError::refused(path, "must be a regular file; remove it"));
        }
        Err(error) => return Err(SharedError::io("open", path)(error)),
    };
    let stat = fstat(&file).map_err(SharedError::io("look at", path))?;
    check_owner(path, &stat, FileType::RegularFile, "0600")?;
    if usize::try_from(stat.st_size) != Ok(SIZE) {
        return Err(foreign(path));
    }
    Ok(Some((file, stat)))
}

fn foreign(path: &Path) -> SharedError {
    let problem = "is no file of a shared guard, or is truncated, and is left as it is; remove it";
    SharedError::refused(path, problem)
}

fn write(file: &OwnedFd, bytes: &[u8], at: usize) -> Result<(), Errno> {
    let mut done = 0;
    while done < bytes.len() {
        match pwrite(file, &bytes[done..], (at + done) as u64) {
            Ok(0) => return Err(Errno::NOSPC),
            Ok(more) => done += more,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
