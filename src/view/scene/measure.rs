//! How wide a text will be, near enough to lay out by: the same on every target, without a browser.

/// The width of a text in the page's sans-serif face, in pixels. Errs on the wide side.
pub fn sans(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

/// The width of a text in the monospaced face.
pub fn mono(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if is_wide(c) { 1.2 } else { 0.61 }).sum::<f64>() * size
}

fn em(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.31,
        'f' | 't' | 'r' | ' ' | '/' | '-' | '(' | ')' | '·' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '@' => 0.95,
        'A'..='Z' | '→' => 0.72,
        _ if is_wide(c) => 1.0,
        _ => 0.62,
    }
}

/// Hangul, Han, Kana and full-width forms take a whole em.
fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xff00..=0xff60)
}

/// The text, cut with an ellipsis where it would be wider than `room`.
pub fn fit(text: &str, room: f64, width: impl Fn(&str) -> f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut cut: String = text.chars().collect();
    while !cut.is_empty() && width(&cut) + width("…") > room {
        cut.pop();
    }
    cut.push('…');
    cut
}

/// Cuts the front of a path-like text: the end of an image's name says most.
pub fn fit_end(text: &str, room: f64, width: impl Fn(&str) -> f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let mut start = text.char_indices().map(|(i, _)| i).collect::<Vec<_>>().into_iter();
    let mut rest = text;
    while !rest.is_empty() && width(rest) + width("…") > room {
        rest = start.next().map_or("", |i| &text[i..]);
    }
    format!("…{rest}")
}

/// Cuts the middle out of a name: how a Pod of a controller begins says whose it is, and how it ends says which.
pub fn fit_middle(text: &str, room: f64, width: impl Fn(&str) -> f64) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let (mut head, mut tail): (Vec<char>, Vec<char>) = (text.chars().collect(), Vec::new());
    tail.extend(head.split_off(head.len() - head.len().min(ENDING)));
    let cut = |head: &[char], tail: &[char]| head.iter().chain(&['…']).chain(tail).collect::<String>();
    // One of its beginning stays, and then the ending gives way.
    while width(&cut(&head, &tail)) > room && head.len() + tail.len() > 1 {
        if head.len() > 1 {
            head.pop();
        } else {
            tail.remove(0);
        }
    }
    cut(&head, &tail)
}

/// As long as what a controller gives a Pod's name to tell it from its like.
const ENDING: usize = 5;

/// Breaks a text at spaces into at most `most` lines of `room` pixels; the last is cut.
pub fn wrap(text: &str, room: f64, most: usize, width: impl Fn(&str) -> f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&longer) <= room || line.is_empty() || lines.len() + 1 == most {
            line = longer;
        } else {
            lines.push(std::mem::replace(&mut line, word.to_owned()));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.iter().map(|l| fit(l, room, &width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_to_their_room() {
        let width = |t: &str| mono(t, 11.0);
        assert_eq!(fit("nginx", 100.0, width), "nginx");
        let cut = fit("a-very-long-name-of-a-pod", 80.0, width);
        assert!(cut.ends_with('…') && width(&cut) <= 80.0, "{cut}");
        let end = fit_end("ghcr.io/subicura/counter:latest", 120.0, width);
        assert!(end.starts_with('…') && end.ends_with("counter:latest") && width(&end) <= 120.0, "{end}");
        let middle = |room: f64| fit_middle("visitor-5d8f7c9b-x2k4j", room, width);
        assert_eq!(middle(200.0), "visitor-5d8f7c9b-x2k4j");
        assert_eq!([middle(80.0), middle(40.0), middle(8.0)], ["visit…x2k4j", "v…k4j", "v…"].map(str::to_owned));
        let lines = wrap("0/2 nodes are available: 2 Insufficient cpu.", 120.0, 3, width);
        assert!(lines.len() <= 3 && lines.iter().all(|l| width(l) <= 120.0), "{lines:?}");
    }
}
