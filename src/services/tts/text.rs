//! What of a text reaches the engine.

/// The most bytes that an engine gets, its final line feed included: what a fresh pipe takes without waiting.
pub(super) const MAX_TEXT: usize = 4096;

/// One line of at most [`MAX_TEXT`] bytes; `None` if there is no letter and no figure to say.
pub(super) fn clean(text: &str) -> Option<String> {
    // More than enough to cut from; a text may come from a server and be of any length.
    let mut line = String::with_capacity(text.len().min(MAX_TEXT));
    for c in text.chars().take(MAX_TEXT) {
        // The engine reads over the end of a line; a comma makes it pause there.
        let runs_on = line.ends_with(char::is_alphanumeric);
        match c {
            '\n' if runs_on => line.push_str(", "),
            c if c.is_control() => line.push(' '),
            c => line.push(c),
        }
    }
    // espeak-ng would take what follows for the names of sounds.
    while line.contains("[[") {
        line = line.replace("[[", "[");
    }
    let line = cut(line.trim());
    line.chars().any(char::is_alphanumeric).then(|| format!("{line}\n"))
}

/// At most as many bytes as leave room for the line feed; cut between words if there are words.
fn cut(line: &str) -> &str {
    let room = MAX_TEXT - 1;
    if line.len() <= room {
        return line;
    }
    let head = &line[..line.floor_char_boundary(room)];
    head.rfind(' ').map_or(head, |space| &head[..space])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn control_characters_become_spaces() {
        assert_eq!(clean("one\ttwo\0three\x1b[31m\u{85}").unwrap(), "one two three [31m\n");
    }

    #[test]
    fn the_end_of_a_line_is_a_pause() {
        assert_eq!(clean("Menu\nsoup\n\nfish.\nEnjoy!\n").unwrap(), "Menu, soup,  fish. Enjoy!\n");
    }

    #[test]
    fn nothing_to_say_is_nothing() {
        for text in ["", " \n ", "…", "?!", "[[", "\0"] {
            assert_eq!(clean(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let text = clean(&"word ".repeat(2_000)).unwrap();
        assert!(text.len() <= MAX_TEXT && text.len() > MAX_TEXT - 10, "{}", text.len());
        assert!(text.ends_with("word\n"));
    }

    #[test]
    fn sounds_by_name_are_not_passed_on() {
        assert_eq!(clean("[[[[h@l'oU]] [x]").unwrap(), "[h@l'oU]] [x]\n");
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_one_short_line(text in "(\\PC|\\PC{0,9}|[\\s\\[]|.){0,3000}") {
            if let Some(line) = clean(&text) {
                proptest::prop_assert!(line.len() <= MAX_TEXT);
                proptest::prop_assert_eq!(line.chars().filter(|c| c.is_control()).count(), 1);
                proptest::prop_assert!(line.ends_with('\n') && !line.contains("[["));
            }
        }
    }
}
