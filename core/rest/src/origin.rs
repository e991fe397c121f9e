//! Where a call comes from, in words that can be read again: changes that could cut the caller off have to know it.

use std::net::IpAddr;

/// A call of somebody at this machine.
pub const COMMAND_LINE: &str = "command line";
const BY_SSH: &str = "command line, by ssh from ";
const TO: &str = " to ";

/// The connection that a caller depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Where they are.
    pub peer: IpAddr,
    /// The address of this machine that they came to, where that is known.
    pub own: Option<IpAddr>,
}

/// The origin of a command that was typed in a session of ssh, from what sshd says of it in `SSH_CONNECTION`: address and port
/// of the client, address and port of this machine. Without one it is somebody at this machine.
pub fn of_command(ssh_connection: Option<&str>) -> String {
    let words: Vec<&str> = ssh_connection.unwrap_or_default().split_whitespace().collect();
    match words[..] {
        [peer, _, own, _] if address(peer).is_some() && address(own).is_some() => {
            format!("{BY_SSH}{peer}{TO}{own}")
        }
        _ => COMMAND_LINE.to_owned(),
    }
}

/// The connection that an origin names: an address, or a session of ssh.
pub fn session(origin: &str) -> Option<Session> {
    let (peer, own) = match origin.strip_prefix(BY_SSH) {
        Some(rest) => rest.split_once(TO)?,
        None => (origin, ""),
    };
    Some(Session { peer: address(peer)?, own: address(own) })
}

/// An address, its zone left out.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::{COMMAND_LINE, Session, of_command, session};

    #[test]
    fn a_session_of_ssh_is_read_from_what_was_written_of_it() {
        let ip = |text: &str| text.parse().unwrap();
        let origin = of_command(Some("192.0.2.99 50122 192.0.2.10 22"));
        assert_eq!(origin, "command line, by ssh from 192.0.2.99 to 192.0.2.10");
        assert_eq!(session(&origin), Some(Session { peer: ip("192.0.2.99"), own: Some(ip("192.0.2.10")) }));
        let six = of_command(Some("fe80::9%vmbr0 50122 ::ffff:192.0.2.10 22"));
        assert_eq!(session(&six), Some(Session { peer: ip("fe80::9"), own: Some(ip("192.0.2.10")) }));
        assert_eq!(session("192.0.2.99"), Some(Session { peer: ip("192.0.2.99"), own: None }));
        for strange in ["", "a b c d", "192.0.2.99 1 2", "192.0.2.99 50122 192.0.2.10 22 more", "\n"] {
            assert_eq!(of_command(Some(strange)), COMMAND_LINE);
        }
        assert_eq!(of_command(None), COMMAND_LINE);
        for nowhere in
            [COMMAND_LINE, "daily job", "command line, by ssh from x to y", "command line, by ssh from 1"]
        {
            assert_eq!(session(nowhere), None);
        }
    }
}
