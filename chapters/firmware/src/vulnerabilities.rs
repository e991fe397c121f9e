//! `/sys/devices/system/cpu/vulnerabilities`: a file for each known flaw of CPUs, with one sentence by the kernel.

/// How a CPU stands towards a flaw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = FlawStanding)]
pub enum Standing {
    /// It does not have the flaw.
    NotAffected,
    /// It has the flaw, and something is done about it.
    Mitigated,
    /// It has the flaw, and nothing or not enough is done about it.
    Vulnerable,
    /// The kernel does not know: inside a virtual machine often only the hypervisor does.
    Unknown,
}

/// What the kernel's sentence means.
pub fn standing(sentence: &str) -> Standing {
    // "KVM: Mitigation: VMX disabled": who is concerned stands before it
    let sentence = sentence.strip_prefix("KVM: ").unwrap_or(sentence);
    let starts =
        |word: &str| sentence.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if starts("Not affected") {
        Standing::NotAffected
    } else if starts("Mitigation") {
        Standing::Mitigated
    } else if starts("Vulnerable") || starts("Processor vulnerable") {
        Standing::Vulnerable
    } else {
        Standing::Unknown
    }
}

/// The name as lscpu(1) writes it: `Itlb multihit` of `itlb_multihit`.
pub fn title(file: &str) -> String {
    let words = file.replace('_', " ");
    let mut letters = words.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => words,
    }
}

/// The sentence as lscpu(1) writes it: in those about mitigations the first colon becomes a semicolon, and the others go.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    match text.split_once(':') {
        Some((first, rest)) if first == "Mitigation" => format!("{first};{}", rest.replace(':', "")),
        _ => text.to_owned(),
    }
}
