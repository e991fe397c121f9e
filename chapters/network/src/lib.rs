//! Network of the host.
//!
//! The configuration of record is `/etc/network/interfaces`, interfaces(5), read and edited without losing a byte
//! that an edit does not mean.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | domains and name servers ([`dns`]) | `/nodes/{node}/dns` | `innkeeper dns` |
//! | names of hosts ([`hosts`]) | `/nodes/{node}/hosts…` | `innkeeper hosts` |
//! | names of cards ([`names`]) | `/nodes/{node}/nics…` | `innkeeper nic` |
//! | links, addresses and routes as the kernel has them ([`kernel`]) | | |

pub mod dns;
mod edits;
pub mod hosts;
pub mod kernel;
pub mod names;

use innkeeper_rest::{Check, Method};

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    let mut methods = dns::methods();
    methods.extend(hosts::methods());
    methods.extend(names::methods());
    methods
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![
        Check { area: "dns", title: "domains and name servers", run: dns::checks::run },
        Check { area: "hosts", title: "names of hosts", run: hosts::checks::run },
        Check { area: "network", title: "links and names of network cards", run: names::checks::run },
    ]
}
