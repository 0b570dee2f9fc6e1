//! The way to each server, rung by rung: name, TCP, TLS, login, whether anything comes through, whether anybody
//! answers. The first rung that breaks ends the climb; what lies above it is told as not looked at.

mod dns;
mod login;
mod reach;
mod session;
pub mod tls;

use std::net::SocketAddr;

use super::case::Case;
use super::sheet::{Finding, Sheet, Verdict};
use crate::config::Linto;

/// The names of the rungs.
const RUNGS: [&str; 6] = ["dns", "reach", "tls", "login", "delivery", "scope"];

/// So many servers are looked at.
const MOST: usize = 4;

/// Climbs to each server.
pub(super) async fn look(case: &Case, sheet: &Sheet) {
    let Some(settings) = case.settings() else {
        return skip(sheet, &RUNGS, "the settings are not known");
    };
    if settings.linto.is_empty() {
        return skip(sheet, &RUNGS, "no server is configured");
    }
    for server in settings.linto.iter().take(MOST) {
        climb(case, server, sheet).await;
    }
    for server in settings.linto.iter().skip(MOST) {
        sheet.write(Finding::skipped("login", format!("`{}`: only {MOST} servers are looked at", server.name)));
    }
}

async fn climb(case: &Case, server: &Linto, sheet: &Sheet) {
    let Some(addresses) = note(sheet, dns::look(server).await) else {
        return skip(sheet, &RUNGS[1..], "the name was not found");
    };
    let Some(address) = note(sheet, reach::look(server, &addresses).await) else {
        return skip(sheet, &RUNGS[2..], "the broker was not reached");
    };
    let finding = tls::look(server, address).await;
    let broken = finding.verdict == Verdict::Fault;
    sheet.write(finding);
    if broken {
        return skip(sheet, &RUNGS[3..], "there is no safe connection");
    }
    sheet.write_all(login::look(case, server).await);
}

/// Writes the finding down; what the next rung needs.
fn note<T>(sheet: &Sheet, (finding, next): (Finding, Option<T>)) -> Option<T> {
    sheet.write(finding);
    next
}

fn skip(sheet: &Sheet, rungs: &[&'static str], why: &str) {
    sheet.write_all(rungs.iter().map(|rung| Finding::skipped(rung, why)));
}

/// What a rung says, and what the next one needs if it holds.
type Rung<T> = (Finding, Option<T>);

type Addresses = Vec<SocketAddr>;
