//! Durations: ages as people read them (`12s`, `5m3s`, `3d`), Go's own form (`1h30m`), both ways.

use crate::api::{SimTime, Value, object};

/// `HumanDuration` of `k8s.io/apimachinery/pkg/util/duration`, from whole seconds.
pub fn human(seconds: i64) -> String {
    let pair = |big: i64, unit: &str, small: i64, part: &str| if small == 0 { format!("{big}{unit}") } else { format!("{big}{unit}{small}{part}") };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        i64::MIN..=-2 => "<invalid>".into(),
        -1 => "0s".into(),
        0..120 => format!("{seconds}s"),
        120..600 => pair(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => pair(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => pair(hours / 24, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{}d", hours / 24),
        63_072_000..252_288_000 => pair(hours / 24 / 365, "y", hours / 24 % 365, "d"),
        _ => format!("{}y", hours / 24 / 365),
    }
}

/// `2m5.25s`, as Go prints a duration of so many milliseconds.
pub fn go(millis: u64) -> String {
    crate::cluster::kubelet::go_duration(millis)
}

/// The age of a time that the API wrote; `<unknown>` without one.
pub fn since(time: Option<&str>, now: SimTime) -> String {
    match time.and_then(SimTime::parse) {
        Some(time) if time > now => human(-((time.since(now) / 1000) as i64)),
        Some(time) => human((now.since(time) / 1000) as i64),
        // The API's times before the cluster's start are not kept.
        None if time.is_some() => human((now.secs()) as i64),
        None => "<unknown>".into(),
    }
}

/// The age of an object.
pub fn age(value: &Value, now: SimTime) -> String {
    since(object::str_at(value, "metadata.creationTimestamp"), now)
}

/// A time of the API as describe shows it: `Sat, 21 Nov 2026 03:21:09 +0000`.
pub fn rfc1123(time: &str) -> String {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let parts = || {
        Some((time.get(..4)?.parse::<i64>().ok()?, time.get(5..7)?.parse::<usize>().ok()?, time.get(8..10)?.parse::<i64>().ok()?, time.get(11..19)?))
    };
    let Some((year, month, day, clock)) = parts() else { return time.into() };
    // Sakamoto's day of the week.
    let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4].get(month.wrapping_sub(1)).copied().unwrap_or(0);
    let y = if month < 3 { year - 1 } else { year };
    let weekday = (y + y / 4 - y / 100 + y / 400 + shift + day).rem_euclid(7) as usize;
    let name = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][weekday];
    format!("{name}, {day:02} {} {year} {clock} +0000", MONTHS.get(month.wrapping_sub(1)).unwrap_or(&"Jan"))
}

/// Go's `time.ParseDuration`, in milliseconds: `1h30m`, `2.5s`, `300ms`, `0`.
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(end);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let micros: i64 = match unit {
            "ns" => 0,
            "us" | "µs" => 1,
            "ms" => 1000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        total = total.checked_add(whole.checked_mul(micros)?)?;
        let mut scale = micros;
        for digit in fraction.bytes().take(6) {
            scale /= 10;
            total = total.checked_add(i64::from(digit - b'0') * scale)?;
        }
        rest = after;
    }
    Some(if negative { -total / 1000 } else { total / 1000 })
}

#[cfg(test)]
mod tests {
    use super::{human, parse, rfc1123};

    #[test]
    fn durations_read_as_in_go() {
        assert_eq!(parse("1h30m"), Some(5_400_000));
        assert_eq!(parse("2.5s"), Some(2500));
        assert_eq!(parse("-1s"), Some(-1000));
        assert_eq!(parse("10"), None);
        assert_eq!(parse("abc"), None);
    }

    #[test]
    fn weekdays_are_right() {
        assert_eq!(rfc1123("2026-11-21T03:21:09Z"), "Sat, 21 Nov 2026 03:21:09 +0000");
        assert_eq!(rfc1123("2026-01-01T00:00:00Z"), "Thu, 01 Jan 2026 00:00:00 +0000");
    }

    #[test]
    fn ages_read_as_recorded() {
        for (seconds, text) in [
            (-5, "<invalid>"),
            (-1, "0s"),
            (119, "119s"),
            (121, "2m1s"),
            (180, "3m"),
            (659, "10m"),
            (10_799, "179m"),
            (10_860, "3h1m"),
            (28_800, "8h"),
            (176_400, "2d1h"),
            (864_000, "10d"),
            (63_158_400, "2y1d"),
            (252_288_000, "8y"),
        ] {
            assert_eq!(human(seconds), text);
        }
    }
}
