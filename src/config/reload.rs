//! What changes while the daemon runs, and what waits for a restart.

use super::Settings;
use super::define::{Reload, Section, SettingDef};

impl Settings {
    /// Takes over from `new` what may change while the daemon runs; the rest stays as it is in use.
    pub fn take_live(&mut self, new: &Self) {
        for (server, new) in self.linto.iter_mut().zip(&new.linto) {
            server.take_live(new);
        }
        for (server, new) in self.xiaozhi.iter_mut().zip(&new.xiaozhi) {
            server.take_live(new);
        }
        for (tool, new) in self.tools.iter_mut().zip(&new.tools) {
            tool.take_live(new);
        }
        for (button, new) in self.button.iter_mut().zip(&new.button) {
            button.take_live(new);
        }
        self.leds.take_live(&new.leds);
        self.device.take_live(&new.device);
        self.audio.take_live(&new.audio);
        self.listen.take_live(&new.listen);
        self.wake.take_live(&new.wake);
        self.tts.take_live(&new.tts);
        self.remote.take_live(&new.remote);
        self.hooks.take_live(&new.hooks);
        self.meeting.take_live(&new.meeting);
        self.control.take_live(&new.control);
    }

    /// The settings that differ from `other`'s and take effect only when the daemon is started again, as
    /// "section.key"; "linto" or "xiaozhi" if servers came, went or changed their order, "button" or "tools" if those
    /// came or went.
    #[must_use]
    pub fn needs_restart(&self, other: &Self) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let mut settings = Vec::new();
        match several(&self.linto, &other.linto, |server| &server.name) {
            Some(differ) => settings.extend(differ),
            None => changed.push("linto"),
        }
        match several(&self.xiaozhi, &other.xiaozhi, |server| &server.name) {
            Some(differ) => settings.extend(differ),
            None => changed.push("xiaozhi"),
        }
        match several(&self.tools, &other.tools, |tool| &tool.name) {
            Some(differ) => settings.extend(differ),
            None => changed.push("tools"),
        }
        if self.button.len() != other.button.len() {
            changed.push("button");
        }
        settings.extend(self.changed_apart_from_servers(other));
        changed.extend(restart(settings));
        changed
    }

    fn changed_apart_from_servers(&self, other: &Self) -> Vec<&'static SettingDef> {
        let mut settings = self.leds.changed(&other.leds);
        settings.extend(self.button.iter().zip(&other.button).flat_map(|(ours, theirs)| ours.changed(theirs)));
        settings.extend(self.device.changed(&other.device));
        settings.extend(self.audio.changed(&other.audio));
        settings.extend(self.listen.changed(&other.listen));
        settings.extend(self.wake.changed(&other.wake));
        settings.extend(self.tts.changed(&other.tts));
        settings.extend(self.remote.changed(&other.remote));
        settings.extend(self.hooks.changed(&other.hooks));
        settings.extend(self.meeting.changed(&other.meeting));
        settings.extend(self.control.changed(&other.control));
        settings
    }
}

/// The settings in which sections differ that stand several times, if they are the same ones in the same order.
fn several<S: Section>(ours: &[S], theirs: &[S], name: impl Fn(&S) -> &String) -> Option<Vec<&'static SettingDef>> {
    let same = ours.iter().map(&name).eq(theirs.iter().map(&name));
    same.then(|| ours.iter().zip(theirs).flat_map(|(ours, theirs)| ours.changed(theirs)).collect())
}

/// Those that need a restart, each once.
fn restart(settings: Vec<&'static SettingDef>) -> Vec<&'static str> {
    let mut paths = Vec::new();
    for setting in settings {
        if setting.reload == Reload::Restart && !paths.contains(&setting.path) {
            paths.push(setting.path);
        }
    }
    paths
}
