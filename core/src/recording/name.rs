//! File names from what a person or a server says.

use super::Format;

/// The longest stem in bytes. With time, counter and ending it stays far below the 255 of every file system.
const LONGEST: usize = 80;

/// Makes a file's stem of any text: letters of every script stay, everything that a path, a shell, a FAT stick or a
/// reader of a listing could take for something else becomes one `-`. Never empty, never longer than 80 bytes, never
/// hidden, never an option.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let mut stem = String::new();
    for c in name.chars() {
        let c = if is_kept(c) { c } else { '-' };
        if c == '-' && stem.ends_with('-') {
            continue;
        }
        if stem.len() + c.len_utf8() > LONGEST {
            break;
        }
        // Leading ones are left out at once, so that they don't eat the length.
        if !(stem.is_empty() && is_trimmed(c)) {
            stem.push(c);
        }
    }
    let stem = stem.trim_end_matches(is_trimmed);
    if stem.is_empty() { "meeting".into() } else { stem.into() }
}

/// `STEM-TIME.wav`, or `STEM-TIME-2.wav` and so on as the number of the try. Name and time may be any text.
#[must_use]
pub fn file_name(name: &str, time: &str, format: Format, attempt: u32) -> String {
    let (stem, time, ending) = (safe_name(name), safe_name(time), format.extension());
    match attempt {
        0 | 1 => format!("{stem}-{time}.{ending}"),
        _ => format!("{stem}-{time}-{attempt}.{ending}"),
    }
}

/// Of ASCII only what is harmless everywhere; beyond it everything that can be seen.
fn is_kept(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    }
    !(c.is_control() || c.is_whitespace() || is_invisible(c))
}

/// Characters that turn the direction of writing, join or separate, or mean nothing: what is listed would not be what
/// is there.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{2000}'..='\u{206f}' | '\u{3164}' | '\u{d7fc}'..='\u{d7ff}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
        | '\u{1fffe}' | '\u{1ffff}' | '\u{e0000}'..='\u{10ffff}')
}

/// What a name neither begins nor ends with: a hidden file, an option, a name that Windows cuts.
const fn is_trimmed(c: char) -> bool {
    matches!(c, '-' | '.')
}
