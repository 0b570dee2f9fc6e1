//! Requests of servers' protocols over HTTP.

use std::path::Path;
use std::sync::Arc;

use auricle_core::assistant::event::{Event, ServerId};
use auricle_core::fetch::{Fetch, FetchId};
use tokio::sync::Semaphore;

use super::control::Control;
use super::input::Input;
use crate::net::http;

/// So many run at once; one more is refused.
const AT_ONCE: usize = 4;

/// Places for requests.
pub(super) struct Requests(Arc<Semaphore>);

impl Default for Requests {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Control {
    /// Makes a request for a server; what comes of it is an input.
    pub(super) fn fetch(&mut self, id: ServerId, number: FetchId, fetch: Fetch) {
        let Some(server) = self.servers.get(id.0) else { return };
        let Ok(place) = Arc::clone(&self.services.requests.0).try_acquire_owned() else {
            let why = format!("{AT_ONCE} requests are under way already");
            return self.pending.push_back(Event::Fetched(id, number, Err(why)));
        };
        let (ca_file, inbox) = (server.line.ca_file().map(Path::to_path_buf), self.inbox.clone());
        tokio::spawn(async move {
            let outcome = http::fetch(&fetch, ca_file.as_deref()).await;
            drop(place);
            let _ = inbox.send(Input::Fetched(id, number, outcome)).await;
        });
    }
}
