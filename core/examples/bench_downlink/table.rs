//! Prints what was found.

use crate::bad_link::judge::Figures;
use crate::{AURICLE, LIBOPUS, LIBOPUS_FIXED, Row, SILENCE};

/// A cell of a table.
type Cell<'a> = (&'a str, &'a dyn Fn(&Row) -> String);

pub fn print(rows: &[Row]) {
    print_gaps(rows);
    print_ratios(rows);
    print_what_is_made_up(rows);
}

fn print_gaps(rows: &[Row]) {
    let gaps = |who: usize| move |row: &Row| format!("{:.0}", mean(row, |all| all[who].gaps as f64));
    columns(
        rows,
        &[
            ("gaps: Auricle", &gaps(AURICLE)),
            ("libopus", &gaps(LIBOPUS)),
            ("silence", &gaps(SILENCE)),
            ("libopus, 120 ms", &gaps(LIBOPUS_FIXED)),
            ("Auricle beside silence", &|row| {
                let (mean, least, most) = spread(row, |all| all[SILENCE].gaps as f64 / all[AURICLE].gaps.max(1) as f64);
                format!("{mean:.1} × fewer ({least:.1} to {most:.1})")
            }),
        ],
    );
}

fn print_ratios(rows: &[Row]) {
    let snr = |who: usize| move |row: &Row| format!("{:.2}", mean(row, |all| all[who].segmental_snr()));
    columns(
        rows,
        &[
            ("SNR: Auricle", &snr(AURICLE)),
            ("libopus", &snr(LIBOPUS)),
            ("silence", &snr(SILENCE)),
            ("libopus, 120 ms", &snr(LIBOPUS_FIXED)),
            ("Auricle beside libopus", &|row| {
                let (mean, least, most) =
                    spread(row, |all| all[AURICLE].segmental_snr() - all[LIBOPUS].segmental_snr());
                format!("{mean:+.2} dB ({least:+.2} to {most:+.2})")
            }),
            ("added delay", &|row| format!("{:.0} ms", mean(row, |all| all[AURICLE].mean_delay()))),
        ],
    );
}

fn print_what_is_made_up(rows: &[Row]) {
    let distance = |who: usize| move |row: &Row| format!("{:.1} dB", mean(row, |all| all[who].mean_distance()));
    let noises = |who: usize| move |row: &Row| percent(row, |f| (f[who].noises, f[who].missing));
    let clicks = |who: usize| move |row: &Row| percent(row, |f| (f[who].clicks, f[who].rows));
    columns(
        rows,
        &[
            ("spectrum off by: Auricle", &distance(AURICLE)),
            ("libopus", &distance(LIBOPUS)),
            ("silence", &distance(SILENCE)),
            ("noises: Auricle", &noises(AURICLE)),
            ("libopus", &noises(LIBOPUS)),
            ("clicks: Auricle", &clicks(AURICLE)),
            ("libopus", &clicks(LIBOPUS)),
            ("silence", &clicks(SILENCE)),
        ],
    );
}

fn columns(rows: &[Row], cells: &[Cell]) {
    println!("| loss, jitter | sender |{}", cells.iter().map(|(title, _)| format!(" {title} |")).collect::<String>());
    println!("|---|---|{}", "---:|".repeat(cells.len()));
    for row in rows {
        println!("| {} |{}", row.name, cells.iter().map(|(_, cell)| format!(" {} |", cell(row))).collect::<String>());
    }
    println!();
}

fn mean(row: &Row, of: impl Fn(&[Figures; 4]) -> f64) -> f64 {
    spread(row, of).0
}

/// Mean, least and most over the seeds.
fn spread(row: &Row, of: impl Fn(&[Figures; 4]) -> f64) -> (f64, f64, f64) {
    let all: Vec<f64> = row.seeds.iter().map(of).collect();
    let (least, most) = all.iter().fold((f64::MAX, f64::MIN), |(least, most), &f| (least.min(f), most.max(f)));
    (all.iter().sum::<f64>() / all.len() as f64, least, most)
}

/// How many of all, over all seeds.
fn percent(row: &Row, of: impl Fn(&[Figures; 4]) -> (usize, usize)) -> String {
    let (some, all) = row.seeds.iter().map(of).fold((0, 0), |(a, b), (some, all)| (a + some, b + all));
    format!("{:.1} %", some as f64 * 100.0 / all.max(1) as f64)
}
