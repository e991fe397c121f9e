//! Network of the host.
//!
//! The configuration of record is `/etc/network/interfaces`, interfaces(5), read and edited without losing a byte
//! that an edit does not mean. Changes are staged in `/etc/network/interfaces.new`, which every reading looks at first.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | interfaces ([`interfaces`]), in their file ([`format`](mod@format)) | `/nodes/{node}/network…`, `/nodes/{node}/network-changes` | `innkeeper network` |
//! | the same, each author's own ([`sets`]) | `/nodes/{node}/network-sets…` | `innkeeper network change-set` |
//! | whole set-ups ([`recipes`]) | `/nodes/{node}/network-recipes…` | `innkeeper network recipe` |
//! | the same, in force ([`apply`]) | `PUT /nodes/{node}/network` | `innkeeper network apply` |
//! | what bridges without learning let through ([`forwarding`]) | `/nodes/{node}/network-forwarding` | `innkeeper network guests`, `forwarding` |
//! | domains and name servers ([`dns`]) | `/nodes/{node}/dns` | `innkeeper dns` |
//! | names of hosts ([`hosts`]) | `/nodes/{node}/hosts…` | `innkeeper hosts` |
//! | names of cards ([`names`]) | `/nodes/{node}/nics…` | `innkeeper nic` |
//! | how they hang together ([`topology`](mod@topology)) | `/nodes/{node}/network-topology` | `innkeeper network topology` |
//! | links, addresses and routes as the kernel has them ([`kernel`]) | | |

pub mod apply;
pub mod dns;
mod edits;
pub mod format;
pub mod forwarding;
pub mod hosts;
pub mod interfaces;
pub mod kernel;
pub mod names;
pub mod recipes;
pub mod sets;
pub mod topology;

use innkeeper_rest::{Check, Method};

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    let mut methods = interfaces::methods();
    methods.extend(sets::api::methods());
    methods.extend(apply::api::methods());
    methods.extend(recipes::methods());
    methods.extend(forwarding::methods());
    methods.extend(dns::methods());
    methods.extend(hosts::methods());
    methods.extend(names::methods());
    methods.extend(topology::api::methods());
    methods
}

/// Every health check of this chapter.
pub fn checks() -> Vec<Check> {
    vec![
        Check { area: "network", title: "network configuration", run: interfaces::checks::run },
        Check { area: "network", title: "network set-ups", run: recipes::checks::run },
        Check { area: "network", title: "forwarding tables of bridges", run: forwarding::checks::run },
        Check { area: "dns", title: "domains and name servers", run: dns::checks::run },
        Check { area: "hosts", title: "names of hosts", run: hosts::checks::run },
        Check { area: "network", title: "links and names of network cards", run: names::checks::run },
    ]
}
