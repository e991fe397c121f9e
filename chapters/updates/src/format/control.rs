//! Control stanzas (deb822): what `apt-cache show` prints, and what `/var/lib/dpkg/status` holds.

/// One paragraph: fields in order, each with its value. Lines that continue a value are still in it, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stanza<'a> {
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Stanza<'a> {
    /// Reads one paragraph. A line that is neither a field nor the continuation of one is passed over.
    pub fn parse(text: &'a str) -> Self {
        let mut fields: Vec<(&str, &str)> = Vec::new();
        let mut offset = 0;
        let mut begun: Option<(&str, usize)> = None;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            if line.starts_with([' ', '\t']) {
                continue;
            }
            if let Some((name, from)) = begun.take() {
                fields.push((name, text[from..start].trim()));
            }
            begun = line
                .split_once(':')
                .filter(|(name, _)| !name.is_empty() && !name.contains([' ', '\t', '\n']))
                .map(|(name, _)| (name, start + name.len() + 1));
        }
        if let Some((name, from)) = begun {
            fields.push((name, text[from..].trim()));
        }
        Self { fields }
    }

    /// The value of a field; names are compared without case.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }

    /// The value of a field, or nothing.
    pub fn text(&self, name: &str) -> &'a str {
        self.get(name).unwrap_or_default()
    }

    /// The value of a field that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The description, in whatever language APT chose: its first line, and the rest.
    pub fn description(&self) -> (&'a str, String) {
        let is_description = |name: &str| {
            name.eq_ignore_ascii_case("Description")
                || (name.len() > 12
                    && name.as_bytes()[..12].eq_ignore_ascii_case(b"Description-")
                    && !name.eq_ignore_ascii_case("Description-md5"))
        };
        let found = self.fields.iter().find(|(name, _)| is_description(name));
        let Some((first, rest)) = found.map(|(_, value)| value.split_once('\n').unwrap_or((value, "")))
        else {
            return ("", String::new());
        };
        let lines: Vec<&str> = rest.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        (first.trim(), lines.join(" "))
    }
}

/// The paragraphs of a text, without those that hold no field.
pub fn stanzas(text: &str) -> impl Iterator<Item = Stanza<'_>> {
    text.split("\n\n").map(Stanza::parse).filter(|stanza| !stanza.fields.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Package: bash\nVersion: 5.2-1\nDescription-md5: 00\nDescription-en: GNU shell\n Bash is a\n shell.\n .\n It reads.\nSize: 12\n\n\nPackage: x\n";

    #[test]
    fn fields_and_the_lines_that_continue_them_are_read() {
        let all: Vec<_> = stanzas(TEXT).collect();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].text("package"), "bash");
        assert_eq!(all[0].number("Size"), Some(12));
        assert_eq!(all[0].description(), ("GNU shell", "Bash is a shell. . It reads.".to_owned()));
        assert_eq!(all[1].get("Version"), None);
    }

    #[test]
    fn what_is_no_field_is_passed_over() {
        assert_eq!(Stanza::parse("a b: c\n:x\nno colon\nA: 1"), Stanza { fields: vec![("A", "1")] });
    }
}
