//! Network of the host.
//!
//! The configuration of record is `/etc/network/interfaces`, interfaces(5), read and edited without losing a byte
//! that an edit does not mean.
