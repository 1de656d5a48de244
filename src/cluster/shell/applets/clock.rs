//! `date`.

use super::Call;
use crate::api::time::{EPOCH_SECONDS, civil, days_from_civil};

const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// `date [-u] [-d TIME] [-R | -I[SPEC] | +FORMAT]`
pub(super) fn date(call: &mut Call) -> i32 {
    let now = call.host.now();
    let mut unix = EPOCH_SECONDS + now.secs() as i64;
    let other = call.options.words.iter().find(|w| !w.starts_with('+')).cloned();
    if let Some(text) = call.options.value('d').map(str::to_owned).or(other) {
        match read(&text, unix) {
            Some(read) => unix = read,
            None => return call.fail(&format!("invalid date '{text}'"), 1),
        }
    }
    let format = match call.options.value('I') {
        _ if call.has('R') => "%a, %d %b %Y %T %z",
        Some(precision) if precision.starts_with('s') => "%FT%T+00:00",
        Some(precision) if precision.starts_with('m') => "%FT%R+00:00",
        Some(precision) if precision.starts_with('h') => "%FT%H+00:00",
        Some(_) => "%F",
        None => call.options.words.iter().find_map(|w| w.strip_prefix('+')).unwrap_or("%a %b %e %T %Z %Y"),
    };
    let text = formatted(unix, now.millis() % 1000, format);
    call.say(&format!("{text}\n"))
}

/// `@SECONDS`, `YYYY-MM-DD`, `hh:mm[:ss]`, or both of these.
fn read(text: &str, now: i64) -> Option<i64> {
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse().ok().filter(|seconds: &i64| seconds.unsigned_abs() < 1 << 50);
    }
    let text = text.trim_end_matches('Z').trim_end_matches(" UTC").replace('T', " ");
    let (day, clock) = match text.split_once(' ') {
        Some(both) => both,
        None if text.contains(':') => ("", text.as_str()),
        None => (text.as_str(), "0:0"),
    };
    let numbers = |text: &str, mark: char| text.split(mark).map(|n| n.parse::<i64>().ok()).collect::<Option<Vec<i64>>>();
    let days = match *numbers(day, '-').unwrap_or_default() {
        [year @ 0..=9999, month @ 1..=12, day @ 1..=31] => days_from_civil(year, month, day),
        _ if day.is_empty() => now.div_euclid(86_400),
        _ => return None,
    };
    match *numbers(clock, ':')? {
        [hour @ 0..=23, minute @ 0..=59] => Some(days * 86_400 + hour * 3600 + minute * 60),
        [hour @ 0..=23, minute @ 0..=59, second @ 0..=60] => Some(days * 86_400 + hour * 3600 + minute * 60 + second),
        _ => None,
    }
}

fn formatted(unix: i64, millis: u64, format: &str) -> String {
    let (year, month, day, hour, minute, second) = civil(unix);
    let days = unix.div_euclid(86_400);
    let of_year = days - days_from_civil(year, 1, 1);
    let of_week = (days + 4).rem_euclid(7);
    let (day_name, month_name) = (DAYS[days.rem_euclid(7) as usize], MONTHS[(month - 1).rem_euclid(12) as usize]);
    let half = if hour % 12 == 0 { 12 } else { hour % 12 };
    let two = |number: i64| format!("{number:02}");
    let blank = |number: i64| format!("{number:>2}");
    let mut out = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut letter = characters.next();
        let plain = letter == Some('-');
        if plain {
            letter = characters.next();
        }
        let whole = match letter {
            Some('c') => "%a %b %e %T %Y",
            Some('D' | 'x') => "%m/%d/%y",
            Some('F') => "%Y-%m-%d",
            Some('R') => "%H:%M",
            Some('T' | 'X') => "%H:%M:%S",
            Some('r') => "%I:%M:%S %p",
            _ => "",
        };
        let piece = match letter {
            _ if !whole.is_empty() => formatted(unix, millis, whole),
            Some('a') => day_name[..3].to_owned(),
            Some('A') => day_name.to_owned(),
            Some('b' | 'h') => month_name[..3].to_owned(),
            Some('B') => month_name.to_owned(),
            Some('C') => two(year / 100),
            Some('d') => two(day),
            Some('e') => blank(day),
            Some('H') => two(hour),
            Some('I') => two(half),
            Some('j') => format!("{:03}", of_year + 1),
            Some('k') => blank(hour),
            Some('l') => blank(half),
            Some('m') => two(month),
            Some('M') => two(minute),
            Some('n') => "\n".into(),
            Some('N') => format!("{:09}", millis * 1_000_000),
            Some('p') => if hour < 12 { "AM" } else { "PM" }.into(),
            Some('P') => if hour < 12 { "am" } else { "pm" }.into(),
            Some('s') => unix.to_string(),
            Some('S') => two(second),
            Some('t') => "\t".into(),
            Some('u') => (if of_week == 0 { 7 } else { of_week }).to_string(),
            Some('U') => two((of_year + 7 - of_week) / 7),
            Some('V') => {
                let thursday = days - (of_week + 6) % 7 + 3;
                two((thursday - days_from_civil(civil(thursday * 86_400).0, 1, 1)) / 7 + 1)
            }
            Some('w') => of_week.to_string(),
            Some('y') => two(year.rem_euclid(100)),
            Some('Y') => year.to_string(),
            Some('z') => "+0000".into(),
            Some('Z') => "UTC".into(),
            Some('%') => "%".into(),
            Some(other) => format!("%{other}"),
            None => "%".into(),
        };
        let bare = piece.trim_start_matches(['0', ' ']);
        out.push_str(if plain && bare.is_empty() {
            "0"
        } else if plain {
            bare
        } else {
            &piece
        });
    }
    out
}
