//! Regular expressions as `grep` and `sed` know them: POSIX basic and extended, by bounded backtracking.
//!
//! Leftmost match; of several at one place the first alternative that fits, repeats taking as much as they can. That differs from POSIX's
//! longest-of-all rule only where alternatives are prefixes of each other.
//!
//! Why not the crate `regex-lite`: it has no back-references (`\\(.\\)\\1`), it would need a translation of both POSIX syntaxes in front of it, and
//! it weighs 22 KB of Brotli-compressed WebAssembly where this file weighs 6 KB (measured alone, `opt-level = "z"`).

use std::cell::Cell;

use super::pattern::CLASSES;

/// A pattern, ready to search with.
pub struct Regex {
    alternatives: Vec<Vec<Piece>>,
    fold: bool,
    /// Steps that all searches took together.
    steps: Cell<usize>,
}

struct Piece {
    atom: Atom,
    least: usize,
    most: usize,
}

enum Atom {
    Char(char),
    Any,
    /// `[…]`: negated, ranges.
    Set(bool, Vec<(char, char)>),
    Begin,
    End,
    /// `\(…\)` with its number.
    Group(usize, Vec<Vec<Piece>>),
    /// `\1`
    Back(usize),
    /// `\b`, `\<`, `\>`: whether a word must stand before it, where it matters.
    WordEdge(Option<bool>),
}

/// Where a match lies, and where its groups lie (index 1 to 9), in characters.
#[derive(Clone, Debug, Default)]
pub struct Match {
    pub start: usize,
    pub end: usize,
    pub groups: [Option<(usize, usize)>; 10],
}

/// How much work one search may be.
const MOST_STEPS: usize = 200_000;
/// How much work all searches with a pattern may be; beyond that nothing is found.
const MOST_WORK: usize = 10_000_000;
/// A step is worth handling so many bytes of text.
const BYTES_A_STEP: u64 = 8;
pub const MOST_EFFORT: u64 = MOST_WORK as u64 * BYTES_A_STEP;
const DEEPEST: usize = 20;

impl Regex {
    pub fn new(pattern: &str, extended: bool, fold: bool) -> Self {
        let mut reader = Reader { text: pattern.chars().collect(), at: 0, extended, groups: 0, depth: 0 };
        let mut alternatives = reader.alternatives();
        if fold {
            alternatives.iter_mut().for_each(|a| lower(a));
        }
        Self { alternatives, fold, steps: Cell::new(0) }
    }

    /// What its searches were worth, in bytes of text that are handled.
    pub fn effort(&self) -> u64 {
        self.steps.get() as u64 * BYTES_A_STEP
    }

    /// Whether it looked for longer than anybody waits.
    pub fn is_spent(&self) -> bool {
        self.steps.get() >= MOST_WORK
    }

    pub fn is_match(&self, line: &str) -> bool {
        let text = self.characters(line);
        self.find(&text, 0).is_some()
    }

    /// A line as [`Regex::find`] wants it.
    pub fn characters(&self, line: &str) -> Vec<char> {
        if self.fold { line.chars().flat_map(char::to_lowercase).collect() } else { line.chars().collect() }
    }

    /// The first match at or behind `from`.
    pub fn find(&self, text: &[char], from: usize) -> Option<Match> {
        if self.is_spent() {
            return None;
        }
        let mut search = Search { text, steps: 0 };
        let found = (from..=text.len()).find_map(|start| {
            let mut found = Match { start, ..Match::default() };
            let end = self.alternatives.iter().find_map(|pieces| {
                let mut groups = [None; 10];
                let end = search.run(pieces, start, &mut groups, &mut |_, at, _| Some(at))?;
                found.groups = groups;
                Some(end)
            })?;
            found.end = end;
            Some(found)
        });
        self.steps.set(self.steps.get() + search.steps);
        found
    }
}

fn lower(pieces: &mut [Piece]) {
    for piece in pieces {
        match &mut piece.atom {
            Atom::Char(c) => *c = c.to_ascii_lowercase(),
            Atom::Group(_, inner) => inner.iter_mut().for_each(|a| lower(a)),
            Atom::Set(_, ranges) => {
                let small: Vec<(char, char)> = ranges.iter().map(|(a, b)| (a.to_ascii_lowercase(), b.to_ascii_lowercase())).collect();
                *ranges = small;
            }
            Atom::Any | Atom::Begin | Atom::End | Atom::Back(_) | Atom::WordEdge(_) => {}
        }
    }
}

struct Reader {
    text: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
    depth: usize,
}

impl Reader {
    fn takes(&mut self, word: &str) -> bool {
        let is = word.chars().enumerate().all(|(i, c)| self.text.get(self.at + i) == Some(&c));
        self.at += if is { word.chars().count() } else { 0 };
        is
    }

    fn alternatives(&mut self) -> Vec<Vec<Piece>> {
        let mut all = vec![self.sequence()];
        while self.takes(if self.extended { "|" } else { "\\|" }) {
            all.push(self.sequence());
        }
        all
    }

    /// Up to the next `|`, `)` or the end.
    fn sequence(&mut self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        while let Some(&c) = self.text.get(self.at) {
            let next = self.text.get(self.at + 1).copied();
            let stops = if self.extended { c == '|' || c == ')' && self.depth > 0 } else { c == '\\' && matches!(next, Some('|' | ')')) };
            if stops {
                break;
            }
            self.at += 1;
            let at_begin = pieces.is_empty() || matches!(pieces.last(), Some(Piece { atom: Atom::Begin, .. }));
            let atom = match c {
                '.' => Atom::Any,
                '[' => self.set(),
                '^' if self.extended || pieces.is_empty() => Atom::Begin,
                '$' if self.extended || self.at >= self.text.len() || self.text[self.at..].starts_with(&['\\', ')']) => Atom::End,
                '*' if at_begin => Atom::Char('*'),
                '(' if self.extended => self.group(")"),
                '\\' => {
                    let Some(escaped) = next else { break };
                    self.at += 1;
                    match escaped {
                        '(' if !self.extended => self.group("\\)"),
                        '1'..='9' => Atom::Back(escaped as usize - '0' as usize),
                        'b' => Atom::WordEdge(None),
                        '<' | '>' => Atom::WordEdge(Some(escaped == '>')),
                        'n' => Atom::Char('\n'),
                        't' => Atom::Char('\t'),
                        'd' => Atom::Set(false, vec![('0', '9')]),
                        'w' => Atom::Set(false, vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')]),
                        's' => Atom::Set(false, vec![(' ', ' '), ('\t', '\t')]),
                        other => Atom::Char(other),
                    }
                }
                other => Atom::Char(other),
            };
            let (least, most) = self.repeat();
            pieces.push(Piece { atom, least, most });
        }
        pieces
    }

    fn group(&mut self, close: &str) -> Atom {
        self.groups += 1;
        let number = self.groups;
        if self.depth >= DEEPEST {
            self.at = self.text.len();
            return Atom::Group(number, Vec::new());
        }
        self.depth += 1;
        let inner = self.alternatives();
        self.depth -= 1;
        self.takes(close);
        Atom::Group(number, inner)
    }

    fn repeat(&mut self) -> (usize, usize) {
        if self.takes("*") {
            return (0, usize::MAX);
        }
        let (plus, question, open, close) = if self.extended { ("+", "?", "{", "}") } else { ("\\+", "\\?", "\\{", "\\}") };
        if self.takes(plus) {
            return (1, usize::MAX);
        }
        if self.takes(question) {
            return (0, 1);
        }
        let before = self.at;
        if self.takes(open) {
            let mut inner = String::new();
            while let Some(c) = self.text.get(self.at).filter(|c| c.is_ascii_digit() || **c == ',') {
                inner.push(*c);
                self.at += 1;
            }
            let (least, most) = inner.split_once(',').map_or((inner.as_str(), inner.as_str()), |(a, b)| (a, b));
            if self.takes(close) && !inner.is_empty() {
                return (least.parse().unwrap_or(0), most.parse().unwrap_or(usize::MAX));
            }
            self.at = before;
        }
        (1, 1)
    }

    /// Behind `[`.
    fn set(&mut self) -> Atom {
        let not = self.takes("^");
        let mut ranges = Vec::new();
        let mut first = true;
        while let Some(&c) = self.text.get(self.at) {
            if c == ']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            if let Some((_, class)) = CLASSES.iter().find(|(name, _)| self.takes(name)) {
                ranges.extend_from_slice(class);
                continue;
            }
            self.at += 1;
            match (self.text.get(self.at), self.text.get(self.at + 1)) {
                (Some('-'), Some(&last)) if last != ']' => {
                    ranges.push((c, last));
                    self.at += 2;
                }
                _ => ranges.push((c, c)),
            }
        }
        Atom::Set(not, ranges)
    }
}

type Groups = [Option<(usize, usize)>; 10];

struct Search<'a> {
    text: &'a [char],
    steps: usize,
}

impl Search<'_> {
    /// Fits the pieces from `at` on, then whatever `then` wants; gives what `then` gave.
    fn run(
        &mut self,
        pieces: &[Piece],
        at: usize,
        groups: &mut Groups,
        then: &mut dyn FnMut(&mut Self, usize, &mut Groups) -> Option<usize>,
    ) -> Option<usize> {
        let Some((piece, rest)) = pieces.split_first() else { return then(self, at, groups) };
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return None;
        }
        match &piece.atom {
            Atom::Group(number, inner) => {
                self.repeated(*number, inner, piece, 0, at, groups, &mut |search, at, groups| search.run(rest, at, groups, then))
            }
            atom => {
                // One character at a time (or nothing, for anchors): as many as there are, then fewer.
                let mut ends = vec![at];
                while ends.len() <= piece.most {
                    let here = ends[ends.len() - 1];
                    match self.one(atom, here, groups) {
                        Some(next) if next > here => ends.push(next),
                        Some(next) => {
                            ends.push(next);
                            break;
                        }
                        None => break,
                    }
                }
                for count in (piece.least..ends.len()).rev() {
                    if let Some(end) = self.run(rest, ends[count], groups, then) {
                        return Some(end);
                    }
                }
                None
            }
        }
    }

    fn repeated(
        &mut self,
        number: usize,
        inner: &[Vec<Piece>],
        piece: &Piece,
        count: usize,
        at: usize,
        groups: &mut Groups,
        then: &mut dyn FnMut(&mut Self, usize, &mut Groups) -> Option<usize>,
    ) -> Option<usize> {
        self.steps += 1;
        if self.steps > MOST_STEPS || count > 500 {
            return None;
        }
        if count < piece.most {
            for alternative in inner {
                let saved = *groups;
                let found = self.run(alternative, at, groups, &mut |search, end, groups| {
                    if end == at && count >= piece.least {
                        return None;
                    }
                    let before = *groups;
                    if let Some(group) = groups.get_mut(number) {
                        *group = Some((at, end));
                    }
                    let found = search.repeated(number, inner, piece, count + 1, end, groups, then);
                    if found.is_none() {
                        *groups = before;
                    }
                    found
                });
                if found.is_some() {
                    return found;
                }
                *groups = saved;
            }
        }
        if count >= piece.least { then(self, at, groups) } else { None }
    }

    fn one(&self, atom: &Atom, at: usize, groups: &Groups) -> Option<usize> {
        let c = self.text.get(at).copied();
        match atom {
            Atom::Char(wanted) => (c == Some(*wanted)).then_some(at + 1),
            Atom::Any => c.map(|_| at + 1),
            Atom::Set(not, ranges) => c.filter(|c| ranges.iter().any(|(a, b)| a <= c && c <= b) != *not).map(|_| at + 1),
            Atom::Begin => (at == 0).then_some(at),
            Atom::End => (at == self.text.len()).then_some(at),
            Atom::Back(number) => {
                let (from, to) = groups.get(*number).copied().flatten()?;
                self.text[at..].starts_with(&self.text[from..to]).then_some(at + to - from)
            }
            Atom::WordEdge(ends) => {
                let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
                let before = at.checked_sub(1).and_then(|before| self.text.get(before));
                let (before, behind) = (is_word(before), is_word(self.text.get(at)));
                (before != behind && ends.is_none_or(|ends| ends == before)).then_some(at)
            }
            Atom::Group(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Regex;

    fn found(pattern: &str, extended: bool, line: &str) -> Option<String> {
        let regex = Regex::new(pattern, extended, false);
        let text = regex.characters(line);
        regex.find(&text, 0).map(|m| text[m.start..m.end].iter().collect())
    }

    #[test]
    fn finds_the_leftmost_match() {
        assert_eq!(found("b.*d", false, "abcdd").as_deref(), Some("bcdd"));
        assert_eq!(found("(ab|c)+", true, "xababcx").as_deref(), Some("ababc"));
        assert_eq!(found("a\\{2\\}", false, "baaa").as_deref(), Some("aa"));
        assert_eq!(found("^[[:digit:]]*$", false, "12a"), None);
        assert_eq!(found("a+", false, "aa+").as_deref(), Some("a+"));
        assert_eq!(found("\\(.\\)\\1", false, "abccd").as_deref(), Some("cc"));
    }

    #[test]
    fn ends_on_patterns_that_explode() {
        assert_eq!(found("(a*)*(a*)*(a*)*b", true, &"a".repeat(60)), None);
    }
}
