//! The system that hosts start from: an image of the cache, or a folder named by `INNKEEPER_LAB_IMAGE`.

use super::error::Error;
use crate::image::{Image, Suite};
use camino::{Utf8Path, Utf8PathBuf};

/// Names a folder with `root.qcow2`, `vmlinuz` and `initrd.img` that is used in place of the image of the recipe.
const OVERRIDE: &str = "INNKEEPER_LAB_IMAGE";

/// The files of a system.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) root: Utf8PathBuf,
    pub(super) kernel: Utf8PathBuf,
    pub(super) initrd: Utf8PathBuf,
    pub(super) states: Utf8PathBuf,
    /// Keeps the image from being cleaned away.
    _image: Option<Image>,
}

impl Base {
    pub(super) fn find(suite: Suite) -> Result<Self, Error> {
        match std::env::var(OVERRIDE) {
            Ok(dir) => Self::of_folder(Utf8Path::new(&dir)),
            Err(_) => Ok(Self::of_image(Image::find(suite)?)),
        }
    }

    fn of_image(image: Image) -> Self {
        Self {
            root: image.root(),
            kernel: image.kernel(),
            initrd: image.initrd(),
            states: image.states_dir(),
            _image: Some(image),
        }
    }

    fn of_folder(dir: &Utf8Path) -> Result<Self, Error> {
        let base = Self {
            root: dir.join("root.qcow2"),
            kernel: dir.join("vmlinuz"),
            initrd: dir.join("initrd.img"),
            states: dir.join("states"),
            _image: None,
        };
        for path in [&base.root, &base.kernel, &base.initrd] {
            if !path.is_file() {
                return Err(Error::Request(format!("{OVERRIDE}={dir}: {path} is missing")));
            }
        }
        Ok(base)
    }
}
