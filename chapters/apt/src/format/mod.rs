//! Parsers and writers of the chapter's file formats: `&str` in, `&str` out, lossless, no I/O.

pub mod deb822;
pub mod document;
pub mod dpkg_status;
pub mod entry;
pub mod one_line;
pub mod os_release;
pub mod refresh_log;
pub mod release;
