//! Host administration for virtualization hosts.
fn main() {}
