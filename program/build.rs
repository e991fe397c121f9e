//! Makes cargo notice a newly built GUI: what is embedded is a folder that need not be there yet, and names that change.

#![allow(clippy::disallowed_methods, reason = "a build script has no host: it looks after the checkout")]

fn main() {
    // A folder that is missing when the program is compiled would stay missing for it, whatever is built later.
    if let Err(error) = std::fs::create_dir_all("../web/dist") {
        println!("cargo::warning=without the GUI: cannot make web/dist: {error}");
    }
    println!("cargo::rerun-if-changed=../web/dist");
}
