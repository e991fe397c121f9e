//! Names as systemd.net-naming-scheme(7) makes them, taken apart.

use crate::kernel::Link;

/// What a name is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// `eno1`: the number that the firmware gives to a card on the board.
    OnBoard {
        /// The number.
        index: u32,
    },
    /// `ens5`: the number of a slot, as the firmware gives it.
    Slot {
        /// The slot.
        slot: u32,
        /// The function of the card, when it has several.
        function: Option<u32>,
    },
    /// `enp3s0f1`: the place on the PCI bus.
    Pci {
        /// PCI domain; 0 on most machines.
        domain: u32,
        /// Bus.
        bus: u32,
        /// Slot on the bus.
        slot: u32,
        /// The function of the card, when it has several.
        function: Option<u32>,
        /// It hangs on a USB port of the controller there.
        usb: bool,
    },
    /// `enx0123456789ab`: the hardware address.
    Mac {
        /// The address with colons.
        mac: String,
    },
    /// `eth0`: the order in which the kernel found the cards.
    Order {
        /// The number.
        number: u32,
    },
    /// Anything else: somebody gave it.
    Given,
}

/// A name taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// What it is made of.
    pub made: Made,
    /// The port of a card with several: `np0`, `d1`.
    pub port: Option<String>,
    /// The number of a virtual function.
    pub virtual_function: Option<u32>,
}

/// What is left of a name that is read from its front.
struct Rest<'n>(&'n str);

impl<'n> Rest<'n> {
    /// A letter and the decimal number behind it.
    fn number(&mut self, letter: char) -> Option<u32> {
        let rest = self.0.strip_prefix(letter)?;
        let length = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..length].parse().ok()?;
        self.0 = &rest[length..];
        Some(number)
    }

    /// `n` and the name of a port, or `d` and its number; then `v` and the number of a virtual function. Nothing may be left.
    fn end(mut self) -> Option<(Option<String>, Option<u32>)> {
        if let Some(name) = self.0.strip_prefix('n').filter(|name| !name.is_empty()) {
            let fine = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            return fine.then(|| (Some(name.to_owned()), None));
        }
        let port = self.number('d').map(|number| number.to_string());
        let function = self.number('v');
        self.0.is_empty().then_some((port, function))
    }
}

/// Takes a name apart.
pub fn read(name: &str) -> Name {
    let given = Name { made: Made::Given, port: None, virtual_function: None };
    if let Some(number) = name.strip_prefix("eth").and_then(|number| number.parse().ok()) {
        return Name { made: Made::Order { number }, ..given };
    }
    let kinds = ["en", "ib", "wl", "ww", "sl"];
    let Some(rest) = kinds.iter().find_map(|kind| name.strip_prefix(kind)) else { return given };
    if let Some(mac) = rest.strip_prefix('x').and_then(mac) {
        return Name { made: Made::Mac { mac }, ..given };
    }
    by_place(Rest(rest)).unwrap_or(given)
}

fn mac(digits: &str) -> Option<String> {
    let hex = digits.len() == 12 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pairs: Vec<&str> = (0..6).filter_map(|pair| digits.get(pair * 2..pair * 2 + 2)).collect();
    hex.then(|| pairs.join(":").to_lowercase())
}

fn by_place(mut rest: Rest<'_>) -> Option<Name> {
    let made = if let Some(index) = rest.number('o') {
        Made::OnBoard { index }
    } else if let Some(slot) = rest.number('s') {
        Made::Slot { slot, function: rest.number('f') }
    } else {
        let domain = rest.number('P').unwrap_or_default();
        let (bus, slot) = (rest.number('p')?, rest.number('s')?);
        let function = rest.number('f');
        let usb = usb_ports(&mut rest);
        Made::Pci { domain, bus, slot, function, usb }
    };
    let (port, virtual_function) = rest.end()?;
    Some(Name { made, port, virtual_function })
}

/// The chain of ports to a card on the USB bus, its configuration and interface: `u2u1c3i1`.
fn usb_ports(rest: &mut Rest<'_>) -> bool {
    let mut usb = false;
    while rest.number('u').is_some() {
        usb = true;
    }
    if usb {
        let _ = (rest.number('c'), rest.number('i'));
    }
    usb
}

impl Name {
    /// Whether systemd could give such a name to a card by itself.
    pub fn is_of_the_scheme(&self) -> bool {
        !matches!(self.made, Made::Given | Made::Order { .. })
    }

    /// Whether what the name says is so; `None` when it says nothing that could be compared.
    pub fn fits(&self, link: &Link) -> Option<bool> {
        match &self.made {
            Made::Mac { mac } => {
                let own = link.permanent_mac.as_ref().or(link.mac.as_ref())?;
                Some(own.eq_ignore_ascii_case(mac))
            }
            Made::Pci { domain, bus, slot, function, .. } if self.virtual_function.is_none() => {
                let found = address(link.pci.as_deref()?)?;
                Some(found == (*domain, *bus, *slot, function.unwrap_or_default()))
            }
            _ => None,
        }
    }

    /// What it means, in a sentence without a full stop.
    pub fn sentence(&self, link: &Link) -> String {
        let function = |function: &Option<u32>| match function {
            Some(number) => format!(", function {number}"),
            None => String::new(),
        };
        let mut text = match &self.made {
            Made::OnBoard { index } => format!("card {index} on the board, as the firmware numbers them"),
            Made::Slot { slot, function: of } => {
                format!("card in slot {slot}{}, as the firmware numbers the slots", function(of))
            }
            Made::Pci { domain, bus, slot, function: of, usb } => {
                let domain = if *domain == 0 { String::new() } else { format!("domain {domain}, ") };
                let what = if *usb { "card on a USB port of the controller on" } else { "card on" };
                format!("{what} PCI {domain}bus {bus}, slot {slot}{}", function(of))
            }
            Made::Mac { mac } => format!("card with the hardware address {mac}"),
            Made::Order { number } => {
                format!(
                    "number {number} in the order in which the kernel found the cards, which may be another one at the next start"
                )
            }
            Made::Given => "a name that somebody gave, and no scheme made".to_owned(),
        };
        if let Some(port) = &self.port {
            text.push_str(&format!(", port {port}"));
        }
        if let Some(number) = self.virtual_function {
            text.push_str(&format!(", virtual function {number}"));
        }
        if self.fits(link) == Some(false) {
            let is = link.pci.as_deref().or(link.permanent_mac.as_deref()).unwrap_or("something else");
            text.push_str(&format!(
                "; but it is {is}, so the name was given by a link file or kept from before"
            ));
        }
        text
    }
}

/// Domain, bus, slot and function of `0000:03:00.1`.
fn address(pci: &str) -> Option<(u32, u32, u32, u32)> {
    let (rest, function) = pci.rsplit_once('.')?;
    let mut parts = rest.split(':').map(|part| u32::from_str_radix(part, 16).ok());
    let (domain, bus, slot) = (parts.next()??, parts.next()??, parts.next()??);
    let function = u32::from_str_radix(function, 16).ok()?;
    parts.next().is_none().then_some((domain, bus, slot, function))
}
