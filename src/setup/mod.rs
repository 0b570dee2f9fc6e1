//! `auricle setup`: five questions, each answer tried at once, and the settings written as a whole in the end.
//!
//! Until the last answer nothing is changed, except that the service is stopped while the microphone is tried; whoever
//! breaks off finds it running again and the settings as they were.

mod answers;
mod asker;
mod edit;
mod error;
mod judge;
mod mute;
mod save;
mod server;
mod service;
mod session;
mod sound;
mod summary;
mod terminal;
mod unattended;
mod world;

pub use answers::{Answers, Password, Present};
pub use asker::{Asker, Stop};
pub use error::SetupError;
pub use save::{Saved, absolute, check_rights};
pub use service::{Service, Started};
pub use terminal::Terminal;
pub use world::{ThisMachine, World};

use session::Session;

/// A question: its number comes from its place.
struct Step {
    title: &'static str,
    run: fn(&mut Session<'_>) -> Result<(), Stop>,
}

/// The questions, in their order: each test builds on the answers before.
const STEPS: [Step; 5] = [
    Step { title: "The server", run: server::server },
    Step { title: "The account", run: server::account },
    Step { title: "The application", run: server::application },
    Step { title: "The microphone", run: sound::microphone },
    Step { title: "The loudspeaker", run: sound::loudspeaker },
];

/// What to set up, and how.
pub struct Plan {
    /// The settings as they are.
    pub present: Present,
    /// What is known already; proposed to whoever is asked.
    pub wants: Answers,
    /// Whether answers are tried.
    pub tests: bool,
}

/// Asks, writes, starts the service, and says what comes next.
///
/// # Errors
/// Nothing was written, or the service does not run with it; why.
pub fn ask(plan: Plan, asker: &mut dyn Asker, world: &dyn World, mut service: Service) -> Result<(), SetupError> {
    let Plan { present, wants, tests } = plan;
    check_password(&wants, &present)?;
    asker.tell(&format!("Five questions; Enter takes what stands in brackets. Settings: {}", present.file.display()));
    let kept =
        Answers { application_kind: wants.application_kind.clone(), scope: wants.scope.clone(), ..Answers::default() };
    let proposed = wants.or(present.proposals());
    let mut session =
        Session { asker, world, service: &mut service, present: &present, proposed, answers: kept, tests };
    for (index, step) in STEPS.iter().enumerate() {
        session.asker.tell("");
        session.asker.tell(&format!("{}/{}  {}", index + 1, STEPS.len(), step.title));
        (step.run)(&mut session)?;
    }
    let answers = session.answers;
    asker.goes_on()?;
    finish(&answers, &present, &mut service, &mut |line| asker.tell(line))
}

/// The same without questions. `note` gets what is worth a warning.
///
/// # Errors
/// Nothing was written, or the service does not run with it; why.
pub fn unattended(
    plan: Plan,
    asker: &mut dyn Asker,
    world: &dyn World,
    mut service: Service,
    note: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let Plan { present, wants, tests } = plan;
    check_password(&wants, &present)?;
    let answers = unattended::answer(wants, &present, world, &mut service, tests, note)?;
    asker.goes_on()?;
    finish(&answers, &present, &mut service, &mut |line| asker.tell(line))
}

/// Before the first question: whether a password that is known already can be written.
fn check_password(wants: &Answers, present: &Present) -> Result<(), SetupError> {
    if wants.password == Password::Keep { Ok(()) } else { check_rights(&present.password_file()) }
}

fn finish(
    answers: &Answers,
    present: &Present,
    service: &mut Service,
    tell: &mut dyn FnMut(&str),
) -> Result<(), SetupError> {
    let saved = save::save(answers, present)?;
    let started = service.start();
    summary::told(answers, &saved, &started).iter().for_each(|line| tell(line));
    match started {
        Started::Failed(why) => Err(SetupError::NotRunning(why)),
        Started::Running | Started::NoService => Ok(()),
    }
}
