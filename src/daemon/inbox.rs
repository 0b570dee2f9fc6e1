//! Signals of the system as inputs of the control thread.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::Sender;

use super::input::Input;

/// Turns SIGTERM and SIGINT into [`Input::Stop`], SIGHUP into [`Input::Reload`].
pub async fn signals(inbox: Sender<Input>) {
    let kinds = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = kinds else {
        return tracing::error!("signals can't be caught; the daemon can only be killed");
    };
    loop {
        let input = tokio::select! {
            _ = terminate.recv() => Input::Stop,
            _ = interrupt.recv() => Input::Stop,
            _ = hangup.recv() => Input::Reload,
        };
        if inbox.send(input).await.is_err() {
            return;
        }
    }
}
