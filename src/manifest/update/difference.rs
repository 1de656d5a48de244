//! What differs between two texts, line by line, in the hunks of a unified diff without its head.
//!
//! Models `k8s.io/apimachinery/pkg/util/diff.Diff`, which is `github.com/pmezard/go-difflib`, which is Python's `difflib`: the longest common run
//! first, then what is left and right of it; in long texts lines that come very often begin no run.

use std::fmt::Write as _;

use crate::api::order::{InOrder, SortedMap};

/// Lines around each change.
const CONTEXT: usize = 3;
/// From this many lines on, lines that are more than a hundredth of the text begin no run.
const LONG: usize = 200;
/// A Pod's spec has a few hundred lines.
const LONGEST: usize = 20_000;

/// `count` equal lines, from `a` in the one text and from `b` in the other.
#[derive(Clone, Copy)]
struct Run {
    a: usize,
    b: usize,
    count: usize,
}

/// The lines `a.0..a.1` of the one text stand for `b.0..b.1` of the other.
#[derive(Clone, Copy)]
struct Step {
    same: bool,
    a: (usize, usize),
    b: (usize, usize),
}

/// Empty where the texts are equal, or too long to be compared in time.
pub fn unified(before: &str, after: &str) -> String {
    let a: Vec<&str> = before.lines().collect();
    let b: Vec<&str> = after.lines().collect();
    let mut out = String::new();
    if a.len().max(b.len()) > LONGEST {
        return out;
    }
    for hunk in hunks(&steps(&a, &b)) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        writeln!(out, "@@ -{} +{} @@", range(first.a.0, last.a.1), range(first.b.0, last.b.1)).expect("a String takes all");
        for step in hunk {
            let (old, new) = if step.same { (' ', None) } else { ('-', Some('+')) };
            let mut print = |sign: char, lines: &[&str]| {
                for line in lines {
                    writeln!(out, "{sign}{line}").expect("a String takes all");
                }
            };
            print(old, &a[step.a.0..step.a.1]);
            if let Some(sign) = new {
                print(sign, &b[step.b.0..step.b.1]);
            }
        }
    }
    out
}

fn range(from: usize, to: usize) -> String {
    match to - from {
        0 => format!("{from},0"),
        1 => format!("{}", from + 1),
        count => format!("{},{count}", from + 1),
    }
}

fn steps(a: &[&str], b: &[&str]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut i, mut j) = (0, 0);
    for run in runs(a, b) {
        if i < run.a || j < run.b {
            steps.push(Step { same: false, a: (i, run.a), b: (j, run.b) });
        }
        (i, j) = (run.a + run.count, run.b + run.count);
        if run.count > 0 {
            steps.push(Step { same: true, a: (run.a, i), b: (run.b, j) });
        }
    }
    steps
}

/// Changes with a little of what is around them; near ones together.
fn hunks(steps: &[Step]) -> Vec<Vec<Step>> {
    let mut hunks = Vec::new();
    let mut hunk: Vec<Step> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let mut step = *step;
        let (first, last) = (index == 0, index + 1 == steps.len());
        if step.same && first {
            step.a.0 = step.a.1.saturating_sub(CONTEXT).max(step.a.0);
            step.b.0 = step.b.1.saturating_sub(CONTEXT).max(step.b.0);
        }
        if step.same && last {
            step.a.1 = step.a.1.min(step.a.0 + CONTEXT);
            step.b.1 = step.b.1.min(step.b.0 + CONTEXT);
        }
        if step.same && !first && !last && step.a.1 - step.a.0 > 2 * CONTEXT {
            hunk.push(Step { same: true, a: (step.a.0, step.a.0 + CONTEXT), b: (step.b.0, step.b.0 + CONTEXT) });
            hunks.push(std::mem::take(&mut hunk));
            step.a.0 = step.a.1 - CONTEXT;
            step.b.0 = step.b.1 - CONTEXT;
        }
        hunk.push(step);
    }
    if hunk.iter().any(|step| !step.same) {
        hunks.push(hunk);
    }
    hunks
}

/// All common runs in order, touching ones joined, and an empty one at the end.
fn runs(a: &[&str], b: &[&str]) -> Vec<Run> {
    let mut places: SortedMap<&str, Vec<usize>> = SortedMap::default();
    for (index, line) in b.iter().enumerate() {
        places.entry(line).or_default().push(index);
    }
    if b.len() >= LONG {
        places.retain(|_, places| places.len() <= b.len() / 100 + 1);
    }
    let mut found: Vec<Run> = Vec::new();
    // What is still to be looked at, the leftmost last.
    let mut open = vec![((0, a.len()), (0, b.len()))];
    while let Some((in_a, in_b)) = open.pop() {
        let run = longest(a, b, &places, in_a, in_b);
        if run.count == 0 {
            continue;
        }
        found.push(run);
        if in_a.0 < run.a && in_b.0 < run.b {
            open.push(((in_a.0, run.a), (in_b.0, run.b)));
        }
        if run.a + run.count < in_a.1 && run.b + run.count < in_b.1 {
            open.push(((run.a + run.count, in_a.1), (run.b + run.count, in_b.1)));
        }
    }
    found.order_by_key(|run| run.a);
    let mut joined: Vec<Run> = Vec::new();
    for run in found {
        match joined.last_mut() {
            Some(last) if last.a + last.count == run.a && last.b + last.count == run.b => last.count += run.count,
            _ => joined.push(run),
        }
    }
    joined.push(Run { a: a.len(), b: b.len(), count: 0 });
    joined
}

/// The longest run between two places; of several, the first in `a`, then in `b`.
fn longest(a: &[&str], b: &[&str], places: &SortedMap<&str, Vec<usize>>, in_a: (usize, usize), in_b: (usize, usize)) -> Run {
    let mut best = Run { a: in_a.0, b: in_b.0, count: 0 };
    // The lines of `b` at which a run ends, for the line of `a` before, and how long it is.
    let mut before: Vec<(usize, usize)> = Vec::new();
    for (i, line) in a.iter().enumerate().take(in_a.1).skip(in_a.0) {
        let mut now = Vec::new();
        for j in places.get(line).into_iter().flatten().copied().filter(|j| (in_b.0..in_b.1).contains(j)) {
            let earlier = before.binary_search_by(|(end, _)| (end + 1).cmp(&j)).map_or(0, |at| before[at].1);
            let count = earlier + 1;
            now.push((j, count));
            if count > best.count {
                best = Run { a: i + 1 - count, b: j + 1 - count, count };
            }
        }
        before = now;
    }
    while best.a > in_a.0 && best.b > in_b.0 && a[best.a - 1] == b[best.b - 1] {
        best = Run { a: best.a - 1, b: best.b - 1, count: best.count + 1 };
    }
    while best.a + best.count < in_a.1 && best.b + best.count < in_b.1 && a[best.a + best.count] == b[best.b + best.count] {
        best.count += 1;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn hunks_carry_three_lines_of_context() {
        let before = (1..=20).map(|n| n.to_string()).collect::<Vec<_>>().join("\n");
        let after = before.replace("\n10\n", "\nten\n").replace("\n20", "\n20\n21");
        assert_eq!(unified(&before, &before), "");
        let expected = "@@ -7,7 +7,7 @@\n 7\n 8\n 9\n-10\n+ten\n 11\n 12\n 13\n@@ -18,3 +18,4 @@\n 18\n 19\n 20\n+21\n";
        assert_eq!(unified(&before, &after), expected);
        assert_eq!(unified("", "a"), "@@ -0,0 +1 @@\n+a\n");
    }
}
