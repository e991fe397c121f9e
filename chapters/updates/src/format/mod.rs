//! What APT and dpkg print and keep, as far as it is made for programs. Text in, values out; nothing panics.

pub mod control;
pub mod dpkg_status;
pub mod madison;
pub mod maps;
pub mod policy;
pub mod simulation;
pub mod version;
