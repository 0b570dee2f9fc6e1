//! The way to each server, rung by rung: name, TCP, TLS, login, whether anything comes through, whether anybody
//! answers. The first rung that breaks ends the climb; what lies above it is told as not looked at.

mod dns;
mod login;
mod reach;
mod session;
pub mod tls;

use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use super::case::Case;
use super::sheet::{Finding, Sheet, Style, Verdict};
use crate::config::Linto;

/// The names of the rungs.
pub(super) const RUNGS: [&str; 6] = ["dns", "reach", "tls", "login", "delivery", "scope"];

/// So many servers are looked at.
const MOST: usize = 4;

/// For all rungs of a server. A little less than the check may take, so that what was seen is told.
const LIMIT: Duration = Duration::from_millis(13_500);

/// Climbs to each server.
pub(super) async fn look(case: &Case, sheet: &Sheet) {
    let Some(settings) = case.settings() else {
        return skip(sheet, &RUNGS, "the settings are not known");
    };
    if settings.linto.is_empty() {
        return skip(sheet, &RUNGS, "no server of [linto] is configured");
    }
    let several = settings.linto.len() > 1;
    let (looked_at, left_out) = settings.linto.split_at(settings.linto.len().min(MOST));
    // All at once: one that does not answer takes no time from the others. Whose findings come is in the order of the
    // settings: each writes on a sheet of its own, unless it is alone.
    let sheets: Vec<Sheet> = looked_at.iter().map(|_| Sheet::new(Style::Silent)).collect();
    let climbs = looked_at.iter().zip(&sheets).map(|(server, own)| {
        let climb = Climb { case, server, sheet: if several { own } else { sheet }, several };
        async move { climb.within(LIMIT).await }
    });
    all(climbs).await;
    sheets.iter().for_each(|own| sheet.write_all(own.findings()));
    for server in left_out {
        let skipped = Finding::skipped("login", format!("only {MOST} servers are looked at"));
        sheet.write(skipped.of_server(&server.name, several));
    }
}

/// Until all have ended; in one task, at the same time.
pub(super) async fn all(works: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut works: Vec<_> = works.map(|work| Some(Box::pin(work))).collect();
    std::future::poll_fn(|context| {
        for place in &mut works {
            if place.as_mut().is_some_and(|work| work.as_mut().poll(context).is_ready()) {
                *place = None;
            }
        }
        if works.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn skip(sheet: &Sheet, rungs: &[&'static str], why: &str) {
    sheet.write_all(rungs.iter().map(|rung| Finding::skipped(rung, why)));
}

/// The way to one server.
struct Climb<'c> {
    case: &'c Case,
    server: &'c Linto,
    sheet: &'c Sheet,
    several: bool,
}

impl Climb<'_> {
    /// Every rung is told, also where the time ends before.
    async fn within(&self, limit: Duration) {
        if tokio::time::timeout(limit, self.climb()).await.is_err() {
            let told = self.sheet.findings();
            let name = Some(&self.server.name);
            let untold = |rung: &&str| !told.iter().any(|told| told.check == *rung && told.server.as_ref() == name);
            let rungs: Vec<_> = RUNGS.into_iter().filter(untold).collect();
            self.skip(&rungs, "no time was left");
        }
    }

    async fn climb(&self) {
        let Some(addresses) = self.note(dns::look(self.server).await) else {
            return self.skip(&RUNGS[1..], "the name was not found");
        };
        let Some(address) = self.note(reach::look(self.server, &addresses).await) else {
            return self.skip(&RUNGS[2..], "the broker was not reached");
        };
        let finding = tls::look(self.server, address).await;
        let broken = finding.verdict == Verdict::Fault;
        self.write(finding);
        if broken {
            return self.skip(&RUNGS[3..], "there is no safe connection");
        }
        login::look(self.case, self.server).await.into_iter().for_each(|finding| self.write(finding));
    }

    fn write(&self, finding: Finding) {
        self.sheet.write(finding.of_server(&self.server.name, self.several));
    }

    /// Writes the finding down; what the next rung needs.
    fn note<T>(&self, (finding, next): (Finding, Option<T>)) -> Option<T> {
        self.write(finding);
        next
    }

    fn skip(&self, rungs: &[&'static str], why: &str) {
        rungs.iter().for_each(|rung| self.write(Finding::skipped(rung, why)));
    }
}

/// What a rung says, and what the next one needs if it holds.
type Rung<T> = (Finding, Option<T>);

type Addresses = Vec<SocketAddr>;
