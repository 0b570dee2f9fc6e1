//! Is there a voice, and does it speak the language?

use std::time::{Duration, Instant};

use auricle_core::sentences::Sentence;

use crate::config::Settings;
use crate::doctor::case::Case;
use crate::doctor::sheet::Finding;
use crate::doctor::user;
use crate::services::process::Account;
use crate::services::tts::{Limits, TtsError, TtsSettings, Voice};

const CHECK: &str = "voice";

/// Shorter than the daemon's patience, since somebody waits for this report.
const LIMITS: Limits = Limits {
    first_sound: Duration::from_secs(4),
    pause: Duration::from_secs(2),
    sound: Duration::from_secs(20),
    exit: Duration::from_secs(1),
};

/// A voice that needs longer for its first sound lets people wait.
const SLOW: Duration = Duration::from_millis(1_500);

/// Lets the engine of the settings speak a sentence, which nobody hears.
pub async fn look(case: &Case) -> Finding {
    match case.settings() {
        None => Finding::skipped(CHECK, "the settings are not known"),
        Some(settings) => match who(case, settings, nix::unistd::geteuid().is_root()) {
            Err(why) => Finding::skipped(CHECK, why),
            Ok(account) => match speak(settings, account).await {
                Ok(finding) => finding,
                Err(error) => Finding::fault(CHECK, error.to_string(), error.remedy()),
            },
        },
    }
}

/// Who the engine has to run as; `None`: as we do. A command of the settings gets no more rights from doctor than it has
/// in the service.
fn who(case: &Case, settings: &Settings, root: bool) -> Result<Option<Account>, String> {
    let Some(program) = settings.tts.command.first().filter(|_| root) else { return Ok(None) };
    let account = user::service(&case.host).filter(|account| account.user != 0);
    account.map(Some).ok_or_else(|| {
        let user = user::SERVICE;
        format!(
            "`{program}` was not tried: it would run as root, because there is no user `{user}`; run doctor as \
                 the user of the daemon"
        )
    })
}

async fn speak(settings: &Settings, account: Option<Account>) -> Result<Finding, TtsError> {
    let (language, command) = (settings.tts.language.clone(), settings.tts.command.clone());
    let engine = command.first().map_or("espeak-ng", String::as_str).to_owned();
    let mut voice = Voice::with_limits(TtsSettings { language: language.clone(), command }, LIMITS);
    let mut by = String::new();
    if let Some(account) = account {
        by = format!(", run as the user `{}`", account.name);
        voice = voice.as_user(account);
    }
    let known = voice.voices().await?.count().map_or_else(String::new, |count| format!(" (of {count} languages)"));
    let begun = Instant::now();
    let mut utterance = voice.say(Sentence::HeardYou)?;
    let (mut first, mut length) = (None, 0.0);
    while let Some(block) = utterance.next().await? {
        first.get_or_insert_with(|| begun.elapsed());
        length += block.samples.len() as f64 / f64::from(block.rate.max(1));
    }
    let first = first.unwrap_or_default();
    // Sentences of the device's own may be spoken in English on purpose; the language of the settings is what counts.
    if let Ok(known) = voice.voices().await
        && known.knows(&language).is_none()
    {
        let error = TtsError::UnknownLanguage { language };
        return Ok(Finding::warning(CHECK, error.to_string(), error.remedy()));
    }
    let seen = format!(
        "`{engine}` speaks {language}{known}{by}: first sound after {} ms, {length:.1} s in all",
        first.as_millis()
    );
    if first > SLOW {
        let remedy = "A smaller voice begins sooner; see `command` in [tts].";
        return Ok(Finding::warning(CHECK, seen, remedy));
    }
    Ok(Finding::ok(CHECK, seen))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config;
    use crate::doctor::Verdict;
    use crate::doctor::case::{Daemon, Reading};
    use crate::doctor::host::Host;
    use crate::doctor::user::tests::machine;

    fn case(host: Host, command: &str) -> Case {
        let settings = format!("[tts]\ncommand = {command}\n");
        let loaded = config::parse_str(&settings, std::iter::empty()).unwrap();
        let reading = Reading::Whole(Box::new(loaded));
        Case { host, reading, socket: "/nowhere".into(), daemon: Daemon::Absent, person: false, talk: false }
    }

    fn decided(case: &Case, root: bool) -> Result<Option<String>, String> {
        who(case, case.settings().unwrap(), root).map(|account| account.map(|account| account.name))
    }

    #[test]
    fn a_command_of_the_settings_never_runs_as_root() {
        let (_root, host) = machine(&[], 0, false);
        let case = case(host, r#"["piper"]"#);
        assert_eq!(decided(&case, true), Ok(Some("auricle".into())));
        assert_eq!(decided(&case, false), Ok(None));
        std::fs::write(case.host.path("etc/passwd"), "root:x:0:0::/:/bin/sh\n").unwrap();
        let why = decided(&case, true).unwrap_err();
        assert!(why.contains("`piper` was not tried") && why.contains("`auricle`"), "{why}");
        std::fs::write(case.host.path("etc/passwd"), "auricle:x:0:0::/:/bin/sh\n").unwrap();
        assert!(decided(&case, true).is_err(), "a service that is root again");
    }

    #[test]
    fn debians_own_voice_may() {
        let (_root, host) = machine(&[], 0, false);
        assert_eq!(decided(&case(host, "[]"), true), Ok(None));
    }

    #[tokio::test]
    async fn a_voice_that_is_not_there_or_fails_is_a_fault() {
        let (_root, host) = machine(&[], 0, false);
        for (command, verdict, word) in [
            (r#"["/nowhere/voice"]"#, Verdict::Fault, "/nowhere/voice"),
            (r#"["false"]"#, Verdict::Fault, "`false`"),
            (r#"["sleep", "60"]"#, Verdict::Fault, "`sleep`"),
            (r#"["cat"]"#, Verdict::Fault, "`cat`"),
            (r#"["espeak-ng", "--stdin", "--stdout", "-v", "{lang}"]"#, Verdict::Ok, "espeak-ng"),
        ] {
            let finding = look(&case(host.clone(), command)).await;
            assert!(finding.verdict == verdict && format!("{finding:?}").contains(word), "{command}: {finding:?}");
        }
    }

    #[tokio::test]
    async fn the_command_has_the_service_users_rights() {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("SKIPPED: only root can run a program as another user");
            return;
        }
        let (_root, host) = machine(&[], 0, false);
        let told = tempfile::NamedTempFile::new().unwrap();
        std::os::unix::fs::chown(told.path(), Some(64998), None).unwrap();
        let script = format!("(id -u; id -G; echo $HOME) >{}; cat >/dev/null", told.path().display());
        let case = case(host, &format!(r#"["sh", "-c", "{script}"]"#));
        let finding = look(&case).await;
        assert_eq!(finding.verdict, Verdict::Fault, "it made no sound: {finding:?}");
        assert_eq!(std::fs::read_to_string(told.path()).unwrap(), "64998\n64997\n/var/x\n");
    }
}
