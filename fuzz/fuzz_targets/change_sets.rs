//! Hostile text as the file of a change set, and as two edits of one text: what is read is written as it was, and a merge of two
//! edits loses neither or is refused.
#![no_main]

use innkeeper_network::sets::{ChangeSet, merge, says_the_same};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(set) = ChangeSet::parse("fuzz", text)
        && let Ok(content) = set.content()
    {
        let again = ChangeSet::parse("fuzz", content.as_text().unwrap_or_default());
        assert_eq!(again.as_ref(), Ok(&set));
        let _ = merge(&set.base, &set.text, &set.base);
    }
    // three texts in one, apart by a character that means nothing in any of them
    let mut parts = text.split('\u{1}');
    let [base, own, current] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let set = ChangeSet {
        name: "fuzz".to_owned(),
        author: "root@pam".to_owned(),
        title: String::new(),
        base: base.to_owned(),
        text: own.to_owned(),
    };
    if let Ok(content) = set.content() {
        let again = ChangeSet::parse("fuzz", content.as_text().unwrap_or_default());
        assert_eq!(again.as_ref(), Ok(&set));
    }
    if let Ok(merged) = merge(base, own, current)
        && merged != own
        && let Ok(twice) = merge(base, own, &merged)
    {
        // the same edits again have nothing left to add
        assert!(twice == merged || says_the_same(&twice, &merged));
    }
});
