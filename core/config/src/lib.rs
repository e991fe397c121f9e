//! /etc/pve: section files, property strings, digests, the config store.
