//! Release files and the names that APT gives to what it fetched.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use innkeeper_apt::format::release::{cache_names, file_name, parse};
use proptest::prelude::*;

/// The right-hand sides are what `apt-get update --print-uris` of Debian 12 prints for these sources.
#[test]
fn cached_files_are_named_as_apt_names_them() {
    for (uri, suite, expected) in [
        ("http://x/", "s", "x_dists_s_InRelease"),
        ("http://x", "./", "x_._InRelease"),
        ("http://x/", "/", "x_InRelease"),
        ("http://x/", "s/", "x_s_InRelease"),
        ("http://x/ y", "s", "x_%20y_dists_s_InRelease"),
        (
            "http://user:pw@h:8080/a_b/c~d",
            "bookworm/updates",
            "h:8080_a%5fb_c%7ed_dists_bookworm_updates_InRelease",
        ),
        (
            "http://deb.debian.org/debian",
            "bookworm-updates",
            "deb.debian.org_debian_dists_bookworm-updates_InRelease",
        ),
        (
            "https://enterprise.proxmox.com/debian/pve/",
            "bookworm",
            "enterprise.proxmox.com_debian_pve_dists_bookworm_InRelease",
        ),
        ("file:/srv/repo", "s", "_srv_repo_dists_s_InRelease"),
        ("http://x/a+b=c", "s", "x_a+b%3dc_dists_s_InRelease"),
        ("http://[::1]:80/y", "s", "::1:80_y_dists_s_InRelease"),
        ("http://X.Y/a,b;c:d@e(f)", "s", "X.Y_a,b;c:d%40e(f)_dists_s_InRelease"),
        ("http://x/a'b?q&r", "s", "x_a'b?q%26r_dists_s_InRelease"),
        ("http://x/a*b", "s", "x_a%2ab_dists_s_InRelease"),
        ("cdrom:[Debian GNU/Linux 12 # x]/", "s", "Debian%20GNU_Linux%2012%20%23%20x_dists_s_InRelease"),
        ("http://x/ä", "s", "x_%c3%a4_dists_s_InRelease"),
    ] {
        assert_eq!(cache_names(uri, suite)[0], expected, "{uri} {suite}");
    }
}

#[test]
fn a_clear_signed_release_gives_its_fields_and_its_signature() {
    let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Debian\nSuite: stable\nCodename: bookworm\n\
                Date: Sat, 06 Sep 2025 09:53:35 UTC\nSHA256:\n Origin: not this\n\
                -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";
    let release = parse(text);
    assert_eq!(release.origin.as_deref(), Some("Debian"));
    assert_eq!(release.codename.as_deref(), Some("bookworm"));
    assert_eq!(release.date.as_deref(), Some("Sat, 06 Sep 2025 09:53:35 UTC"));
    assert_eq!(release.valid_until, None);
    assert!(release.signature.unwrap().starts_with("-----BEGIN PGP SIGNATURE-----"));
}

#[test]
fn a_plain_release_has_no_signature() {
    let release = parse("Origin: Proxmox\nSuite: stable\n");
    assert_eq!(release.origin.as_deref(), Some("Proxmox"));
    assert_eq!(release.signature, None);
}

proptest! {
    #[test]
    fn any_text_gives_a_release(text in any::<String>(), uri in any::<String>()) {
        let _ = parse(&text);
        prop_assert!(!file_name(&uri).contains('/'));
    }
}
