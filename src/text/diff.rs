//! Unified diffs of texts, as `diff -u` and the API server's `apimachinery/pkg/util/diff` write them.

/// What comes behind is not compared: the table of common lines grows with the product of the lengths.
const MOST_LINES: usize = 4000;

/// The hunks of a unified diff with three lines of context.
pub fn unified(before: &str, after: &str) -> String {
    const CONTEXT: usize = 3;
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().take(MOST_LINES).collect(), after.lines().take(MOST_LINES).collect());
    // Longest common subsequence, from the end.
    let mut longest = vec![vec![0u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines: Vec<(char, &str, usize, usize)> = Vec::new();
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            lines.push((' ', a[i], i, j));
            (i, j) = (i + 1, j + 1);
        } else if i < a.len() && (j == b.len() || longest[i + 1][j] >= longest[i][j + 1]) {
            lines.push(('-', a[i], i, j));
            i += 1;
        } else {
            lines.push(('+', b[j], i, j));
            j += 1;
        }
    }
    let mut out = String::new();
    let mut at = 0;
    while let Some(first) = lines[at..].iter().position(|l| l.0 != ' ').map(|n| n + at) {
        let start = first.saturating_sub(CONTEXT).max(at);
        let mut last = first;
        while let Some(next) = lines[last + 1..].iter().position(|l| l.0 != ' ').map(|n| n + last + 1).filter(|n| n - last <= 2 * CONTEXT) {
            last = next;
        }
        let end = (last + 1 + CONTEXT).min(lines.len());
        let hunk = &lines[start..end];
        let (old, new) = (hunk.iter().filter(|l| l.0 != '+').count(), hunk.iter().filter(|l| l.0 != '-').count());
        let range = |from: usize, count: usize| match count {
            0 => format!("{from},0"),
            1 => format!("{}", from + 1),
            n => format!("{},{n}", from + 1),
        };
        out.push_str(&format!("@@ -{} +{} @@\n", range(hunk[0].2, old), range(hunk[0].3, new)));
        for (sign, text, ..) in hunk {
            out.push_str(&format!("{sign}{text}\n"));
        }
        at = end;
    }
    out
}
