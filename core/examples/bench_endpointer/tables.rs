//! The figures as Markdown.

use super::labelled::judge::Figures;
use super::labelled::mix::Around;
use super::labelled::scenes::{SNRS, Scene};

const NAMES: [&str; 3] = ["Auricle", "webrtc-vad", "Silero"];

/// Which scenes a line of the summary takes together.
type Group<'a> = (String, Box<dyn Fn(&Scene) -> bool + 'a>);

/// Prints everything. `heard` has the figures of each detector for each scene.
pub fn print(scenes: &[Scene], heard: &[Vec<Figures>], seconds: usize) {
    println!(
        "{:.1} h of sound, {} phrases, the same for everybody; cap 15 s, nominal hangover 500 ms.\n",
        seconds as f32 / 3_600.0,
        heard.iter().map(|scene| scene[0].phrases).sum::<usize>()
    );
    summary(scenes, heard);
    details(scenes, heard);
}

fn summary(scenes: &[Scene], heard: &[Vec<Figures>]) {
    println!(
        "| speech above noise | who | pauses noticed | cut off | cut by the cap | false starts | release p50 | p90 |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for (name, belongs) in groups() {
        for (number, who) in NAMES.iter().enumerate().take(heard[0].len()) {
            let mut sum = Figures::default();
            scenes.iter().zip(heard).filter(|(scene, _)| belongs(scene)).for_each(|(_, all)| sum.add(&all[number]));
            let [noticed, cut, capped] =
                [(sum.noticed, sum.pauses), (sum.cut, sum.phrases), (sum.capped, sum.phrases)].map(percent);
            let (starts, p50, p90) = (sum.false_starts, ms(&sum, 0.5), ms(&sum, 0.9));
            println!("| {name} | {who} | {noticed} | {cut} | {capped} | {starts} | {p50} | {p90} |");
        }
    }
    println!();
}

fn groups() -> Vec<Group<'static>> {
    let mut all: Vec<Group<'static>> = vec![
        ("quiet, −10 to −45 dBFS".into(), Box::new(|scene| quiet(scene) && !scene.sounds.room)),
        ("in an echoing room".into(), Box::new(|scene| scene.sounds.room)),
    ];
    for snr in SNRS {
        let at = move |scene: &Scene| scene.sounds.snr == snr && !quiet(scene) && !scene.sounds.room;
        all.push((format!("{snr} dB, all kinds"), Box::new(move |scene| at(scene))));
        all.push((format!("{snr} dB, steady noise"), Box::new(move |scene| at(scene) && steady(scene))));
    }
    all.push(("everything together".into(), Box::new(|_| true)));
    all
}

fn quiet(scene: &Scene) -> bool {
    scene.sounds.around == Around::Nothing || scene.sounds.snr >= 30.0
}

fn steady(scene: &Scene) -> bool {
    matches!(scene.sounds.around, Around::White | Around::Pink | Around::Hum)
}

fn details(scenes: &[Scene], heard: &[Vec<Figures>]) {
    println!(
        "Each condition: pauses noticed · phrases cut off + cut by the cap · false starts · release p50/p90 in ms.\n"
    );
    let names: Vec<String> = NAMES.iter().take(heard[0].len()).map(|name| format!(" {name} |")).collect();
    println!("| condition | pauses |{}", names.concat());
    println!("|---|---:|{}", "---|".repeat(names.len()));
    for (scene, all) in scenes.iter().zip(heard) {
        let cells: Vec<String> = all.iter().map(cell).collect();
        println!("| {} | {} |{}", scene.name, all[0].pauses, cells.concat());
    }
}

fn cell(figures: &Figures) -> String {
    let Figures { noticed, cut, capped, false_starts, .. } = figures;
    format!(" {noticed} · {cut} + {capped} · {false_starts} · {}/{} |", ms(figures, 0.5), ms(figures, 0.9))
}

fn percent((part, all): (usize, usize)) -> String {
    format!("{part} ({:.1} %)", part as f32 * 100.0 / all.max(1) as f32)
}

fn ms(figures: &Figures, share: f32) -> String {
    let ms = figures.release(share);
    if ms.is_nan() { "–".into() } else { format!("{ms:.0}") }
}
