#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]
#[path = "../tests/hearing_material/mod.rs"]
mod hearing_material;
#[path = "../tests/labelled/mod.rs"]
mod labelled;
use auricle_core::audio::Position;
use auricle_core::hearing::{endpointer::*, rules::Rules, vad::*, *};
use labelled::judge::*;
use labelled::*;
fn run(frames: &Frames, rules: Rules, limits: Limits, verbose: bool) -> Vec<Decision> {
    let mut out = vec![];
    let mut from = Position(0);
    let mut e = Endpointer::new(rules, frames, from, from, Some(limits));
    for n in 0..frames.count() {
        let now = frames.start_of(n + 1);
        match e.look(frames, n) {
            Some(Point::Start(_)) => out.push(Decision::Start(now.0 as usize)),
            Some(Point::End { at, speech_end, why }) => {
                if verbose {
                    println!(
                        "   end at {:.3} believed {:.3} {:?}",
                        at.0 as f32 / 16000.,
                        speech_end.0 as f32 / 16000.,
                        why
                    );
                }
                match why {
                    Ending::Silence => out.push(Decision::End(at.0 as usize)),
                    Ending::Cap => out.push(Decision::Cap(at.0 as usize)),
                    _ => {}
                }
                from = at;
                e = Endpointer::new(rules, frames, from, from, Some(limits));
            }
            None => {}
        }
    }
    out
}
fn set(r: &mut Rules, k: &str, v: f32) {
    match k {
        "enter" => r.enter = v,
        "stay" => r.stay = v,
        "stay_above" => r.stay_above = v,
        "stay_rise" => r.stay_rise = v,
        "rise" => r.rise = v as u64,
        "needed" => r.needed = v as u32,
        _ => panic!("{k}"),
    }
}
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let judge = args.iter().any(|a| a == "judge");
    let sets: Vec<(Vec<Phrase>, Vec<Phrase>)> = if !judge {
        vec![(phrases(&TUNED_ON[0], 90), synthetic_crowd())]
    } else {
        let all: Vec<_> = JUDGED_ON.iter().map(|s| phrases(s, 30)).collect();
        (0..3).map(|i| (all[i].clone(), all[(i + 1) % 3].iter().chain(&all[(i + 2) % 3]).cloned().collect())).collect()
    };
    let scenes: Vec<_> = scenes::quiet().into_iter().chain(scenes::noises()).collect();
    let mut tracks = vec![];
    for scene in &scenes {
        let v: Vec<_> = sets
            .iter()
            .enumerate()
            .map(|(i, (p, crowd))| {
                let speech = Speech::new(p, i as u64 + 5);
                let track = mix::mix(&speech, scene.sounds, crowd, i as u64 + 9);
                let mut vad = Vad::new(track.sound.len() / 256 + 2, Position(0));
                vad.push(&track.sound);
                (track, vad)
            })
            .collect();
        tracks.push(v);
    }
    let limits = Limits { ..detectors::LIMITS };
    let mut variants: Vec<String> = args.iter().filter(|a| a.contains('=') || *a == "-").cloned().collect();
    if variants.is_empty() {
        variants.push("-".into());
    }
    let long = args.iter().any(|a| a == "long");
    let verbose = args.iter().find_map(|a| a.strip_prefix("show:").map(str::to_owned));
    for v in variants {
        let mut r = Rules::TUNED;
        for kv in v.split(',').filter(|s| s.contains('=')) {
            let (k, x) = kv.split_once('=').unwrap();
            set(&mut r, k, x.parse().unwrap());
        }
        let mut groups: std::collections::BTreeMap<String, Figures> = Default::default();
        if long {
            println!("== {v}");
        }
        for (scene, ts) in scenes.iter().zip(&tracks) {
            let mut f = Figures::default();
            let show = verbose.as_deref() == Some(scene.name.as_str());
            for (t, vad) in ts {
                let d = run(vad.frames(), r, limits, false);
                f.add(&Figures::of(&t.phrases, &d));
                if show {
                    show_cuts(t, vad.frames(), &d);
                }
            }
            if long {
                println!("{:26} {}", scene.name, fmt(&f));
            }
            let g = match scene.name.as_str() {
                n if n.contains("babble") || n.contains("music") => format!("{} ", n),
                n if n.ends_with(" 0 db") => "noise 0".into(),
                n if n.ends_with(" 5 db") => "noise 5".into(),
                n if n.ends_with("10 db") => "noise 10".into(),
                n if n.ends_with("20 db") => "noise 20".into(),
                _ => "quiet".into(),
            };
            groups.entry(g).or_default().add(&f);
        }
        let mut q = |n: &str| groups.remove(n).unwrap();
        let s: Vec<String> = ["quiet", "noise 20", "noise 10", "noise 5", "noise 0"]
            .iter()
            .map(|n| {
                let f = q(n);
                format!(
                    "{}/{} c{} f{} {:.0},{:.0}",
                    f.noticed,
                    f.pauses,
                    f.cut,
                    f.false_starts,
                    f.release(0.5),
                    f.release(0.9)
                )
            })
            .collect();
        println!("{v:40} {}", s.join(" | "));
        let s: Vec<String> = groups
            .iter()
            .map(|(n, f)| format!("{n}{} c{} k{} f{}", f.noticed, f.cut, f.capped, f.false_starts))
            .collect();
        println!("      {}", s.join(" | "));
    }
}
fn fmt(a: &Figures) -> String {
    format!(
        "{:3}/{:3} cut {:2} cap {:2} false {:2} rel {:4.0} {:4.0}",
        a.noticed,
        a.pauses,
        a.cut,
        a.capped,
        a.false_starts,
        a.release(0.5),
        a.release(0.9)
    )
}
fn show_cuts(t: &mix::Track, frames: &Frames, d: &[Decision]) {
    for (i, p) in t.phrases.iter().enumerate() {
        let next = t.phrases.get(i + 1).map_or(usize::MAX, |n| n.start);
        let long = next - p.end >= 11200;
        let until = if long { p.end } else { next };
        for x in d {
            if let Decision::End(at) = x
                && (p.start..until).contains(at)
            {
                println!(
                    "  cut phrase {i} {:.3}..{:.3} gap {} at {:.3} ({} ms after end)",
                    p.start as f32 / 16e3,
                    p.end as f32 / 16e3,
                    (next - p.end) / 16,
                    *at as f32 / 16e3,
                    (*at as i64 - p.end as i64) / 16
                );
                let first = (*at / 256).saturating_sub(55) as u64;
                let line: Vec<String> = (first..(*at / 256) as u64)
                    .map(|n| {
                        frames
                            .get(n)
                            .map(|f| format!("{:.0}/{:.0}/{:.0}", f.score * 100., f.voiced * 100., f.above))
                            .unwrap()
                    })
                    .collect();
                println!("     {}", line.join(" "));
            }
        }
    }
}
