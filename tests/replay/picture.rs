//! `--plot` draws what was heard, at the places that the lines name.

use roxmltree::{Document, Node};

use super::material::{NO_WORDS, argument, events, file, plain, replay, silence, stderr, two_utterances};

/// The lines of JSON and the picture of a recording.
fn drawn(name: &str, sound: &[i16], arguments: &[&str]) -> (String, String) {
    let (folder, path) = file(name, &plain(sound));
    let picture = folder.path().join("it.svg");
    let output = replay(&[&[argument(&path), "--json", "--plot", argument(&picture)], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    (String::from_utf8(output.stdout).unwrap(), std::fs::read_to_string(picture).unwrap())
}

fn number(node: Node<'_, '_>, attribute: &str) -> f64 {
    node.attribute(attribute).unwrap().parse().unwrap()
}

fn with_class<'d>(picture: &'d Document<'_>, class: &'d str) -> impl Iterator<Item = Node<'d, 'd>> {
    let is =
        move |node: &Node<'_, '_>| node.attribute("class").is_some_and(|all| all.split(' ').any(|one| one == class));
    picture.descendants().filter(is)
}

/// Each decision as time and name: once as its line stands on the axis of time, once as its name tells.
fn decisions(picture: &Document<'_>) -> Vec<(f64, String)> {
    let ticks: Vec<(f64, f64)> =
        with_class(picture, "tick").map(|tick| (number(tick, "x"), tick.text().unwrap().parse().unwrap())).collect();
    let [(x0, t0), .., (x1, t1)] = ticks[..] else { panic!("{} ticks", ticks.len()) };
    let lines = with_class(picture, "decision").filter_map(|group| {
        let line = group.children().find(|child| child.has_tag_name("line"))?;
        let title = group.children().find(|child| child.has_tag_name("title"))?.text().unwrap().to_owned();
        Some((line, title))
    });
    let decision = |(line, title): (Node<'_, '_>, String)| {
        assert_eq!(line.attribute("x1"), line.attribute("x2"));
        let t = t0 + (number(line, "x1") - x0) / (x1 - x0) * (t1 - t0);
        let told: f64 = title.rsplit_once(", ").unwrap().1.trim_end_matches(" s").parse().unwrap();
        // A pixel.
        assert!((t - told).abs() <= (t1 - t0) / (x1 - x0), "{title} stands at {t}");
        (told, title.split([' ', ',']).next().unwrap().to_owned())
    };
    lines.map(decision).collect()
}

#[test]
fn a_short_recording_is_drawn_whole_and_its_decisions_stand_where_the_lines_say() {
    let (lines, svg) = drawn("two.wav", two_utterances(), &NO_WORDS);
    let picture = Document::parse(&svg).unwrap();
    let told = events(&lines);
    assert_eq!(decisions(&picture), told);
    assert_eq!(told.len(), 4);
    for curve in ["wave", "level", "floor", "score", "voiced"] {
        let mut paths = with_class(&picture, curve).filter(|node| node.has_tag_name("path"));
        assert!(paths.next().is_some_and(|path| path.attribute("d").unwrap().len() > 500), "no curve of {curve}");
    }
    for area in ["speech", "quiet", "gate"] {
        assert!(with_class(&picture, area).any(|node| number(node, "width") > 30.0), "no area of {area}");
    }
    assert!(with_class(&picture, "threshold").count() >= 2);
    // Nothing runs and nothing is fetched.
    assert!(!svg.contains("<script") && !svg.contains("href") && svg.matches("http").count() == 1);
}

#[test]
fn of_a_long_recording_one_utterance_is_drawn() {
    let long = [two_utterances(), &silence(20.0), two_utterances()].concat();
    let (lines, svg) = drawn("long.wav", &long, &[&NO_WORDS[..], &["--set", "listen.no_speech=60s"]].concat());
    let first = decisions(&Document::parse(&svg).unwrap());
    assert_eq!(first, events(&lines)[..2]);
    let told = events(&lines);
    let wanted = (told[7].0 - 0.01).to_string();
    let arguments = [&NO_WORDS[..], &["--set", "listen.no_speech=60s", "--at", &wanted]].concat();
    let (_, svg) = drawn("long.wav", &long, &arguments);
    assert_eq!(decisions(&Document::parse(&svg).unwrap()).last(), told.last());
}

#[test]
fn a_long_utterance_makes_no_large_picture_and_an_empty_one_is_well_formed() {
    let endless = two_utterances()[14_000..30_000].repeat(70);
    let setting = [&NO_WORDS[..], &["--set", "listen.max_utterance=60s", "--set", "listen.hangover=3s"]].concat();
    let (_, svg) = drawn("endless.wav", &endless, &setting);
    Document::parse(&svg).unwrap();
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
    for sound in [&[][..], &[1, 2], &silence(0.3)] {
        let (lines, svg) = drawn("<odd> & \"name\".wav", sound, &NO_WORDS);
        let picture = Document::parse(&svg).unwrap();
        assert_eq!(lines, "");
        assert!(picture.descendants().any(|node| node.text() == Some("<odd> & \"name\".wav")));
    }
}

#[test]
fn a_picture_that_can_not_be_written_is_told() {
    let (_folder, path) = file("two.wav", &plain(two_utterances()));
    let output = replay(&[&[argument(&path), "--plot", "/nowhere/it.svg"], &NO_WORDS[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    let told = "auricle: the picture /nowhere/it.svg can't be written: No such file or directory (os error 2); choose a folder that you may write to\n";
    assert_eq!(stderr(&output), told);
    assert_eq!(output.stdout, b"", "before anything is heard");
}

#[test]
fn a_picture_is_never_written_over_the_recording() {
    let sound = plain(two_utterances());
    let (folder, path) = file("two.wav", &sound);
    let link = folder.path().join("link.svg");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for picture in [&path, &link] {
        let output = replay(&[&[argument(&path), "--plot", argument(picture)], &NO_WORDS[..]].concat());
        assert_eq!(output.status.code(), Some(1));
        let told = "is the recording, and --plot would write the picture over it; give the picture another name\n";
        assert_eq!(stderr(&output), format!("auricle: `{}` {told}", path.display()));
        assert!(output.stdout.is_empty() && std::fs::read(&path).unwrap() == sound);
    }
}

#[test]
fn a_time_before_the_beginning_is_refused_in_words() {
    let output = replay(&["two.wav", "--plot", "it.svg", "--at", "-1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it must be a number of seconds, such as 12.5"), "{}", stderr(&output));
}
