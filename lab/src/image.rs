//! The image: a Debian system, built once from a recipe and kept outside the checkout.
//!
//! The recipe is the folder `lab/recipe`: names of packages, files laid over the system, and one script for each stage. A
//! finished image is a folder of the cache, named by the suite and by the hash of all that its recipe says:
//!
//! | file | what |
//! | --- | --- |
//! | `root.qcow2` | the root disk: ext4 on the whole of it, never written to again |
//! | `vmlinuz`, `initrd.img` | what QEMU starts directly |
//! | `packages` | every package and its version |
//! | `times` | what each part of the build took, in seconds |
//! | `states/` | booted hosts that the machine layer has saved |
//!
//! The folder gets its name when it is complete; whatever has another name is not an image.

mod build;
mod cache;
mod needs;
mod recipe;

pub use cache::{Cache, Cleaned};
pub use recipe::{Recipe, Suite};

use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::sync::Arc;

/// A finished image. As long as a value of it lives, in whatever process, the image is in use and `cargo lab clean` leaves it.
#[derive(Clone, Debug)]
pub struct Image {
    suite: Suite,
    dir: Utf8PathBuf,
    _in_use: Arc<File>,
}

impl Image {
    /// The image of the recipe as it stands in the checkout.
    ///
    /// # Errors
    /// When it has not been built, or the recipe or the cache cannot be read.
    pub fn find(suite: Suite) -> Result<Self, ImageError> {
        Self::find_in(&Cache::of_user()?, &Recipe::of_checkout()?, suite)
    }

    /// The image of a recipe in a cache.
    ///
    /// # Errors
    /// When it has not been built, or the cache cannot be read.
    pub fn find_in(cache: &Cache, recipe: &Recipe, suite: Suite) -> Result<Self, ImageError> {
        let name = recipe.image_name(suite);
        let lock = cache.in_use(&name)?;
        let dir = cache.dir().join(name);
        if !dir.is_dir() {
            return Err(ImageError::Missing { suite, dir });
        }
        Ok(Self { suite, dir, _in_use: Arc::new(lock) })
    }

    /// The image, built first when it is not there; `say` is told what the build does and how long each part took.
    ///
    /// # Errors
    /// When something that the build needs is missing, when it fails, or when the cache cannot be written.
    pub fn build(suite: Suite, say: &mut dyn FnMut(&str)) -> Result<Self, ImageError> {
        build::build(&Cache::of_user()?, &Recipe::of_checkout()?, suite, say)
    }

    /// The Debian release in it.
    #[must_use]
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// The root disk, to be used as the backing file of overlays only.
    #[must_use]
    pub fn root(&self) -> Utf8PathBuf {
        self.dir.join("root.qcow2")
    }

    /// The kernel.
    #[must_use]
    pub fn kernel(&self) -> Utf8PathBuf {
        self.dir.join("vmlinuz")
    }

    /// The initial RAM disk.
    #[must_use]
    pub fn initrd(&self) -> Utf8PathBuf {
        self.dir.join("initrd.img")
    }

    /// Where saved states of hosts of this image are kept: they are removed along with it.
    #[must_use]
    pub fn states_dir(&self) -> Utf8PathBuf {
        self.dir.join("states")
    }
}

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// It has not been built.
    #[error("there is no image of {suite} for this recipe ({dir}); build it: cargo lab build{}", suite.option())]
    Missing {
        /// Of this release.
        suite: Suite,
        /// Where it would be.
        dir: Utf8PathBuf,
    },
    /// Programs are missing.
    #[error("{} missing; install: sudo apt-get install {}", list(programs), packages.join(" "))]
    Tools {
        /// Their names.
        programs: Vec<&'static str>,
        /// The packages that they are in.
        packages: Vec<&'static str>,
    },
    /// The build makes device nodes and changes its root directory.
    #[error("building the image needs root: run `cargo lab build` as root, or install sudo")]
    NotRoot,
    /// There is too little space.
    #[error("building the image needs {need_mib} MiB in {dir}, which has {free_mib} MiB free")]
    Disk {
        /// Of this file system.
        dir: Utf8PathBuf,
        /// For the build.
        need_mib: u64,
        /// Now.
        free_mib: u64,
    },
    /// There is too little memory.
    #[error("building the image needs {need_mib} MiB of memory, of which {free_mib} MiB are available")]
    Memory {
        /// For the build.
        need_mib: u64,
        /// Now.
        free_mib: u64,
    },
    /// A script of the recipe failed.
    #[error("{script} failed in its part \"{part}\"; its last lines:\n{tail}\nall of its output: {log}")]
    Stage {
        /// Its file name.
        script: &'static str,
        /// What it was at.
        part: String,
        /// The end of what it printed.
        tail: String,
        /// Where all of that is.
        log: Utf8PathBuf,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something else is not as it must be.
    #[error("{0}")]
    Other(String),
}

impl ImageError {
    fn io(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

fn list(names: &[&str]) -> String {
    match names {
        [one] => format!("{one} is"),
        several => format!("{} are", several.join(", ")),
    }
}
