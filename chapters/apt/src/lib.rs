//! Package repositories and their signatures.

pub mod format;
pub mod openpgp;
