//! Regular expressions for `grep` and `sed`: a small backtracking matcher with a budget, so that no pattern hangs.

use std::cell::Cell;

#[derive(Clone, Debug)]
enum Node {
    Char(char),
    Any,
    Set { negative: bool, ranges: Vec<(char, char)> },
    Start,
    End,
    WordEdge,
    Group(usize, Vec<Vec<Node>>),
    Repeat(Box<Node>, usize, usize),
    Back(usize),
}

/// A pattern that was understood.
#[derive(Clone, Debug)]
pub struct Pattern {
    branches: Vec<Vec<Node>>,
    fold: bool,
}

/// Where a match and its groups stand, in characters.
pub type Found = Vec<Option<(usize, usize)>>;

const BUDGET: usize = 200_000;

struct Parser {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
}

impl Pattern {
    pub fn new(text: &str, extended: bool, fold: bool) -> Result<Self, String> {
        let mut parser = Parser { chars: text.chars().collect(), at: 0, extended, groups: 0 };
        let branches = parser.branches(0)?;
        if parser.at < parser.chars.len() {
            return Err("Unmatched ) or \\)".into());
        }
        Ok(Self { branches, fold })
    }

    /// A plain text.
    pub fn literal(text: &str, fold: bool) -> Self {
        Self { branches: vec![text.chars().map(Node::Char).collect()], fold }
    }

    pub fn find(&self, text: &[char], from: usize) -> Option<Found> {
        let budget = Cell::new(BUDGET);
        (from..=text.len()).find_map(|start| {
            let mut groups: Found = vec![None; 10];
            self.branches.iter().find_map(|branch| {
                let mut end = None;
                let mut found = groups.clone();
                let matched = step(&[branch], text, start, &mut groups, self.fold, &budget, &mut |at, g| {
                    end = Some(at);
                    found = g.clone();
                    true
                });
                matched.then(|| {
                    found[0] = Some((start, end.unwrap_or(start)));
                    found.clone()
                })
            })
        })
    }

    pub fn matches(&self, line: &str) -> bool {
        self.find(&line.chars().collect::<Vec<_>>(), 0).is_some()
    }
}

impl Parser {
    fn peek(&self, n: usize) -> Option<char> {
        self.chars.get(self.at + n).copied()
    }

    /// Whether an operator stands here, in this dialect's spelling.
    fn operator(&mut self, c: char) -> bool {
        let escaped = self.peek(0) == Some('\\') && self.peek(1) == Some(c);
        let found = if self.extended { self.peek(0) == Some(c) } else { escaped };
        if found {
            self.at += if self.extended { 1 } else { 2 };
        }
        found
    }

    fn branches(&mut self, depth: usize) -> Result<Vec<Vec<Node>>, String> {
        if depth > 20 {
            return Err("pattern is nested too deep".into());
        }
        let mut all = vec![Vec::new()];
        while self.at < self.chars.len() {
            let closes = if self.extended { self.peek(0) == Some(')') } else { self.peek(0) == Some('\\') && self.peek(1) == Some(')') };
            if closes {
                break;
            }
            if self.operator('|') {
                all.push(Vec::new());
                continue;
            }
            let first = all.last().is_none_or(Vec::is_empty);
            let node = self.atom(first, depth)?;
            let node = self.repeats(node);
            if let Some(last) = all.last_mut() {
                last.push(node);
            }
        }
        Ok(all)
    }

    fn atom(&mut self, first: bool, depth: usize) -> Result<Node, String> {
        if self.operator('(') {
            self.groups += 1;
            let number = self.groups;
            let inner = self.branches(depth + 1)?;
            return if self.operator(')') { Ok(Node::Group(number, inner)) } else { Err("Unmatched ( or \\(".into()) };
        }
        let c = self.chars[self.at];
        self.at += 1;
        Ok(match c {
            '.' => Node::Any,
            '^' if self.extended || first => Node::Start,
            '$' if self.extended || self.at == self.chars.len() || self.peek(0) == Some('\\') && matches!(self.peek(1), Some(')' | '|')) => Node::End,
            '[' => self.set()?,
            '\\' => {
                let Some(c) = self.peek(0) else { return Err("Trailing backslash".into()) };
                self.at += 1;
                match c {
                    'n' => Node::Char('\n'),
                    't' => Node::Char('\t'),
                    's' => Node::Set { negative: false, ranges: vec![(' ', ' '), ('\t', '\r')] },
                    'S' => Node::Set { negative: true, ranges: vec![(' ', ' '), ('\t', '\r')] },
                    'w' => Node::Set { negative: false, ranges: vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')] },
                    'd' => Node::Set { negative: false, ranges: vec![('0', '9')] },
                    'b' | '<' | '>' => Node::WordEdge,
                    '1'..='9' => Node::Back(c as usize - '0' as usize),
                    c => Node::Char(c),
                }
            }
            c => Node::Char(c),
        })
    }

    fn set(&mut self) -> Result<Node, String> {
        let negative = self.peek(0) == Some('^');
        self.at += usize::from(negative);
        let mut ranges = Vec::new();
        let start = self.at;
        loop {
            let Some(c) = self.peek(0) else { return Err("Unmatched [, [^, [:, [., or [=".into()) };
            self.at += 1;
            if c == ']' && self.at > start + 1 {
                return Ok(Node::Set { negative, ranges });
            }
            if c == '[' && self.peek(0) == Some(':') {
                let rest: String = self.chars[self.at + 1..].iter().take_while(|c| **c != ':').collect();
                self.at += rest.chars().count() + 3;
                match rest.as_str() {
                    "digit" => ranges.push(('0', '9')),
                    "alpha" => ranges.extend([('a', 'z'), ('A', 'Z')]),
                    "alnum" => ranges.extend([('a', 'z'), ('A', 'Z'), ('0', '9')]),
                    "space" => ranges.extend([(' ', ' '), ('\t', '\r')]),
                    "upper" => ranges.push(('A', 'Z')),
                    "lower" => ranges.push(('a', 'z')),
                    _ => {}
                }
                continue;
            }
            if self.peek(0) == Some('-') && self.peek(1).is_some_and(|c| c != ']') {
                ranges.push((c, self.peek(1).unwrap_or(c)));
                self.at += 2;
            } else {
                ranges.push((c, c));
            }
        }
    }

    fn repeats(&mut self, mut node: Node) -> Node {
        loop {
            let (low, high) = if self.peek(0) == Some('*') {
                self.at += 1;
                (0, usize::MAX)
            } else if self.operator('+') {
                (1, usize::MAX)
            } else if self.operator('?') {
                (0, 1)
            } else if self.operator('{') {
                let text: String = self.chars[self.at..].iter().take_while(|c| **c != '}' && **c != '\\').collect();
                self.at = (self.at + text.chars().count() + if self.extended { 1 } else { 2 }).min(self.chars.len());
                let (low, high) = text.split_once(',').unwrap_or((&text, &text));
                (low.parse().unwrap_or(0), high.parse().unwrap_or(usize::MAX))
            } else {
                return node;
            };
            node = Node::Repeat(Box::new(node), low, high);
        }
    }
}

fn same(a: char, b: char, fold: bool) -> bool {
    a == b || fold && a.to_lowercase().eq(b.to_lowercase())
}

type Then<'a> = &'a mut dyn FnMut(usize, &mut Found) -> bool;

/// Matches a stack of node lists (the innermost first), then calls `then`.
fn step(stack: &[&[Node]], text: &[char], at: usize, groups: &mut Found, fold: bool, budget: &Cell<usize>, then: Then) -> bool {
    if budget.get() == 0 {
        return false;
    }
    budget.set(budget.get() - 1);
    let Some((first, below)) = stack.split_first() else { return then(at, groups) };
    let Some((node, rest)) = first.split_first() else { return step(below, text, at, groups, fold, budget, then) };
    let mut next: Vec<&[Node]> = vec![rest];
    next.extend(below);
    match node {
        Node::Repeat(inner, low, high) => repeat(inner, *low, *high, 0, &next, text, at, groups, fold, budget, then),
        Node::Group(number, branches) => branches.iter().any(|branch| {
            let saved = groups.clone();
            let index = (*number).min(9);
            let matched = step(&[branch], text, at, groups, fold, budget, &mut |end, g| {
                g[index] = Some((at, end));
                step(&next, text, end, g, fold, budget, &mut *then)
            });
            if !matched {
                *groups = saved;
            }
            matched
        }),
        single => one(single, text, at, groups, fold).is_some_and(|end| step(&next, text, end, groups, fold, budget, then)),
    }
}

#[expect(clippy::too_many_arguments, reason = "the state of a match")]
fn repeat(
    inner: &Node,
    low: usize,
    high: usize,
    count: usize,
    next: &[&[Node]],
    text: &[char],
    at: usize,
    groups: &mut Found,
    fold: bool,
    budget: &Cell<usize>,
    then: Then,
) -> bool {
    // As many as there are, then back.
    if let Node::Group(..) | Node::Repeat(..) = inner {
        if count < high && count < 200 {
            let saved = groups.clone();
            let list = [inner.clone()];
            let matched = step(&[&list], text, at, groups, fold, budget, &mut |end, g| {
                end > at && repeat(inner, low, high, count + 1, next, text, end, g, fold, budget, &mut *then)
            });
            if matched {
                return true;
            }
            *groups = saved;
        }
        return count >= low && step(next, text, at, groups, fold, budget, then);
    }
    let mut ends = vec![at];
    while ends.len() <= high.min(text.len() + 1) {
        let last = ends[ends.len() - 1];
        match one(inner, text, last, groups, fold) {
            Some(end) if end > last => ends.push(end),
            _ => break,
        }
    }
    (low..ends.len()).rev().any(|n| step(next, text, ends[n], groups, fold, budget, then))
}

/// A node that takes at most one character (or a group's text again).
fn one(node: &Node, text: &[char], at: usize, groups: &Found, fold: bool) -> Option<usize> {
    let here = text.get(at).copied();
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
    match node {
        Node::Char(c) => here.filter(|h| same(*h, *c, fold)).map(|_| at + 1),
        Node::Any => here.map(|_| at + 1),
        Node::Set { negative, ranges } => here
            .filter(|h| ranges.iter().any(|(a, b)| (a..=b).contains(&h) || fold && (*a..=*b).contains(&h.to_ascii_lowercase())) != *negative)
            .map(|_| at + 1),
        Node::Start => (at == 0).then_some(at),
        Node::End => (at == text.len()).then_some(at),
        Node::WordEdge => (is_word(text.get(at)) != is_word(at.checked_sub(1).and_then(|n| text.get(n)))).then_some(at),
        Node::Back(number) => {
            let (from, to) = groups.get(*number).copied().flatten().unwrap_or((0, 0));
            let piece = text.get(from..to).unwrap_or_default();
            text.get(at..)?.starts_with(piece).then_some(at + piece.len())
        }
        Node::Group(..) | Node::Repeat(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match() {
        let yes = |p: &str, t: &str| assert!(Pattern::new(p, false, false).is_ok_and(|p| p.matches(t)), "{p} {t}");
        let no = |p: &str, t: &str| assert!(Pattern::new(p, false, false).is_ok_and(|p| !p.matches(t)), "{p} {t}");
        yes("^+ ", "+ x");
        yes("a.*c$", "xabbc");
        no("^b", "ab");
        yes("\\(a\\)|\\1", "a|a");
        yes("[0-9][0-9]*", "x42");
        assert!(Pattern::new("(ab|cd)+e", true, false).is_ok_and(|p| p.matches("abcde")));
        let hard = Pattern::new("(a*)*b", true, false);
        assert!(hard.is_ok_and(|p| !p.matches(&"a".repeat(60))));
    }
}
