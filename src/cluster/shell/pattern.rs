//! Shell patterns, as for files and `case`.

/// Shell patterns: `*`, `?`, `[a-z]`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    // Where to go back to when what follows the last star does not fit.
    let (mut i, mut j, mut star) = (0, 0, None);
    loop {
        if j == t.len() {
            return p[i..].iter().all(|c| *c == '*');
        }
        let step = match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
                continue;
            }
            Some('?') => Some(i + 1),
            Some('[') => set(&p, i, t[j]),
            Some(c) if *c == t[j] => Some(i + 1),
            _ => None,
        };
        match (step, star) {
            (Some(next), _) => (i, j) = (next, j + 1),
            (None, Some((at, from))) => {
                star = Some((at, from + 1));
                (i, j) = (at + 1, from + 1);
            }
            (None, None) => return false,
        }
    }
}

/// Whether `[…]` at `at` holds this character; where the pattern goes on.
fn set(pattern: &[char], at: usize, c: char) -> Option<usize> {
    let end = (at + 2..pattern.len()).find(|i| pattern[*i] == ']')?;
    let not = matches!(pattern[at + 1], '!' | '^');
    let inner = &pattern[at + 1 + usize::from(not)..end];
    let mut found = false;
    let mut i = 0;
    while i < inner.len() {
        if inner.get(i + 1) == Some(&'-') && i + 2 < inner.len() {
            found |= inner[i] <= c && c <= inner[i + 2];
            i += 3;
        } else {
            found |= inner[i] == c;
            i += 1;
        }
    }
    (found != not).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_fit() {
        assert!(matches("*.t?t", "a.txt") && matches("[!a-c]*", "d1") && !matches("[a-c]", "d"));
    }
}
