//! The recipe: what the folder `lab/recipe` says, and the hashes that name what was made from it.

use super::ImageError;
use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

/// What the program itself does to the recipe: counted up when that changes, so that older images are not taken for new ones.
const FORMAT: u32 = 1;

/// A Debian release that there is a recipe for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Suite {
    /// Debian 12, which the tests run on.
    #[default]
    Bookworm,
    /// Debian 13, built on demand.
    Trixie,
}

impl Suite {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Bookworm, Self::Trixie];

    /// Its codename.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookworm => "bookworm",
            Self::Trixie => "trixie",
        }
    }

    /// The option that asks for it on the command line; nothing for the default.
    pub(super) fn option(self) -> String {
        if self == Self::default() { String::new() } else { format!(" --suite {self}") }
    }
}

impl std::fmt::Display for Suite {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

impl std::str::FromStr for Suite {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|suite| suite.name() == name).ok_or_else(|| {
            format!("unknown suite {name:?}: there are {}", Self::ALL.map(Self::name).join(" and "))
        })
    }
}

/// All files of the recipe, read once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    dir: Utf8PathBuf,
    files: BTreeMap<String, RecipeFile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct RecipeFile {
    bytes: Vec<u8>,
    executable: bool,
}

impl Recipe {
    /// The recipe in the checkout that this program was built from.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_checkout() -> Result<Self, ImageError> {
        Self::read(Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/recipe")))
    }

    /// The recipe in a folder.
    ///
    /// # Errors
    /// When a file of it cannot be read, or is neither a file nor a folder.
    pub fn read(dir: &Utf8Path) -> Result<Self, ImageError> {
        let mut files = BTreeMap::new();
        collect(dir, dir, &mut files)?;
        Ok(Self { dir: dir.to_owned(), files })
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Names of the packages to install besides the minimal system.
    ///
    /// # Errors
    /// When the list is missing or a line of it is not understood.
    pub fn packages(&self, suite: Suite) -> Result<Vec<String>, ImageError> {
        let text = String::from_utf8_lossy(self.bytes("packages"));
        let mut packages = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                [] => {}
                [name] if !name.starts_with('@') => packages.push(name.to_owned()),
                [only, name] if only.strip_prefix('@').is_some_and(|only| only.parse::<Suite>().is_ok()) => {
                    if only[1..] == *suite.name() {
                        packages.push(name.to_owned());
                    }
                }
                _ => {
                    let path = self.dir.join("packages");
                    return Err(ImageError::Other(format!(
                        "{path}: line {} is not understood: {line}",
                        number + 1
                    )));
                }
            }
        }
        if packages.is_empty() {
            return Err(ImageError::Other(format!("{}: no packages", self.dir.join("packages"))));
        }
        Ok(packages)
    }

    /// The name of the image's folder: everything of the recipe counts.
    #[must_use]
    pub fn image_name(&self, suite: Suite) -> String {
        let mut hash = Hash::new(suite);
        for (name, file) in &self.files {
            hash.add(name.as_bytes()).add(&[u8::from(file.executable)]).add(&file.bytes);
        }
        format!("{suite}-{}", hash.finish())
    }

    /// The name of the stage that holds the packages: what they are and how they are installed counts.
    ///
    /// # Errors
    /// When the list of packages is not understood.
    pub fn base_name(&self, suite: Suite) -> Result<String, ImageError> {
        let mut hash = Hash::new(suite);
        hash.add(self.packages(suite)?.join(" ").as_bytes()).add(self.bytes("base.sh"));
        Ok(format!("base-{suite}-{}", hash.finish()))
    }

    /// The name of the stage that holds the ZFS modules: the versions that they fit count, and how they are built.
    #[must_use]
    pub fn zfs_name(&self, suite: Suite, kernel: &str, zfs: &str) -> String {
        let mut hash = Hash::new(suite);
        hash.add(kernel.as_bytes()).add(zfs.as_bytes()).add(self.bytes("zfs.sh"));
        format!("zfs-{suite}-{}", hash.finish())
    }

    fn bytes(&self, name: &str) -> &[u8] {
        self.files.get(name).map_or(&[], |file| &file.bytes)
    }
}

fn collect(
    root: &Utf8Path,
    dir: &Utf8Path,
    files: &mut BTreeMap<String, RecipeFile>,
) -> Result<(), ImageError> {
    for entry in dir.read_dir_utf8().map_err(ImageError::io(dir))? {
        let entry = entry.map_err(ImageError::io(dir))?;
        let path = entry.path();
        let metadata = path.symlink_metadata().map_err(ImageError::io(path))?;
        if metadata.is_dir() {
            collect(root, path, files)?;
        } else if metadata.is_file() {
            let bytes = std::fs::read(path).map_err(ImageError::io(path))?;
            let name = path.strip_prefix(root).unwrap_or(path).to_string();
            files.insert(name, RecipeFile { bytes, executable: metadata.permissions().mode() & 0o100 != 0 });
        } else {
            return Err(ImageError::Other(format!("{path}: a recipe holds plain files only")));
        }
    }
    Ok(())
}

/// Twelve digits of a SHA-256 over length-prefixed pieces, so that no two lists of pieces look the same.
struct Hash(Sha256);

impl Hash {
    fn new(suite: Suite) -> Self {
        let mut hash = Self(Sha256::new());
        hash.add(&FORMAT.to_be_bytes()).add(suite.name().as_bytes());
        hash
    }

    fn add(&mut self, piece: &[u8]) -> &mut Self {
        self.0.update((piece.len() as u64).to_be_bytes());
        self.0.update(piece);
        self
    }

    fn finish(self) -> String {
        let mut text = String::new();
        for byte in &self.0.finalize()[..6] {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}
