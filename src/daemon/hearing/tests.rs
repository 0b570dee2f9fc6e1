#![allow(clippy::unwrap_used)]

use super::*;

/// The handle of a thread that takes `room` commands and no more, and these commands.
fn stuck(room: usize) -> (Hearing, Receiver<Command>) {
    let (commands, receiver) = sync_channel(room);
    let (bell, counters) = (Bell::new().unwrap(), Arc::new(HearingCounters::default()));
    (Hearing { commands, bell, counters, torn: AtomicBool::new(false) }, receiver)
}

fn tokens(commands: &Receiver<Command>) -> Vec<u64> {
    let token = |command| if let Command::Token(token) = command { Some(token) } else { None };
    commands.try_iter().filter_map(token).collect()
}

#[test]
fn tokens_pass_while_every_command_has_its_place() {
    let (hearing, commands) = stuck(2);
    hearing.ear(EarCommand::ArmWake(true));
    hearing.token(7);
    assert_eq!(tokens(&commands), [7_u64]);
}

#[test]
fn after_a_lost_command_the_watchdog_starves_also_when_the_thread_goes_on() {
    let (hearing, commands) = stuck(1);
    hearing.detach();
    hearing.ear(EarCommand::ArmWake(true));
    assert_eq!(hearing.counters().dropped_commands.load(Ordering::Relaxed), 1);
    assert!(tokens(&commands).is_empty());
    hearing.token(8);
    assert!(tokens(&commands).is_empty());
}
