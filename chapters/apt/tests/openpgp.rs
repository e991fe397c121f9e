//! The reader of OpenPGP data, against what `gpg --show-keys --with-colons` says of the same files.
//!
//! The example keys were made by gpg at a faked time; the Debian keys come from Debian's own packages.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use innkeeper_apt::openpgp::{Key, OpenPgpError, keyring, signatures};
use proptest::prelude::*;

const DEBIAN_12: &[u8] = include_bytes!("fixtures/openpgp/debian-archive-bookworm-stable.asc");
const DEBIAN_13: &[u8] = include_bytes!("fixtures/openpgp/debian-archive-trixie-automatic.gpg");
const EXPIRED: &[u8] = include_bytes!("fixtures/openpgp/expired.gpg");
const PROLONGED: &[u8] = include_bytes!("fixtures/openpgp/prolonged.asc");
const REVOKED: &[u8] = include_bytes!("fixtures/openpgp/revoked.gpg");
const SECRET: &[u8] = include_bytes!("fixtures/openpgp/secret.gpg");
const KEYBOX: &[u8] = include_bytes!("fixtures/openpgp/keybox.kbx");
const TWO_BLOCKS: &[u8] = include_bytes!("fixtures/openpgp/two-blocks.asc");
const DETACHED: &[u8] = include_bytes!("fixtures/openpgp/detached.asc");

fn only(data: &[u8]) -> Key {
    let keys = keyring(data).unwrap();
    assert_eq!(keys.len(), 1);
    keys.into_iter().next().unwrap()
}

/// APT-32
#[test]
fn debian_s_own_keys_read_as_gpg_shows_them() {
    let armored = only(DEBIAN_12);
    assert_eq!(armored.primary.fingerprint, "4D64FEC119C2029067D6E791F8D2585B8783D481");
    assert_eq!((armored.primary.created, armored.primary.expires), (1_674_492_243, Some(1_926_780_243)));
    assert_eq!(armored.primary.algorithm, 22);
    assert_eq!(
        armored.user_ids,
        ["Debian Stable Release Key (12/bookworm) <debian-release@lists.debian.org>"]
    );

    let binary = only(DEBIAN_13);
    assert_eq!(binary.primary.fingerprint, "04B54C3CDCA79751B16BC6B5225629DF75B188BD");
    assert_eq!(binary.primary.key_id(), "225629DF75B188BD");
    assert_eq!((binary.primary.created, binary.primary.expires), (1_743_339_029, Some(2_058_699_029)));
    assert_eq!(binary.subkeys.len(), 1);
    assert_eq!(binary.subkeys[0].fingerprint, "B8E5F13176D2A7A75220028078DBA3BC47EF2265");
    assert_eq!(binary.subkeys[0].expires, Some(2_058_699_029));
    assert!(!binary.primary.revoked);
}

#[test]
fn the_newest_self_signature_decides_the_expiry() {
    assert_eq!(only(EXPIRED).primary.expires, Some(1_609_372_800));
    let prolonged = only(PROLONGED);
    assert_eq!(prolonged.primary.expires, Some(2_221_689_600));
    assert_eq!(prolonged.subkeys[0].expires, Some(1_654_041_600));
}

#[test]
fn a_revocation_is_seen() {
    let key = only(REVOKED);
    assert!(key.primary.revoked);
    assert_eq!(key.primary.expires, None);
}

#[test]
fn several_armored_blocks_are_one_keyring() {
    let keys = keyring(TWO_BLOCKS).unwrap();
    let prints: Vec<_> = keys.iter().map(|key| key.primary.key_id()).collect();
    assert_eq!(prints, ["F8D2585B8783D481", "264FD5ED0993C64F"]);
}

#[test]
fn a_signature_names_the_subkey_that_made_it() {
    let made = signatures(DETACHED).unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].issuer_fingerprint.as_deref(), Some("4C9755381C92536E5123CBC4A92457A2F96A0F4F"));
    assert_eq!(made[0].issuer_key_id.as_deref(), Some("A92457A2F96A0F4F"));
    assert_eq!(made[0].created, Some(1_593_561_600));
    let maker = only(PROLONGED);
    assert_eq!(maker.maker(&made[0]).unwrap().key_id(), "A92457A2F96A0F4F");
    assert!(only(EXPIRED).maker(&made[0]).is_none());
}

#[test]
fn what_is_no_public_keyring_is_refused_with_the_reason() {
    assert_eq!(keyring(SECRET), Err(OpenPgpError::SecretKey));
    assert_eq!(keyring(b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n"), Err(OpenPgpError::SecretKey));
    assert_eq!(keyring(KEYBOX), Err(OpenPgpError::Keybox));
    assert_eq!(keyring(b"<html>404</html>"), Err(OpenPgpError::NotOpenPgp));
    assert_eq!(keyring(&DEBIAN_13[..DEBIAN_13.len() - 1]), Err(OpenPgpError::Truncated));
    assert_eq!(keyring(&DEBIAN_12[..DEBIAN_12.len() - 40]), Err(OpenPgpError::Truncated));
    let mut damaged = DEBIAN_12.to_vec();
    damaged[100] = b'!';
    assert_eq!(keyring(&damaged), Err(OpenPgpError::Armor));
    assert_eq!(keyring(b""), Ok(Vec::new()));
}

#[test]
fn keys_of_other_versions_are_passed_over_with_all_that_belongs_to_them() {
    // a version 6 key packet, a user id of its, then a whole version 4 key
    let mut data = vec![0xc6, 6, 6, 0, 0, 0, 0, 27, 0xcd, 1, b'x'];
    data.extend(EXPIRED);
    assert_eq!(keyring(&data).unwrap(), keyring(EXPIRED).unwrap());
}

proptest! {
    #[test]
    fn any_bytes_give_an_answer(data in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = keyring(&data);
        let _ = signatures(&data);
    }

    #[test]
    fn a_flipped_or_cut_keyring_gives_an_answer(at in 0..DEBIAN_13.len(), flip in 1..=255u8, cut in 0..DEBIAN_13.len()) {
        let mut data = DEBIAN_13.to_vec();
        data[at] ^= flip;
        let _ = keyring(&data);
        data.truncate(cut);
        let _ = keyring(&data);
    }
}
