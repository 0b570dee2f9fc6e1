//! What a tunnel has carried.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of one tunnel; they only grow. Any thread may read them.
#[derive(Debug, Default)]
pub struct TunnelCounters {
    connections: AtomicU64,
    refused: AtomicU64,
    unserved: AtomicU64,
    to_server: AtomicU64,
    to_device: AtomicU64,
}

impl TunnelCounters {
    /// Connections that the server passed on and that were accepted.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Connections that were closed at once because there were as many as allowed.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Accepted connections that were closed because nothing answered at the local port.
    pub fn unserved(&self) -> u64 {
        self.unserved.load(Ordering::Relaxed)
    }

    /// Bytes from the device to the server.
    pub fn to_server(&self) -> u64 {
        self.to_server.load(Ordering::Relaxed)
    }

    /// Bytes from the server to the device.
    pub fn to_device(&self) -> u64 {
        self.to_device.load(Ordering::Relaxed)
    }

    pub(super) fn accepted(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn not_served(&self) {
        self.unserved.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.to_server.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn received(&self, bytes: usize) {
        self.to_device.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
