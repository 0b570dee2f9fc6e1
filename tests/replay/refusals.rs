//! What can't be heard is told with its reason, and what is there is heard.

use std::io::Write;
use std::process::Stdio;

use super::material::{
    NO_WORDS, RATE, argument, command, file, format, heard, piped, plain, replay, stderr, two_utterances, wav,
};

const CONVERT: &str = "convert it, for example with `ffmpeg -i IN -c:a pcm_s16le OUT.wav`";

/// What is said about these bytes on standard input, with exit code 1.
fn refused(bytes: &[u8]) -> String {
    let output = piped(bytes, &[&["-", "--json"], &NO_WORDS[..]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    stderr(&output)
}

#[test]
fn what_is_no_wav_file_is_named() {
    let begins = "auricle: standard input is no WAV file, which begins with `RIFF` and `WAVE`: it begins with";
    assert_eq!(refused(b"OggS\0\x02"), format!("{begins} the bytes 4f 67 67 53 00 02 (Ogg); {CONVERT}\n"));
    assert_eq!(refused(b"no such voice"), format!("{begins} `no such voic`; {CONVERT}\n"));
    let ended = "auricle: standard input ended after 0 bytes, before any sound; record or copy it again\n";
    assert_eq!(refused(b""), ended);
}

#[test]
fn compressed_sound_is_named_with_its_number() {
    for (tag, bits, name) in [
        (0x55, 0, "MP3 (format 0x0055)"),
        (0x11, 4, "ADPCM (format 0x0011)"),
        (0x1234, 16, "compressed sound (format 0x1234)"),
        (1, 12, "PCM with 12 bits"),
    ] {
        let told = refused(&wav(&format(tag, 1, RATE, bits), 0, &[]));
        assert_eq!(told, format!("auricle: standard input has {name}, which is not heard; {CONVERT}\n"));
    }
    let told = refused(&wav(&format(1, 1, 999, 16), 0, &[]));
    assert_eq!(told, format!("auricle: standard input has 999 samples per second, which is not heard; {CONVERT}\n"));
}

#[test]
fn a_file_that_is_cut_off_is_heard_as_far_as_it_goes() {
    let whole = plain(two_utterances());
    let (_folder, path) = file("cut.wav", &whole[..whole.len() - 20_000]);
    let output = replay(&[&[argument(&path), "--json"], &NO_WORDS[..]].concat());
    assert!(output.status.success());
    let warning = format!(
        "warning: `{}` is cut off: 20000 bytes of its sound are missing; what is there was heard",
        path.display()
    );
    assert!(stderr(&output).starts_with(&warning), "{}", stderr(&output));
    assert!(heard(&whole, &[]).starts_with(&String::from_utf8(output.stdout).unwrap()));
}

#[test]
fn a_file_that_is_not_there_or_no_file_is_told_with_its_name() {
    let output = replay(&["/nowhere/at-all.wav", NO_WORDS[0], NO_WORDS[1]]);
    assert_eq!(output.status.code(), Some(1));
    let told = "auricle: `/nowhere/at-all.wav` can't be opened: No such file or directory (os error 2); check the path and its rights\n";
    assert_eq!(stderr(&output), told);
    let output = replay(&["/", NO_WORDS[0], NO_WORDS[1]]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "auricle: `/` is a folder; name a recording in it\n");
}

#[test]
fn a_channel_that_is_not_there_is_a_wrong_setting() {
    let output = piped(&plain(two_utterances()), &["-", "--set", "audio.channel=1", NO_WORDS[0], NO_WORDS[1]]);
    assert_eq!(output.status.code(), Some(2));
    let told = "auricle: standard input has 1 channel, counted from 0, and `channel` in [audio] is 1; choose another with `--set audio.channel=N`\n";
    assert_eq!(stderr(&output), told);
}

#[test]
fn whoever_has_seen_enough_closes_the_pipe_and_nothing_is_said() {
    let arguments = [&["-", "--json"], &NO_WORDS[..]].concat();
    let mut child = command(&arguments);
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    drop(child.stdout.take());
    let mut input = child.stdin.take().unwrap();
    // It ends with its first line, long before the end of this.
    let _ = input.write_all(&plain(&two_utterances().repeat(4)));
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}
