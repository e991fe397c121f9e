//! `/proc/cpuinfo`: what the CPU is, and which microcode runs on it.

/// Who made the CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// `GenuineIntel`.
    Intel,
    /// `AuthenticAMD`.
    Amd,
}

impl Maker {
    fn of(vendor: &str) -> Option<Self> {
        match vendor {
            "GenuineIntel" => Some(Self::Intel),
            "AuthenticAMD" => Some(Self::Amd),
            _ => None,
        }
    }

    /// Debian's package with this maker's microcode.
    pub fn package(self) -> &'static str {
        match self {
            Self::Intel => "intel-microcode",
            Self::Amd => "amd64-microcode",
        }
    }
}

/// The CPU of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// `vendor_id`.
    pub vendor: String,
    /// `model name`.
    pub name: String,
    /// Family, extended family added.
    pub family: u32,
    /// Model, extended model added.
    pub model: u32,
    /// Stepping.
    pub stepping: u32,
    /// The microcode revisions that run, each once, in the order of the processors; none when the kernel does not say.
    pub revisions: Vec<u32>,
    /// How many processors the kernel uses.
    pub processors: u32,
    /// The CPU says that a hypervisor is below it.
    pub hypervisor: bool,
}

impl Cpu {
    /// Who made it, if microcode for it is packaged.
    pub fn maker(&self) -> Option<Maker> {
        Maker::of(&self.vendor)
    }

    /// What CPUID leaf 1 answers in EAX: the name that microcode containers know a CPU by.
    pub fn signature(&self) -> u32 {
        let (base, extended) = (self.family.min(0xf), self.family.saturating_sub(0xf));
        (self.stepping & 0xf)
            | (self.model & 0xf) << 4
            | base << 8
            | (self.model >> 4 & 0xf) << 16
            | (extended & 0xff) << 20
    }

    /// The revision that counts: the lowest, where processors differ.
    pub fn revision(&self) -> Option<u32> {
        self.revisions.iter().copied().min()
    }
}

/// Reads the text of `/proc/cpuinfo`; `None` when no processor with a maker and a family stands in it, as on other
/// architectures.
pub fn parse(text: &str) -> Option<Cpu> {
    let mut cpu = Cpu::default();
    let mut family = None;
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let (key, value) = (key.trim(), value.trim());
        match key {
            "processor" => cpu.processors = cpu.processors.saturating_add(1),
            "microcode" => {
                if let Some(revision) = hex(value).filter(|revision| !cpu.revisions.contains(revision)) {
                    cpu.revisions.push(revision);
                }
            }
            // the others are those of the first processor
            _ if cpu.processors > 1 => {}
            "vendor_id" => value.clone_into(&mut cpu.vendor),
            "model name" => value.clone_into(&mut cpu.name),
            "cpu family" => family = value.parse().ok(),
            "model" => cpu.model = value.parse().unwrap_or_default(),
            "stepping" => cpu.stepping = value.parse().unwrap_or_default(),
            "flags" => cpu.hypervisor = value.split(' ').any(|flag| flag == "hypervisor"),
            _ => {}
        }
    }
    cpu.family = family?;
    (!cpu.vendor.is_empty()).then_some(cpu)
}

/// `0xf0`.
pub(crate) fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(family: u32, model: u32, stepping: u32) -> Cpu {
        Cpu { family, model, stepping, ..Cpu::default() }
    }

    #[test]
    fn the_signature_is_what_cpuid_answers() {
        // Kaby Lake, Sapphire Rapids, Pentium 4, EPYC Milan, Ryzen 7 PRO, Athlon: as in the containers of Debian
        for (of, is) in [
            (cpu(6, 0x8e, 10), 0x0008_06ea),
            (cpu(6, 0x8f, 8), 0x0008_06f8),
            (cpu(15, 4, 10), 0x0000_0f4a),
            (cpu(25, 1, 1), 0x00a0_0f11),
            (cpu(23, 0x71, 0), 0x0087_0f10),
            (cpu(16, 2, 10), 0x0010_0f2a),
        ] {
            assert_eq!(of.signature(), is, "{of:?}");
        }
    }

    #[test]
    fn what_describes_no_processor_is_none() {
        for text in
            ["", "processor : 0\nBogoMIPS : 243.75\nCPU implementer : 0x41\n", "vendor_id: GenuineIntel\n"]
        {
            assert_eq!(parse(text), None);
        }
    }
}
