//! The wire formats of the servers.

pub mod linto;
