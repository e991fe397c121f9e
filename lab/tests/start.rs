//! Hosts start from a saved state, and what is asked for is in them.

use innkeeper_lab::{Error, Lab};

/// Lab: a warm test that only runs one command.
#[test]
fn a_host_starts_from_the_saved_state_and_runs_a_command() -> Result<(), Error> {
    let host = Lab::host().name("alpha").start()?;
    assert_eq!(host.run("hostname; whoami")?, "alpha\nroot");
    Ok(())
}
