//! The body of a fuzz target: what must hold for any bytes from the other end of the unit's socket.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::wire::{self, LONGEST_ORDER, LONGEST_REPORT, Order, Report};
use crate::services::process::Outcome;

/// Reads `bytes` as an order and as a report, for the fuzzer and its kept seeds. Nothing is carried out. Panics if what
/// was understood would not be understood again.
pub fn exercise(bytes: &[u8]) {
    if let Some(order) = read::<Order>(bytes, LONGEST_ORDER) {
        let again = read::<Order>(&written(&order), u64::MAX).map(|order| (order.command, order.time_limit_ms));
        assert_eq!(again, Some((order.command, order.time_limit_ms)));
    }
    if let Some(report) = read::<Report>(bytes, LONGEST_REPORT) {
        let again = read::<Report>(&written(&report), u64::MAX).map(meaning);
        assert_eq!(again, Some(meaning(report)));
    }
}

fn meaning(report: Report) -> Result<Outcome, String> {
    match report {
        Report::Ended(ended) => Ok(ended.into()),
        Report::Failed(why) => Err(why),
    }
}

fn read<T: DeserializeOwned>(mut bytes: &[u8], longest: u64) -> Option<T> {
    at_once(wire::receive(&mut bytes, longest))?.ok()
}

fn written(message: &impl Serialize) -> Vec<u8> {
    let mut line = Vec::new();
    let sent = at_once(wire::send(&mut line, message));
    assert!(matches!(sent, Some(Ok(()))), "what was read can be written");
    line
}

/// Bytes in memory never let anybody wait.
fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
