//! The cache: where images and the stages they are made of are kept, and what keeps two processes from each other's folders.

use super::recipe::{Recipe, Suite};
use super::{ImageError, needs};
use camino::{Utf8Path, Utf8PathBuf};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::process::Command;

/// What a folder is called until it is complete.
const PARTIAL: &str = ".partial";

/// What it is called while it is removed.
const REMOVED: &str = ".removed";

/// A folder of images.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: Utf8PathBuf,
}

/// What [`Cache::clean`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Folders that are gone, and how many bytes each took.
    pub removed: Vec<(String, u64)>,
    /// Folders that some process uses at this moment, and that have been left.
    pub in_use: Vec<String>,
}

impl Cache {
    /// The cache of this user: `$INNKEEPER_LAB_CACHE`, or `innkeeper-lab` in `$XDG_CACHE_HOME` or in `~/.cache`.
    ///
    /// # Errors
    /// When the environment names no folder, or one that is not absolute.
    pub fn of_user() -> Result<Self, ImageError> {
        Self::from_environment(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ImageError> {
        let dir = match (variable("INNKEEPER_LAB_CACHE"), variable("XDG_CACHE_HOME"), variable("HOME")) {
            (Some(dir), _, _) => Utf8PathBuf::from(dir),
            (None, Some(cache), _) => Utf8PathBuf::from(cache).join("innkeeper-lab"),
            (None, None, Some(home)) => Utf8PathBuf::from(home).join(".cache/innkeeper-lab"),
            (None, None, None) => {
                return Err(ImageError::Other(
                    "no place for images: set INNKEEPER_LAB_CACHE or HOME".to_owned(),
                ));
            }
        };
        if dir.is_absolute() {
            Ok(Self { dir })
        } else {
            Err(ImageError::Other(format!("the place for images must be an absolute path, and is {dir}")))
        }
    }

    /// A cache in a folder of your choice.
    #[must_use]
    pub fn at(dir: impl Into<Utf8PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Holds an image against removal, until the file is dropped.
    pub(super) fn in_use(&self, name: &str) -> Result<File, ImageError> {
        let (path, lock) = match self.lock_file(name) {
            // an image of somebody else, who has made the file along with it: to be read is enough for a lock that is shared
            Err(ImageError::Io { path, source }) if source.kind() == ErrorKind::PermissionDenied => {
                let file = File::open(self.dir.join("locks").join(name))
                    .map_err(|_| ImageError::Io { path, source })?;
                (self.dir.join("locks").join(name), file)
            }
            other => other?,
        };
        lock.lock_shared().map_err(ImageError::io(path))?;
        Ok(lock)
    }

    /// Holds the right to build, until the file is dropped; waits for whoever has it.
    pub(super) fn building(&self, say: &mut dyn FnMut(&str)) -> Result<File, ImageError> {
        let (path, lock) = self.lock_file("build")?;
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => say("waiting for another build to finish"),
            Err(TryLockError::Error(source)) => return Err(ImageError::Io { path, source }),
        }
        lock.lock().map_err(ImageError::io(path))?;
        Ok(lock)
    }

    /// An empty folder to build something in, to be renamed by [`Cache::complete`]. Only under the build lock.
    pub(super) fn begin(&self, name: &str) -> Result<Utf8PathBuf, ImageError> {
        let dir = self.dir.join(format!("{name}{PARTIAL}"));
        remove_tree(&dir)?;
        std::fs::create_dir_all(&dir).map_err(ImageError::io(&dir))?;
        Ok(dir)
    }

    /// Gives a folder its name, once everything in it is on the disk.
    pub(super) fn complete(&self, name: &str) -> Result<Utf8PathBuf, ImageError> {
        let partial = self.dir.join(format!("{name}{PARTIAL}"));
        let dir = self.dir.join(name);
        sync_below(&partial)?;
        std::fs::rename(&partial, &dir).map_err(ImageError::io(&partial))?;
        Ok(dir)
    }

    /// Removes what builds have left that were killed. Only under the build lock.
    pub(super) fn remove_leftovers(&self, say: &mut dyn FnMut(&str)) -> Result<(), ImageError> {
        for name in self.names()?.iter().filter(|name| is_ours(name) && is_leftover(name)) {
            say(&format!("removing {name}, which has been left by something that was cut off"));
            remove_tree(&self.dir.join(name))?;
        }
        Ok(())
    }

    /// Removes images, their saved states and their stages: those of other recipes than the given one, or all. What is in use stays.
    ///
    /// # Errors
    /// When the cache cannot be read, or something cannot be removed.
    pub fn clean(&self, recipe: Option<&Recipe>) -> Result<Cleaned, ImageError> {
        let mut cleaned = Cleaned::default();
        if !self.dir.is_dir() {
            return Ok(cleaned);
        }
        let keep = recipe.map(|recipe| self.current(recipe)).transpose()?.unwrap_or_default();
        let (path, lock) = self.lock_file("build")?;
        let building = match lock.try_lock() {
            Ok(()) => false,
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(source)) => return Err(ImageError::Io { path, source }),
        };
        for name in doomed(&self.names()?, &keep) {
            // a running build may hold any stage; an image has a lock of its own
            let of_build = !is_image(&name);
            if (building && of_build) || !self.remove_unless_used(&name, &mut cleaned)? {
                cleaned.in_use.push(name);
            }
        }
        Ok(cleaned)
    }

    fn remove_unless_used(&self, name: &str, cleaned: &mut Cleaned) -> Result<bool, ImageError> {
        let (path, lock) = self.lock_file(name)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(source)) => return Err(ImageError::Io { path, source }),
        }
        let dir = self.dir.join(name);
        let bytes = size(&dir);
        // under another name first: half a removed image must not be taken for one
        if is_leftover(name) {
            remove_tree(&dir)?;
        } else {
            let doomed = self.dir.join(format!("{name}{REMOVED}"));
            remove_tree(&doomed)?;
            std::fs::rename(&dir, &doomed).map_err(ImageError::io(&dir))?;
            remove_tree(&doomed)?;
        }
        cleaned.removed.push((name.to_owned(), bytes));
        Ok(true)
    }

    /// The names of everything that a recipe makes of what is here.
    fn current(&self, recipe: &Recipe) -> Result<BTreeSet<String>, ImageError> {
        let mut keep = BTreeSet::new();
        for suite in Suite::ALL {
            keep.insert(recipe.image_name(suite));
            let base = recipe.base_name(suite)?;
            if let Ok(versions) = Versions::read(&self.dir.join(&base)) {
                keep.insert(recipe.zfs_name(suite, &versions.kernel, &versions.zfs));
            }
            keep.insert(base);
        }
        Ok(keep)
    }

    fn names(&self) -> Result<Vec<String>, ImageError> {
        let mut names = Vec::new();
        for entry in self.dir.read_dir_utf8().map_err(ImageError::io(&self.dir))? {
            names.push(entry.map_err(ImageError::io(&self.dir))?.file_name().to_owned());
        }
        names.sort();
        Ok(names)
    }

    fn lock_file(&self, name: &str) -> Result<(Utf8PathBuf, File), ImageError> {
        let dir = self.dir.join("locks");
        std::fs::create_dir_all(&dir).map_err(ImageError::io(&dir))?;
        let path = dir.join(name);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        file.map_err(ImageError::io(&path)).map(|file| (path, file))
    }
}

/// The versions in the first stage that the second must fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) kernel: String,
    pub(super) zfs: String,
}

impl Versions {
    pub(super) fn read(base: &Utf8Path) -> Result<Self, ImageError> {
        let path = base.join("versions");
        let text = std::fs::read_to_string(&path).map_err(ImageError::io(&path))?;
        let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        match (of("kernel="), of("zfs=")) {
            (Some(kernel), Some(zfs)) => Ok(Self { kernel, zfs }),
            _ => Err(ImageError::Other(format!("{path}: names no kernel and no ZFS"))),
        }
    }
}

/// Which of these folders go: all that the cache has made and that is not to be kept. What anybody else has put there stays.
fn doomed(names: &[String], keep: &BTreeSet<String>) -> Vec<String> {
    names.iter().filter(|name| is_ours(name) && !keep.contains(*name)).cloned().collect()
}

fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix(PARTIAL).or_else(|| name.strip_suffix(REMOVED)).unwrap_or(name);
    is_image(name.strip_prefix("base-").or_else(|| name.strip_prefix("zfs-")).unwrap_or(name))
}

fn is_leftover(name: &str) -> bool {
    name.ends_with(PARTIAL) || name.ends_with(REMOVED)
}

fn is_image(name: &str) -> bool {
    name.split_once('-').is_some_and(|(suite, hash)| {
        suite.parse::<Suite>().is_ok()
            && hash.len() == 12
            && hash.bytes().all(|digit| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit))
    })
}

/// Removes a folder that may hold a system's tree. What is mounted in there is unmounted first, and no other file system touched.
fn remove_tree(dir: &Utf8Path) -> Result<(), ImageError> {
    if !dir.exists() {
        return Ok(());
    }
    let table =
        std::fs::read_to_string("/proc/self/mountinfo").map_err(ImageError::io("/proc/self/mountinfo"))?;
    for mount in mounts_below(&table, dir) {
        run(needs::as_root("umount")?.arg(&mount))?;
    }
    let mine = dir.join("tree").symlink_metadata().is_err();
    let mut command = if mine { Command::new("rm") } else { needs::as_root("rm")? };
    run(command.args(["-rf", "--one-file-system", "--"]).arg(dir))
}

/// Mount points below a folder, innermost first.
fn mounts_below(mountinfo: &str, dir: &Utf8Path) -> Vec<String> {
    let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    let points =
        points.map(|point| point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"));
    let mut points: Vec<_> = points.filter(|point| Utf8Path::new(point).starts_with(dir)).collect();
    points.reverse();
    points
}

fn run(command: &mut Command) -> Result<(), ImageError> {
    let shown = format!("{command:?}");
    let output =
        command.output().map_err(ImageError::io(command.get_program().to_string_lossy().into_owned()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(ImageError::Other(format!("{shown}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// Waits until everything below a folder is on the disk.
fn sync_below(path: &Utf8Path) -> Result<(), ImageError> {
    if path.is_dir() {
        for entry in path.read_dir_utf8().map_err(ImageError::io(path))? {
            sync_below(entry.map_err(ImageError::io(path))?.path())?;
        }
    }
    File::open(path).and_then(|file| file.sync_all()).map_err(ImageError::io(path))
}

/// What a folder takes on the disk, as far as it can be read.
fn size(path: &Utf8Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = path.symlink_metadata() else { return 0 };
    let below = if metadata.is_dir() { path.read_dir_utf8().ok() } else { None };
    let below: u64 = below.into_iter().flatten().flatten().map(|entry| size(entry.path())).sum();
    metadata.blocks() * 512 + below
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
