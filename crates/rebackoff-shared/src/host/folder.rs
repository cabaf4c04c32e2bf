//! The folder of shared guards.

use std::ffi::OsString;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{
    Access, Dir, DirEntry, FileType, Mode, OFlags, Stat, access, chmod, fstat, mkdir, open,
};
use rustix::io::Errno;
use rustix::process::geteuid;

use super::SharedError;

/// The variable that names another folder.
pub(super) const VARIABLE: &str = "REBACKOFF_SHARED_DIR";

/// The folder that `variable` names; else one below `/dev/shm`, or `/tmp` on a host without it. The
/// rest of the environment counts for nothing: a login shell, cron and systemd must meet.
pub(super) fn chosen(variable: Option<OsString>) -> PathBuf {
    if let Some(folder) = variable.filter(|folder| !folder.is_empty()) {
        return folder.into();
    }
    let memory = Path::new("/dev/shm");
    let is_usable = access(memory, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    let parent = if is_usable { memory } else { Path::new("/tmp") };
    parent.join(format!("rebackoff-{}", geteuid().as_raw()))
}

/// Opens the folder, and makes it before where it is missing.
pub(super) fn opened(path: &Path) -> Result<OwnedFd, SharedError> {
    if !path.is_absolute() {
        let rule = format!("the folder of shared guards must be an absolute path; see {VARIABLE}");
        return Err(SharedError::refused(path, rule));
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match mkdir(path, Mode::RWXU).and_then(|()| open(path, flags | OFlags::PATH, Mode::empty())) {
        // The umask may have taken rights of the owner. The number of a descriptor follows no link.
        Ok(made) => {
            let _ = chmod(format!("/proc/self/fd/{}", made.as_raw_fd()), Mode::RWXU);
        }
        Err(Errno::EXIST) => {}
        Err(error) => return Err(SharedError::io("make the folder", path)(error)),
    }
    let folder = open(path, flags, Mode::empty()).map_err(|error| match error {
        Errno::LOOP | Errno::NOTDIR => SharedError::refused(
            path,
            format!("must be a folder and no link; remove it, or name another in {VARIABLE}"),
        ),
        error => SharedError::io("open the folder", path)(error),
    })?;
    let stat = fstat(&folder).map_err(SharedError::io("look at", path))?;
    check_owner(path, &stat, FileType::Directory, "0700")?;
    Ok(folder)
}

/// The names of the files in the folder, in order.
pub(super) fn files(path: &Path) -> Result<Vec<String>, SharedError> {
    let folder = opened(path)?;
    let entries = Dir::read_from(&folder).map_err(SharedError::io("read the folder", path))?;
    let name = |entry: DirEntry| entry.file_name().to_str().ok().map(str::to_owned);
    let mut files: Vec<_> = entries.flatten().filter_map(name).collect();
    files.sort();
    Ok(files)
}

/// Checks that a folder or file is the user's own, and that no other user may use it.
pub(super) fn check_owner(
    path: &Path,
    stat: &Stat,
    kind: FileType,
    mode: &str,
) -> Result<(), SharedError> {
    let (is_kind, own) = (FileType::from_raw_mode(stat.st_mode) == kind, geteuid().as_raw());
    let problem = if !is_kind {
        "must be a regular file; remove it".to_owned()
    } else if stat.st_uid != own {
        let owner = stat.st_uid;
        format!("must belong to user {own}, but belongs to user {owner}; see {VARIABLE}")
    } else if stat.st_mode & 0o077 != 0 {
        let now = stat.st_mode & 0o7777;
        format!(
            "must have the mode {mode}, but has {now:04o}; run chmod {mode} on it, or see {VARIABLE}"
        )
    } else {
        return Ok(());
    };
    Err(SharedError::refused(path, problem))
}
