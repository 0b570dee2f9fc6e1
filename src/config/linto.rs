//! What the settings of a LinTO server mean together.

use std::path::Path;

use auricle_core::protocol::linto::scope;

use super::document::Origin;
use super::problem::quote;
use super::read::Reading;
use super::secret::PasswordFile;
use super::sections::Linto;

impl Linto {
    /// The scope on which the admin page talks.
    #[must_use]
    pub fn admin_scope(&self) -> &str {
        &self.scope
    }

    /// The scope to which requests go: written out, or made of the application's name, or that of the admin page.
    #[must_use]
    pub fn request_scope(&self) -> String {
        match (&self.application_scope, &self.application) {
            (Some(scope), _) => scope.clone(),
            (None, Some(application)) => scope::of_application(application),
            (None, None) => self.scope.clone(),
        }
    }
}

/// Reads the file of a password, or of what it is called. `Ok(None)`: files are not opened here.
pub(super) type ReadSecret<'a> = &'a dyn Fn(&Path, &str) -> Result<Option<PasswordFile>, String>;

/// Checks the servers together and fetches their passwords. Returns warnings.
pub(super) fn complete(servers: &mut [Linto], read: ReadSecret<'_>, reading: &mut Reading<'_, '_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for (nth, server) in servers.iter_mut().enumerate() {
        warnings.extend(fetch_password(server, nth, read, reading));
        let name = quote(&server.name);
        if server.username.is_none() && server.password.is_some() {
            warnings
                .push(format!("[linto] `{name}` has a password but no `username`; it logs in as nobody, without it"));
        }
        if server.ca_file.is_some() && !server.broker.tls {
            warnings.push(format!(
                "[linto] `{name}` has a `ca_file`, but `broker` is not encrypted; write mqtts:// to use it"
            ));
        }
        if !server.broker.tls && server.broker.port == super::BrokerAddress::TLS_PORT {
            warnings.push(format!(
                "[linto] `{name}` talks in the clear to port {}, which is usually the encrypted one; did you mean mqtts://?",
                server.broker.port
            ));
        }
    }
    warnings
}

/// Returns a warning.
fn fetch_password(
    server: &mut Linto,
    nth: usize,
    read: ReadSecret<'_>,
    reading: &mut Reading<'_, '_>,
) -> Option<String> {
    let file = server.password_file.clone()?;
    let from_file = reading.origin(("linto", nth, "password_file")).clone();
    if server.password.is_some() {
        let direct = reading.origin(("linto", nth, "password")).clone();
        match (is_variable(&direct), is_variable(&from_file)) {
            // The environment comes before the file, whichever of the two it sets.
            (true, false) => {
                server.password_file = None;
                return None;
            }
            (false, true) => {}
            _ => {
                reading.problems.add(from_file.place(), || {
                    "`password` and `password_file` of [linto] are both set; keep one of them, better `password_file`"
                        .into()
                });
                return None;
            }
        }
    }
    let shown = quote(&file.display().to_string());
    match read(&file, "password") {
        Ok(Some(password)) => {
            server.password = Some(password.secret);
            reading.origins.insert(("linto", nth, "password"), from_file);
            password
                .exposed
                .then(|| format!("{shown}: everybody on this machine can read this password; `chmod o-r {shown}`"))
        }
        Ok(None) => None,
        Err(what) => {
            let place = from_file.place();
            reading.problems.add(place, || format!("`password_file` in [linto] is \"{shown}\"; {what}"));
            None
        }
    }
}

const fn is_variable(origin: &Origin) -> bool {
    matches!(origin, Origin::Environment(_) | Origin::CommandLine)
}
