//! Markup in texts: chatbots answer with pieces of web pages, which nobody wants to hear.
//!
//! Only what servers compose goes through here. What a person types into the admin page is plain text and stays.

/// `text` without tags, comments and the contents of scripts and styles, with its entities decoded.
///
/// What divides paragraphs on a page becomes a line break, which is a pause when spoken. A tag begins with `<` and a
/// letter, `/` or `!`, so `3 < 5` and `a & b` stay. A text without `<` and `&` comes back as it is. Takes time and
/// memory in proportion to the length of `text`.
#[must_use]
pub fn plain(text: &str) -> String {
    if !text.contains(['<', '&']) {
        return text.into();
    }
    let text = untagged(text);
    let text = html_escape::decode_html_entities(&text);
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let before = out.len();
        for word in line.split_whitespace() {
            out.push_str(match out.len() {
                0 => "",
                length if length == before => "\n",
                _ => " ",
            });
            // A place where a word may be divided is not spoken.
            out.extend(word.chars().filter(|c| *c != '\u{AD}'));
        }
    }
    out
}

/// `text` with each tag replaced by what it means for somebody who listens.
fn untagged(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Whether a `>` between quotes belongs to an attribute. Given up once a quote was never closed: from there on it
    // is an apostrophe, and looking for its end again and again would take for ever.
    let mut quotes = true;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        if rest.starts_with("<!--") {
            // The two dashes that open a comment may also close it: `<!-->`.
            rest = rest[2..].find("-->").map_or("", |end| &rest[2 + end + 3..]);
            continue;
        }
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            out.push('<');
            rest = &rest[1..];
            continue;
        }
        match extent(rest, quotes) {
            Extent::Tag(length) => {
                let tag = &rest[1..length - 1];
                out.push_str(replacement(tag));
                rest = behind_contents(tag, &rest[length..]);
            }
            Extent::Text(length) => {
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
            Extent::OpenQuote => quotes = false,
        }
    }
    out + rest
}

/// What begins with `<`.
enum Extent {
    /// A tag of so many bytes.
    Tag(usize),
    /// No tag: so many bytes of text, up to the next `<` or the end.
    Text(usize),
    /// A quote that is never closed.
    OpenQuote,
}

/// How far the tag at the start of `rest` reaches. Every byte that it looks at is used up, apart from one open quote.
fn extent(rest: &str, quotes: bool) -> Extent {
    let mut quote = None;
    let mut last = b' ';
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            // An apostrophe elsewhere is none of an attribute's.
            (None, b'"' | b'\'') if quotes && last == b'=' => quote = Some(byte),
            (None, b'>') => return Extent::Tag(at + 1),
            (None, b'<') => return Extent::Text(at),
            (None, _) => {}
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
    }
    if quote.is_some() { Extent::OpenQuote } else { Extent::Text(rest.len()) }
}

/// The name in a tag without its brackets, without the slash of an end.
fn name(tag: &str) -> &str {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default()
}

/// The tags that begin a new line on a page, and the pause of the speech markup that some skills use.
const LINES: &str = "address article aside blockquote br break dd div dl dt figcaption figure footer form h1 h2 h3 h4 \
    h5 h6 header hr li main nav ol option p pre section table tr ul";

/// The tags that stand between words.
const GAPS: &str = "img td th";

/// What a tag means for somebody who listens: a pause, a gap between words, or nothing.
fn replacement(tag: &str) -> &'static str {
    let among = |names: &str| names.split(' ').any(|known| name(tag).eq_ignore_ascii_case(known));
    if among(LINES) {
        "\n"
    } else if among(GAPS) {
        " "
    } else {
        ""
    }
}

/// What follows the contents of `tag`, if those are not text; else all of `rest`.
fn behind_contents<'a>(tag: &str, rest: &'a str) -> &'a str {
    let Some(name) = ["script", "style"].into_iter().find(|known| name(tag).eq_ignore_ascii_case(known)) else {
        return rest;
    };
    if tag.starts_with('/') || tag.ends_with('/') {
        return rest;
    }
    let end = rest
        .as_bytes()
        .windows(name.len() + 2)
        .position(|piece| piece.starts_with(b"</") && piece[2..].eq_ignore_ascii_case(name.as_bytes()));
    // Without its end the rest belongs to it. The end itself is a tag like any other.
    end.map_or("", |end| &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tags_go_and_what_divides_paragraphs_is_a_line_break() {
        for (text, spoken) in [
            ("<b>Hello</b> <i class=\"x\">you</i>", "Hello you"),
            ("one<br>two<br/>three<BR />four", "one\ntwo\nthree\nfour"),
            ("<p>One.</p>\n\n<p>Two.</p>", "One.\nTwo."),
            ("<div>Choose:<ul><li>red</li><li> green </li></ul></div>", "Choose:\nred\ngreen"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("un<strong>believ</strong>able", "unbelievable"),
            ("<a href=\"https://example.org/?a=1&b=2\" title=\"x > y\">here</a>", "here"),
            ("<a title = 'x > y'>here</a>", "here"),
            ("a<img src=x alt=y>b", "a b"),
            ("<speak>Wait<break time=\"1s\"/>now</speak>", "Wait\nnow"),
            ("<p></p>", ""),
        ] {
            assert_eq!(plain(text), spoken, "{text}");
        }
    }

    #[test]
    fn entities_are_decoded_once() {
        for (text, spoken) in [
            ("Tom &amp; Jerry", "Tom & Jerry"),
            ("caf&eacute; &#233; &#xE9;", "café é é"),
            ("it&#39;s &quot;so&quot;", "it's \"so\""),
            ("5&nbsp;&euro;", "5 €"),
            ("&lt;b&gt; is bold", "<b> is bold"),
            ("&amp;lt;", "&lt;"),
            ("Donau&shy;dampf", "Donaudampf"),
            ("&#0; &#55296; &#99999999999; &nosuch; &;", "&#0; &#55296; &#99999999999; &nosuch; &;"),
        ] {
            assert_eq!(plain(text), spoken, "{text}");
        }
    }

    #[test]
    fn what_is_no_tag_and_no_entity_stays() {
        for text in [
            "x < y and z > w",
            "3 < 5 & 7 > 2",
            "I <3 you",
            "a & b",
            "R&D; AT&T",
            "a <- b -> c",
            "<",
            "&",
            "a <b",
            "Is a <b or not? It's",
            "no markup  at\tall\n\nhere",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn comments_scripts_and_styles_are_not_spoken() {
        for (text, spoken) in [
            ("a<!-- <b>x</b> -->b", "ab"),
            ("a<!-->b", "ab"),
            ("a<!-- never closed", "a"),
            ("<!DOCTYPE html>a", "a"),
            ("a<script>if (1 < 2) { x = \"</p>\" }</SCRIPT >b", "ab"),
            ("a<style type='x'>p { color: red }</style>b", "ab"),
            ("a<script src=x/>b", "ab"),
            ("a<script>never closed", "a"),
            ("a</script>b", "ab"),
        ] {
            assert_eq!(plain(text), spoken, "{text}");
        }
    }

    #[test]
    fn a_quote_that_is_never_closed_hides_nothing() {
        assert_eq!(plain("<a title=\"x>here</a> and <b>there</b>"), "here and there");
        assert_eq!(plain("<b it's> and <i>that's</i>"), "and that's");
    }

    #[test]
    fn a_hostile_text_takes_no_longer_than_a_kind_one() {
        // Each of these makes a reader that looks ahead for every `<` or `&` look at everything each time: hours.
        for piece in ["<a ' =' ", "<a =\"", "<a", "<!-", "<!--", "<script>", "&a", "&#x", "<a =\"'\"'"] {
            let text = piece.repeat(2 << 20 >> 3);
            assert!(plain(&text).len() <= text.len());
        }
    }

    proptest! {
        #[test]
        fn words_between_tags_all_stay(parts in proptest::collection::vec(("[a-zé<&]{1,6}", 0usize..6), 0..30)) {
            const TAGS: [&str; 6] = ["<br>", "<a href='x > y' b=\"<i>\">", "</DIV>", "<!-- x -->", "<style>x</style>", "<p/>"];
            // A `<` before a letter begins a tag; before a space it is one of the signs that stay.
            let words: Vec<String> = parts.iter().map(|(word, _)| word.replace('<', "") + "<").collect();
            let text: String = words.iter().zip(&parts).map(|(word, (_, tag))| format!("{word} {} ", TAGS[*tag])).collect();
            let spoken = plain(&text);
            prop_assert_eq!(spoken.split_whitespace().collect::<Vec<_>>(), words);
        }

        #[test]
        fn any_text_is_survived(text in "(<|>|&|;|=|'|\"|/|!|-|br|script|amp|nGt|#x| |é|\n|x){0,60}") {
            // No entity is much shorter than what it stands for.
            prop_assert!(plain(&text).len() <= text.len() * 2);
        }
    }
}
