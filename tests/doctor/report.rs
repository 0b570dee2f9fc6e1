//! The report itself: for reading, and for scripts.

use crate::broker::Broker;
use crate::patient::Patient;

#[test]
fn words_are_aligned_lines_with_remedies_and_a_summary() {
    let broker = Broker::start();
    let output = Patient::at(&broker).run(&[]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ok       reach       mqtt://127.0.0.1:"), "{text}");
    assert!(text.contains("\nwarning  daemon      no daemon answers"), "{text}");
    assert!(text.contains("\n                     → Start it: `sudo systemctl start auricle`."), "{text}");
    assert!(!text.contains('\u{1b}') && !text.contains('{'), "no colours and no JSON in a pipe: {text}");
    assert!(text.trim_end().lines().last().unwrap().contains("warning"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100 || !line.contains(' ')), "{text}");
}

#[test]
fn json_is_an_array_of_objects_with_five_keys() {
    let broker = Broker::start();
    let report = Patient::at(&broker).report();
    for finding in &report.findings {
        let keys: Vec<_> = finding.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["check", "remedy", "seen", "server", "verdict"], "{finding}");
        assert!(
            keys.iter().all(|key| finding[key].is_string() || (*key == "server" && finding[key].is_null())),
            "{finding}"
        );
        let verdict = finding["verdict"].as_str().unwrap();
        assert!(["ok", "warning", "fault", "skipped"].contains(&verdict), "{finding}");
        let must_help = matches!(verdict, "warning" | "fault");
        assert!(!must_help || finding["remedy"] != "", "what to do is missing: {finding}");
    }
    let expected = i32::from(!report.faults().is_empty());
    assert_eq!(report.code, expected, "{:#?}", report.faults());
}

#[test]
fn every_check_is_in_the_documentation() {
    let broker = Broker::start();
    let report = Patient::at(&broker).report();
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/doctor.md")).unwrap();
    for finding in &report.findings {
        let row = format!("| `{}` |", finding["check"].as_str().unwrap());
        assert!(text.contains(&row), "docs/doctor.md lacks {row}");
    }
}
