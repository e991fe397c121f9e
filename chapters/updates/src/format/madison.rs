//! `apt-cache madison`: in which index files a version of a package stands.

/// One version in one index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Name of the package.
    pub package: &'a str,
    /// The version.
    pub version: &'a str,
    /// The index, as `apt-cache policy` names it too: `http://deb.debian.org/debian bookworm/main amd64 Packages`.
    pub index: &'a str,
}

/// Reads all lines; indexes of sources are left out.
pub fn parse(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.lines().filter_map(|line| {
        let mut fields = line.splitn(3, " | ").map(str::trim);
        let (package, version, index) = (fields.next()?, fields.next()?, fields.next()?);
        (!package.is_empty() && index.ends_with(" Packages")).then_some(Line { package, version, index })
    })
}
