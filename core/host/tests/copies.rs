//! Copies beside files.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the files from outside")]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use camino::Utf8Path;
use innkeeper_host::{Host, HostError, RealHost};

fn tree() -> (tempfile::TempDir, RealHost) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("etc")).unwrap();
    let host = RealHost::rooted(Utf8Path::from_path(directory.path()).unwrap()).unwrap();
    (directory, host)
}

#[test]
fn a_copy_beside_a_file_has_its_bytes_and_its_mode_and_takes_its_place_by_renaming() {
    let (directory, host) = tree();
    let path = directory.path().join("etc/secret");
    std::fs::write(&path, b"\xff old \0").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    host.copy_beside("/etc/secret".into(), ".secret.copy").unwrap();
    let copy = directory.path().join("etc/.secret.copy");
    assert_eq!(std::fs::read(&copy).unwrap(), b"\xff old \0");
    let (old, new) = (std::fs::metadata(&path).unwrap(), std::fs::metadata(&copy).unwrap());
    assert_eq!((new.mode(), new.uid(), new.gid()), (old.mode(), old.uid(), old.gid()));
    assert_ne!(new.ino(), old.ino(), "what is written into the one does not reach the other");
    std::fs::write(&path, "new").unwrap();
    host.rename("/etc/.secret.copy".into(), "/etc/secret".into()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"\xff old \0");
    let missing = host.copy_beside("/etc/none".into(), ".none.copy").unwrap_err();
    assert!(matches!(missing, HostError::NotFound { .. }), "{missing}");
}
