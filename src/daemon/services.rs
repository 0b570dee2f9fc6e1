//! What is served outside the assistant: commands, hooks, the tunnel.

use std::sync::Arc;

use auricle_core::assistant::event::{Event, ServerId, ServiceId};
use auricle_core::assistant::report::Report;
use auricle_core::wish::{self, Hook, HookKind, Outcome, Wish};
use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use super::control::Control;
use super::fetching::Requests;
use super::input::Input;
use super::notify;
use crate::config::Shell;
use crate::services::hooks::{HookOutcome, Hooks};
use crate::services::shell::{self, ShellAnswer, ShellPolicy};
use crate::services::ssh::{Ending, Tunnel, TunnelNotice, TunnelRequest, TunnelSettings};
use crate::services::tools::{ToolOutcome, Tools};

/// So many commands of servers run at once; one more is refused.
const COMMANDS: usize = 4;

/// What runs outside the assistant.
pub(super) struct Services {
    hooks: Arc<Hooks>,
    /// Places for commands.
    commands: Arc<Semaphore>,
    /// Places for requests over HTTP.
    pub(super) requests: Requests,
    tools: Arc<Tools>,
    tunnel: Option<OpenTunnel>,
    /// Tunnels that were begun, so that notices of an old one are recognised.
    tunnels: u64,
}

impl Default for Services {
    fn default() -> Self {
        Self {
            hooks: Arc::default(),
            commands: Arc::new(Semaphore::new(COMMANDS)),
            requests: Requests::default(),
            tools: Arc::default(),
            tunnel: None,
            tunnels: 0,
        }
    }
}

/// The tunnel that stands or is being built.
struct OpenTunnel {
    /// Notices of an older one are recognised by it.
    number: u64,
    tunnel: Tunnel,
    /// Where it leads, for the audit.
    what: String,
    server: Option<ServerId>,
    /// Who waits until it stands.
    builder: Option<ServiceId>,
    /// Who waits until it is gone.
    stopper: Option<ServiceId>,
}

impl Control {
    pub(super) fn serve(&mut self, service: ServiceId, server: Option<ServerId>, wish: Wish) {
        match wish {
            Wish::Shell(command) => self.run_command(service, command),
            Wish::Hook(hook) => self.run_hook(service, server, hook),
            Wish::Tunnel(tunnel) => self.open_tunnel(service, server, tunnel),
            Wish::TunnelStop => self.close_tunnel(service),
            Wish::Tool { name, arguments } => self.run_tool(service, &name, arguments),
            Wish::Restart => self.restart(service),
            // The assistant sees to the others itself.
            other => self.served(service, Outcome::Failed(format!("nobody serves {other:?}"))),
        }
    }

    pub(super) fn served(&mut self, service: ServiceId, outcome: Outcome) {
        self.pending.push_back(Event::Served { service, outcome });
    }

    fn run_command(&mut self, service: ServiceId, command: String) {
        let remote = &self.settings.remote;
        let policy = match remote.shell {
            Shell::Off => ShellPolicy::Off,
            Shell::Listed => ShellPolicy::Listed(remote.shell_commands.clone()),
            Shell::Any => ShellPolicy::Any,
        };
        let place = Arc::clone(&self.services.commands).try_acquire_owned();
        // What is off is off, however busy the device is.
        if place.is_err() && policy != ShellPolicy::Off {
            let why = format!("{COMMANDS} commands run already; try again later");
            return self.served(service, Outcome::Refused(why));
        }
        let (limit, inbox) = (remote.shell_timeout, self.inbox.clone());
        tokio::spawn(async move {
            let _place = place;
            let answer = shell::run(&policy, &command, limit).await;
            let outcome = match &answer {
                ShellAnswer::Refused(refusal) => Outcome::Refused(format!("{refusal}; {}", refusal.remedy())),
                _ => Outcome::Answer { payload: answer.json(), result: answer.audit() },
            };
            let _ = inbox.send(Input::Served(service, outcome)).await;
        });
    }

    fn run_hook(&self, service: ServiceId, server: Option<ServerId>, hook: Hook) {
        let argv = match hook.kind {
            HookKind::CustomAction => self.settings.hooks.custom_action.clone(),
            HookKind::Display => self.settings.hooks.display.clone(),
        };
        let mut context: Vec<(String, String)> =
            hook.context.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(server) = server.and_then(|server| self.servers.get(server.0)) {
            context.push(("AURICLE_SERVER".to_owned(), server.name.clone()));
        }
        let (hooks, inbox) = (Arc::clone(&self.services.hooks), self.inbox.clone());
        tokio::spawn(async move {
            let outcome = match hooks.run(&argv, &hook.input, &context).await {
                ran if ran.is_success() => Outcome::Answer { payload: json!({}), result: ran.audit() },
                refused @ (HookOutcome::NotSet | HookOutcome::Dropped) => Outcome::Refused(refused.audit()),
                failed => Outcome::Failed(failed.audit()),
            };
            let _ = inbox.send(Input::Served(service, outcome)).await;
        });
    }

    fn run_tool(&mut self, service: ServiceId, name: &str, arguments: Map<String, Value>) {
        let Some(tool) = self.settings.tools.iter().find(|tool| tool.name == name) else {
            let why = format!("there is no tool `{name}` in the settings of this device");
            return self.served(service, Outcome::Refused(why));
        };
        let (command, limit) = (tool.command.clone(), tool.timeout);
        let (tools, inbox) = (Arc::clone(&self.services.tools), self.inbox.clone());
        tokio::spawn(async move {
            let ran = tools.run(&command, &arguments, limit).await;
            let outcome = match (ran.answer(), &ran) {
                (Ok(text), _) => Outcome::Answer { payload: json!({ "text": text }), result: ran.audit() },
                (Err(why), ToolOutcome::Refused(_) | ToolOutcome::Dropped) => Outcome::Refused(why),
                (Err(why), _) => Outcome::Failed(why),
            };
            let _ = inbox.send(Input::Served(service, outcome)).await;
        });
    }

    /// Ends the daemon in order; the service manager starts it again. What was promised goes out before.
    fn restart(&mut self, service: ServiceId) {
        if !notify::is_service() {
            let why = "Auricle was not started as a service: nobody would start it again";
            return self.served(service, Outcome::Refused(why.into()));
        }
        self.served(service, Outcome::Done);
        super::assembly::pass_on(&self.inbox, Input::Stop);
    }

    fn open_tunnel(&mut self, service: ServiceId, server: Option<ServerId>, wanted: wish::Tunnel) {
        let remote = &self.settings.remote;
        if !remote.ssh {
            let why = "reverse SSH is off on this device; its owner turns it on with ssh = \"on\" in [remote]";
            return self.served(service, Outcome::Refused(why.into()));
        }
        if let Some(open) = &self.services.tunnel {
            let why = format!("there is a tunnel already: {}; `auricle ssh stop` ends it", open.what);
            return self.served(service, Outcome::Refused(why));
        }
        let what = format!("tunnel {}@{}", wanted.user, wanted.host);
        let request = TunnelRequest {
            host: wanted.host,
            user: wanted.user,
            remote_port: wanted.remote_port,
            local_port: wanted.local_port,
            key: wanted.key,
        };
        let settings = TunnelSettings {
            hosts: remote.ssh_hosts.clone(),
            key_dir: remote.ssh_key_dir.clone(),
            time_limit: remote.ssh_time_limit,
        };
        self.services.tunnels += 1;
        let (number, notices) = (self.services.tunnels, self.inbox.clone());
        let notify = Box::new(move |notice| super::assembly::pass_on(&notices, Input::Tunnel(number, notice)));
        match Tunnel::start(request, settings, notify) {
            Ok(tunnel) => {
                let (builder, stopper) = (Some(service), None);
                self.services.tunnel = Some(OpenTunnel { number, tunnel, what, server, builder, stopper });
            }
            Err(error) => self.served(service, Outcome::Failed(format!("no thread for the tunnel: {error}"))),
        }
    }

    fn close_tunnel(&mut self, service: ServiceId) {
        match &mut self.services.tunnel {
            Some(open) if open.stopper.is_none() => {
                open.stopper = Some(service);
                open.tunnel.stop();
            }
            Some(_) => self.served(service, Outcome::Refused("the tunnel is being closed already".into())),
            None => self.served(service, Outcome::Refused("there is no tunnel".into())),
        }
    }

    pub(super) fn tunnel_notice(&mut self, number: u64, notice: TunnelNotice) {
        let Some(open) = self.services.tunnel.as_mut().filter(|open| open.number == number) else { return };
        match notice {
            TunnelNotice::Up { port } => {
                let result = format!("{} stands, port {port} there", open.what);
                if let Some(service) = open.builder.take() {
                    self.served(service, Outcome::Answer { payload: json!({ "port": port }), result });
                }
            }
            TunnelNotice::Unserved(error) => {
                let (server, detail) = (open.server, error.to_string());
                self.tell(server, &Report::Drop { what: "tunnel_connection", count: 1, detail });
            }
            TunnelNotice::Ended(ending) => self.tunnel_ended(&ending),
        }
        self.settle();
    }

    /// The end of a tunnel that stood is one more line of the audit; of one that never did, it is the answer.
    fn tunnel_ended(&mut self, ending: &Ending) {
        let why = match ending {
            Ending::Stopped => "stopped".to_owned(),
            Ending::TimeLimit => "it stood as long as `ssh_time_limit` in [remote] allows".to_owned(),
            Ending::Failed(error) => error.to_string(),
        };
        self.tunnel_gone(why);
    }

    /// The daemon ends, and with it the tunnel.
    pub(super) fn cut_tunnel(&mut self) {
        self.tunnel_gone("the daemon ends".to_owned());
    }

    fn tunnel_gone(&mut self, why: String) {
        let Some(open) = self.services.tunnel.take() else { return };
        if let Some(service) = open.stopper {
            self.served(service, Outcome::Done);
        }
        if let Some(service) = open.builder {
            return self.served(service, Outcome::Failed(why));
        }
        let counters = open.tunnel.counters();
        let result = format!(
            "ended: {why} ({} connections, {} bytes out, {} in)",
            counters.connections(),
            counters.to_server(),
            counters.to_device()
        );
        self.tell(open.server, &Report::Audit { what: open.what, result });
    }
}
