//! Requests for filters that may be several packets: they are answered as one.

use std::collections::BTreeMap;

/// Names a request on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request(u64);

#[derive(Debug)]
struct Open {
    /// Packets that are not yet answered.
    left: usize,
    refused: Vec<String>,
}

/// The requests that are not wholly answered.
#[derive(Debug, Default)]
pub(super) struct Requests {
    open: BTreeMap<Request, Open>,
    last: u64,
}

impl Requests {
    /// A request that goes out as so many packets.
    pub(super) fn begin(&mut self, packets: usize) -> Request {
        self.last += 1;
        let request = Request(self.last);
        self.open.insert(request, Open { left: packets, refused: Vec::new() });
        request
    }

    /// One of its packets is answered; the last answer gives all filters that were refused.
    pub(super) fn answered(&mut self, request: Request, refused: impl Iterator<Item = String>) -> Option<Vec<String>> {
        let open = self.open.get_mut(&request)?;
        open.refused.extend(refused);
        open.left = open.left.saturating_sub(1);
        if open.left > 0 {
            return None;
        }
        self.open.remove(&request).map(|open| open.refused)
    }
}
