//! Who may do what: realms, tickets, tokens, roles, access control lists.
