//! Hosts: QEMU processes, and everything a test does to them.
