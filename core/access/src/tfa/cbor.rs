//! CBOR (RFC 8949) as authenticators write it: definite lengths, no tags, no floats.

/// Deeper than any authenticator nests.
const MOST_DEEP: usize = 6;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cbor<'a> {
    /// A whole number of 64 bits and a sign.
    Int(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Cbor<'a>>),
    Map(Vec<(Cbor<'a>, Cbor<'a>)>),
    /// true, false, null.
    Simple(u8),
}

impl<'a> Cbor<'a> {
    /// The first value, and what follows it.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        read(bytes, 0)
    }

    pub(crate) fn get(&self, key: &Cbor<'_>) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn int(&self) -> Option<i128> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

fn read(bytes: &[u8], depth: usize) -> Option<(Cbor<'_>, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let (major, short) = (first >> 5, first & 0x1f);
    let (number, rest) = match short {
        0..=23 => (u64::from(short), rest),
        24..=27 => {
            let (number, rest) = rest.split_at_checked(1 << (short - 24))?;
            (number.iter().fold(0, |sum, &byte| (sum << 8) | u64::from(byte)), rest)
        }
        _ => return None,
    };
    let length = || usize::try_from(number).ok();
    match major {
        0 => Some((Cbor::Int(i128::from(number)), rest)),
        1 => Some((Cbor::Int(-1 - i128::from(number)), rest)),
        2 => rest.split_at_checked(length()?).map(|(bytes, rest)| (Cbor::Bytes(bytes), rest)),
        3 => {
            let (bytes, rest) = rest.split_at_checked(length()?)?;
            Some((Cbor::Text(std::str::from_utf8(bytes).ok()?), rest))
        }
        4 | 5 if depth >= MOST_DEEP => None,
        4 => {
            let (mut items, mut rest) = (Vec::new(), rest);
            for _ in 0..number {
                let (item, after) = read(rest, depth + 1)?;
                items.push(item);
                rest = after;
            }
            Some((Cbor::Array(items), rest))
        }
        5 => {
            let (mut pairs, mut rest) = (Vec::new(), rest);
            for _ in 0..number {
                let (key, after) = read(rest, depth + 1)?;
                let (value, after) = read(after, depth + 1)?;
                pairs.push((key, value));
                rest = after;
            }
            Some((Cbor::Map(pairs), rest))
        }
        7 if (20..=22).contains(&short) => Some((Cbor::Simple(short), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 8949, appendix A
    #[test]
    fn values_are_read_as_the_standard_says() {
        let parse = |bytes: &'static [u8]| Cbor::parse(bytes);
        assert_eq!(parse(&[0x19, 0x03, 0xe8]), Some((Cbor::Int(1000), &[][..])));
        assert_eq!(parse(&[0x38, 0x63, 0xff]), Some((Cbor::Int(-100), &[0xff][..])));
        assert_eq!(parse(&[0x44, 1, 2, 3, 4]), Some((Cbor::Bytes(&[1, 2, 3, 4]), &[][..])));
        let map = Cbor::Map(vec![(Cbor::Text("a"), Cbor::Array(vec![Cbor::Int(1), Cbor::Simple(21)]))]);
        assert_eq!(parse(&[0xa1, 0x61, b'a', 0x82, 0x01, 0xf5]), Some((map, &[][..])));
        for bad in [
            &[][..],
            &[0x44, 1],
            &[0x1f],
            &[0x9f, 0xff],
            &[0xc0, 0x00],
            &[0xf9, 0, 0],
            &[0xbb, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x81; 20],
        ] {
            assert_eq!(Cbor::parse(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some((_, rest)) = Cbor::parse(&bytes) {
                prop_assert!(rest.len() < bytes.len());
            }
        }
    }
}
