//! The options of ports and bonds of Open vSwitch: `bond_mode=balance-slb lacp=active tag=50 …`.

/// What an `ovs_options` line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// The VLAN of a port.
    pub tag: Option<&'a str>,
    mode: Option<&'a str>,
    lacp: Option<&'a str>,
    others: Vec<&'a str>,
}

impl<'a> Options<'a> {
    /// Reads a line.
    pub fn parse(text: &'a str) -> Self {
        let mut options = Self::default();
        for word in text.split_ascii_whitespace() {
            match word.split_once('=') {
                Some(("tag", tag)) => options.tag = Some(tag),
                Some(("bond_mode", mode)) => options.mode = Some(mode),
                Some(("lacp", lacp)) => options.lacp = Some(lacp),
                _ => options.others.push(word),
            }
        }
        options
    }

    /// The mode of a bond in the API's words.
    pub fn mode(&self) -> Option<String> {
        let mode = self.mode?;
        Some(match (self.lacp, mode) {
            (Some("active"), "balance-slb" | "balance-tcp") => format!("lacp-{mode}"),
            _ => mode.to_owned(),
        })
    }

    /// What is neither mode nor tag.
    pub fn rest(&self) -> Option<String> {
        (!self.others.is_empty()).then(|| self.others.join(" "))
    }

    /// The line with another mode (in the API's words), another tag, and the rest as given.
    pub fn write(rest: Option<&str>, mode: Option<&str>, tag: Option<&str>) -> Option<String> {
        let mut words = Vec::new();
        match mode.map(|mode| (mode, mode.strip_prefix("lacp-"))) {
            Some((_, Some(balance))) => {
                words.extend([format!("bond_mode={balance}"), "lacp=active".to_owned()])
            }
            Some((mode, None)) => words.push(format!("bond_mode={mode}")),
            None => {}
        }
        words.extend(tag.map(|tag| format!("tag={tag}")));
        words.extend(rest.filter(|rest| !rest.trim().is_empty()).map(|rest| rest.trim().to_owned()));
        (!words.is_empty()).then(|| words.join(" "))
    }
}
