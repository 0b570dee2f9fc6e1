//! The wire formats of the servers.

pub mod linto;
pub mod xiaozhi;
