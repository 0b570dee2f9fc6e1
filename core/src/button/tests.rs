//! Presses in virtual time.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

/// A button, the time, and what it told when.
struct Bench {
    button: Button,
    now: Tick,
    told: Vec<(u64, Told)>,
}

const PRESS: Told = Told::Gesture { gesture: Gesture::Press, pressed: Tick::ZERO };
const DOUBLE_PRESS: Told = Told::Gesture { gesture: Gesture::Double, pressed: Tick::ZERO };
const LONG_PRESS: Told = Told::Gesture { gesture: Gesture::Long, pressed: Tick::ZERO };

/// What was told, without when it began.
fn plain(told: Told) -> Told {
    match told {
        Told::Gesture { gesture, .. } => Told::Gesture { gesture, pressed: Tick::ZERO },
        other => other,
    }
}

/// Everything there is to tell.
fn all(button: &mut Button) -> Vec<Told> {
    std::iter::from_fn(|| button.poll().map(plain)).collect()
}

impl Bench {
    fn new() -> Self {
        Self::held(false)
    }

    fn held(closed: bool) -> Self {
        Self { button: Button::new(Tick::ZERO, closed), now: Tick::ZERO, told: Vec::new() }
    }

    /// Lets time pass as the daemon does, up to `millis` after the start.
    fn until(&mut self, millis: u64) -> &mut Self {
        let end = Tick::from_millis(millis);
        while let Some(deadline) = self.button.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.button.tick(self.now);
            self.collect();
            assert!(self.button.deadline() != Some(deadline), "a deadline that stays");
        }
        self.now = end;
        self
    }

    fn edge(&mut self, millis: u64, edge: Edge) -> &mut Self {
        self.until(millis);
        self.button.handle(self.now, edge);
        self.collect();
        self
    }

    fn down(&mut self, millis: u64) -> &mut Self {
        self.edge(millis, Edge::Pressed)
    }

    fn up(&mut self, millis: u64) -> &mut Self {
        self.edge(millis, Edge::Released)
    }

    fn collect(&mut self) {
        while let Some(told) = self.button.poll() {
            self.told.push((self.now.as_micros() / 1_000, plain(told)));
        }
    }
}

#[test]
fn a_short_press_is_told_when_it_is_let_go() {
    let mut bench = Bench::new();
    bench.down(100).up(250).until(60_000);
    assert_eq!(bench.told, [(270, PRESS)]);
    assert_eq!(bench.button.deadline(), None, "an idle button costs nothing");
}

#[test]
fn a_second_press_soon_after_makes_it_a_double_one() {
    let mut bench = Bench::new();
    bench.down(100).up(200).down(500).up(600).until(60_000);
    assert_eq!(bench.told, [(220, PRESS), (520, DOUBLE_PRESS)]);
}

#[test]
fn two_presses_with_time_between_are_two() {
    let mut bench = Bench::new();
    bench.down(100).up(200).down(600).up(700).until(60_000);
    assert_eq!(bench.told, [(220, PRESS), (720, PRESS)]);
}

#[test]
fn a_third_press_begins_anew() {
    let mut bench = Bench::new();
    bench.down(100).up(200).down(300).up(400).down(500).up(600).until(60_000);
    assert_eq!(bench.told, [(220, PRESS), (320, DOUBLE_PRESS), (620, PRESS)]);
}

#[test]
fn a_long_press_acts_at_its_mark_and_not_when_it_is_let_go() {
    let mut bench = Bench::new();
    bench.down(100).until(2_099);
    assert_eq!(bench.told, []);
    bench.until(2_100);
    assert_eq!(bench.told, [(2_100, LONG_PRESS)]);
    bench.up(5_000).until(60_000);
    assert_eq!(bench.told.len(), 1, "letting go means nothing more");
}

#[test]
fn let_go_just_before_the_mark_it_is_a_short_one() {
    let mut bench = Bench::new();
    bench.down(100).up(2_095).until(60_000);
    assert_eq!(bench.told, [(2_115, PRESS)]);
}

#[test]
fn behind_a_long_press_nothing_is_a_double_one() {
    let mut bench = Bench::new();
    bench.down(100).up(2_500).down(2_700).up(2_800).until(60_000);
    assert_eq!(bench.told, [(2_100, LONG_PRESS), (2_820, PRESS)]);
}

#[test]
fn a_bouncing_contact_is_one_press() {
    let mut bench = Bench::new();
    for bounce in [100, 102, 103, 107, 111] {
        bench.down(bounce).up(bounce + 1);
    }
    bench.down(113);
    for bounce in [300, 301, 305] {
        bench.up(bounce).down(bounce + 1);
    }
    bench.up(308).until(60_000);
    assert_eq!(bench.told, [(328, PRESS)]);
}

#[test]
fn a_spike_is_nothing() {
    let mut bench = Bench::new();
    bench.down(100).up(119).until(60_000);
    assert_eq!(bench.told, []);
}

#[test]
fn a_spike_does_not_interrupt_a_long_press() {
    let mut bench = Bench::new();
    bench.down(100).up(1_995).down(2_000).up(2_098).down(2_104).until(3_000);
    assert_eq!(bench.told.iter().map(|(_, told)| *told).collect::<Vec<_>>(), [LONG_PRESS]);
}

#[test]
fn held_at_the_start_it_means_nothing_until_it_is_let_go() {
    let mut bench = Bench::held(true);
    bench.up(3_000).down(4_000).up(4_100).until(60_000);
    assert_eq!(bench.told, [(4_120, PRESS)]);
}

#[test]
fn stuck_is_told_once_and_its_end_too() {
    let mut bench = Bench::new();
    bench.down(100).until(3_600_000);
    assert_eq!(bench.told, [(2_100, LONG_PRESS), (10_100, Told::Stuck)]);
    assert_eq!(bench.button.deadline(), None, "a stuck button costs nothing");
    bench.told.clear();
    bench.up(3_600_000).down(3_600_200).up(3_600_300).until(3_700_000);
    assert_eq!(bench.told, [(3_600_020, Told::Freed), (3_600_320, PRESS)]);
}

#[test]
fn stuck_since_the_start_is_told_too() {
    let mut bench = Bench::held(true);
    bench.until(60_000);
    assert_eq!(bench.told, [(10_000, Told::Stuck)]);
}

#[test]
fn edges_that_come_late_in_a_bunch_mean_the_same() {
    let (mut punctual, mut late) = (Bench::new(), Button::new(Tick::ZERO, false));
    let edges = [(100, Edge::Pressed), (200, Edge::Released), (300, Edge::Pressed), (2_800, Edge::Released)];
    for (at, edge) in edges {
        punctual.edge(at, edge);
        late.handle(Tick::from_millis(at), edge);
    }
    punctual.until(4_000);
    late.tick(Tick::from_millis(4_000));
    assert_eq!(all(&mut late), punctual.told.iter().map(|(_, told)| *told).collect::<Vec<_>>());
}

#[test]
fn a_stalled_caller_makes_no_second_press_of_a_bounce() {
    let mut button = Button::new(Tick::ZERO, false);
    // The bounce at 106 ms is still under way to a caller that is only back at 140 ms.
    for (at, edge) in [(100, Edge::Pressed), (106, Edge::Released), (112, Edge::Pressed), (300, Edge::Released)] {
        button.handle(Tick::from_millis(at), edge);
    }
    button.look(Tick::from_millis(340), false);
    assert_eq!(all(&mut button), [PRESS]);
}

#[test]
fn a_press_that_is_over_is_no_long_one_though_its_end_comes_late() {
    let mut button = Button::new(Tick::ZERO, false);
    button.handle(Tick::from_millis(100), Edge::Pressed);
    button.look(Tick::from_millis(2_500), false);
    assert_eq!(all(&mut button), []);
    button.handle(Tick::from_millis(400), Edge::Released);
    button.look(Tick::from_millis(2_501), false);
    assert_eq!(all(&mut button), [PRESS]);
    assert_eq!(button.deadline(), None);
}

#[test]
fn lost_changes_mean_nothing() {
    let at = Tick::from_millis;
    let mut button = Button::new(Tick::ZERO, false);
    button.handle(at(100), Edge::Pressed);
    button.look(at(200), true);
    button.lost(at(1_900), false);
    button.look(at(60_000), false);
    assert_eq!(all(&mut button), [], "let go, nobody knows when");
    button.lost(at(60_000), true);
    button.look(at(63_000), true);
    assert_eq!(all(&mut button), [], "held, nobody knows since when");
    button.look(at(70_000), true);
    button.lost(at(71_000), true);
    assert_eq!(all(&mut button), [Told::Stuck]);
    button.lost(at(72_000), false);
    assert_eq!(all(&mut button), [Told::Freed]);
    button.handle(at(73_000), Edge::Pressed);
    button.handle(at(73_100), Edge::Released);
    button.tick(at(74_000));
    assert_eq!(all(&mut button), [PRESS]);
}

#[test]
fn a_gesture_says_when_the_contact_closed_for_it() {
    let mut button = Button::new(Tick::ZERO, false);
    let edges = [(100, true), (1_100, false), (1_200, true), (1_300, false), (5_000, true)];
    for (at, closed) in edges {
        button.handle(Tick::from_millis(at), if closed { Edge::Pressed } else { Edge::Released });
    }
    button.tick(Tick::from_millis(7_000));
    let told = |gesture, at| Told::Gesture { gesture, pressed: Tick::from_millis(at) };
    let all: Vec<Told> = std::iter::from_fn(|| button.poll()).collect();
    assert_eq!(all, [told(Gesture::Press, 100), told(Gesture::Double, 1_200), told(Gesture::Long, 5_000)]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the contact does, what is told makes sense, and a button at rest wants nothing.
    #[test]
    fn whatever_the_contact_does(
        closed in any::<bool>(),
        edges in prop::collection::vec((0_u64..3_000, any::<bool>()), 0..60),
    ) {
        let mut bench = Bench::held(closed);
        let mut at = 0;
        for (pause, pressed) in edges {
            at += pause;
            bench.edge(at, if pressed { Edge::Pressed } else { Edge::Released });
            let deadline = bench.button.deadline();
            prop_assert!(deadline.is_none_or(|deadline| deadline <= bench.now + STUCK));
        }
        bench.until(at + 20_000);
        prop_assert_eq!(bench.button.deadline(), None);
        let mut before = None;
        for (_, told) in &bench.told {
            match told {
                Told::Gesture { gesture: Gesture::Double, .. } => prop_assert_eq!(before, Some(PRESS), "the second of two"),
                Told::Freed => prop_assert_eq!(before, Some(Told::Stuck)),
                Told::Gesture { .. } => prop_assert!(before != Some(Told::Stuck), "it was not let go yet"),
                Told::Stuck => {}
            }
            before = Some(*told);
        }
        let times: Vec<u64> = bench.told.iter().map(|(at, _)| *at).collect();
        prop_assert!(times.is_sorted());
    }
}
