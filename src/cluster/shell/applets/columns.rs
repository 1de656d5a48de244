//! As much of `awk` as columns need. A whole one was written and held beside BusyBox's, and left out: it weighs 12 KiB of a download that is beyond its budget.

use super::Call;
use crate::cluster::shell::regex::Regex;

/// `awk '[CONDITION] {print $N, …}'`, with `/…/`, `NR` and `$N` compared to something as the condition, and nothing more.
pub(super) fn awk(call: &mut Call) -> i32 {
    let program = call.word(0).trim().to_owned();
    let (condition, action) = match program.find('{') {
        Some(at) => (program[..at].trim(), program[at..].trim_start_matches('{').trim().trim_end_matches('}').trim()),
        None => (program.as_str(), "print"),
    };
    let regex = condition.strip_prefix('/').and_then(|c| c.strip_suffix('/')).map(|c| Regex::new(c, true, false));
    let comparison = ["==", "!=", ">=", "<=", ">", "<"].iter().find_map(|o| condition.split_once(o).map(|(l, r)| (l.trim(), *o, r.trim())));
    let shown = action.strip_prefix("print").filter(|shown| !program.is_empty() && (shown.is_empty() || shown.starts_with([' ', '$', '"'])));
    let is_asked = regex.is_some() || condition.is_empty() || comparison.is_some_and(|(left, _, right)| is_known(left) && is_known(right));
    let Some(shown) = shown.filter(|shown| is_known(shown) && is_asked) else {
        return call.fail("only '[/…/ | NR > N | $N == \"…\"] {print $N, …}' is known here", 1);
    };
    let separator = call.options.value('F').map(str::to_owned);
    let (text, code) = call.text(1);
    let mut out = String::new();
    for (at, line) in text.lines().enumerate() {
        let fields: Vec<&str> = match &separator {
            Some(separator) => line.split(separator.as_str()).collect(),
            None => line.split_whitespace().collect(),
        };
        let value = |expression: &str| match expression.strip_prefix('$') {
            Some("0") => line.to_owned(),
            Some("NF") => fields.last().map_or("", |f| f).to_owned(),
            Some(n) => n.parse::<usize>().ok().and_then(|n| fields.get(n.wrapping_sub(1))).map_or("", |f| f).to_owned(),
            None if expression == "NR" => (at + 1).to_string(),
            None if expression == "NF" => fields.len().to_string(),
            None => super::unescape(expression.trim_matches('"')),
        };
        let holds = match (&regex, comparison) {
            (Some(regex), _) => regex.is_match(line),
            (None, Some((left, operator, right))) => {
                let (left, right) = (value(left), value(right));
                let order = match (left.parse::<i64>(), right.parse::<i64>()) {
                    (Ok(left), Ok(right)) => left.cmp(&right),
                    _ => left.cmp(&right),
                };
                match operator {
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">=" => order.is_ge(),
                    "<=" => order.is_le(),
                    ">" => order.is_gt(),
                    _ => order.is_lt(),
                }
            }
            (None, None) => true,
        };
        if !holds {
            continue;
        }
        let pieces: Vec<String> =
            if shown.trim().is_empty() { vec![line.to_owned()] } else { listed(shown).into_iter().map(|e| joined(e, &value)).collect() };
        out.push_str(&pieces.join(" "));
        out.push('\n');
    }
    call.looked(&regex);
    call.say(&out);
    code
}

/// Whether an expression is made of columns, numbers and texts alone.
fn is_known(text: &str) -> bool {
    // What stands between quotes is every second part.
    let bare = || text.split('"').step_by(2);
    let is_sign = |c: char| c.is_ascii_digit() || "$ ,NRF".contains(c);
    bare().all(|part| part.chars().all(is_sign) && part.split(|c: char| !c.is_ascii_alphabetic()).all(|word| matches!(word, "" | "NR" | "NF")))
}

/// The expressions between the commas outside of quotes.
fn listed(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .collect()
}

/// `$1 "/" $2`: what stands side by side is put together.
fn joined(expression: &str, value: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = expression.trim();
    while !rest.is_empty() {
        let end = match rest.strip_prefix('"') {
            Some(inner) => inner.find('"').map_or(rest.len(), |at| at + 2),
            None => rest.char_indices().skip(1).find(|(_, c)| matches!(c, ' ' | '"' | '$')).map_or(rest.len(), |(at, _)| at),
        };
        out.push_str(&value(rest[..end].trim()));
        rest = rest[end..].trim_start();
    }
    out
}
