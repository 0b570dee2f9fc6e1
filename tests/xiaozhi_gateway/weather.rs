//! The weather is as bad as it was told to be, and the same each time.

use std::time::Duration;

use crate::xiaozhi::weather::{Way, Weather};

const MANY: usize = 20_000;

fn fates(weather: &Weather) -> Vec<Vec<Duration>> {
    let mut way = Way::new(weather.clone());
    (0..MANY).map(|_| way.pass()).collect()
}

fn share(fates: &[Vec<Duration>], wanted: impl Fn(&Vec<Duration>) -> bool) -> f64 {
    fates.iter().filter(|fate| wanted(fate)).count() as f64 / fates.len() as f64
}

#[test]
fn fine_weather_loses_and_delays_nothing() {
    assert!(fates(&Weather::default()).iter().all(|fate| *fate == [Duration::ZERO]));
}

#[test]
fn so_many_are_lost_in_such_rows() {
    let fates = fates(&Weather { loss: 0.1, burst: 3.0, ..Weather::default() });
    let lost = share(&fates, Vec::is_empty);
    assert!((lost - 0.1).abs() < 0.02, "{lost}");
    let rows = fates.windows(2).filter(|two| !two[0].is_empty() && two[1].is_empty()).count();
    let mean = lost * MANY as f64 / rows as f64;
    assert!((mean - 3.0).abs() < 0.5, "{mean}");
    let none = Weather { loss: 1.0, ..Weather::default() };
    assert!(self::fates(&none).iter().all(Vec::is_empty));
}

#[test]
fn so_many_are_late_and_doubled() {
    let jitter = Duration::from_millis(40);
    let fates = fates(&Weather { jitter, reorder: 0.05, duplicate: 0.02, ..Weather::default() });
    let (late, doubled) = (share(&fates, |fate| fate[0] > jitter), share(&fates, |fate| fate.len() == 2));
    assert!((late - 0.05).abs() < 0.01 && (doubled - 0.02).abs() < 0.01, "{late} {doubled}");
    let mean = fates.iter().map(|fate| fate[0].as_secs_f64()).sum::<f64>() / MANY as f64;
    assert!((mean - 0.026).abs() < 0.002, "{mean}");
}

#[test]
fn a_seed_has_one_fate() {
    let weather = Weather { loss: 0.2, jitter: Duration::from_millis(50), ..Weather::default() };
    assert_eq!(fates(&weather), fates(&weather));
    assert_ne!(fates(&weather), fates(&Weather { seed: 2, ..weather }));
}
