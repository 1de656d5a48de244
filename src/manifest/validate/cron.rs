//! The schedules of CronJobs: whether one can be read, and why not.
//!
//! Models `ParseStandard` of the package robfig/cron, version 3, in its words.

use super::zones;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// Least and most of each of the five fields.
const BOUNDS: [(u64, u64); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];

/// Why a schedule cannot be read.
pub fn problem(schedule: &str) -> Option<String> {
    let mut schedule = schedule;
    if let Some(zoned) = schedule.strip_prefix("TZ=").or_else(|| schedule.strip_prefix("CRON_TZ=")) {
        let Some((zone, rest)) = zoned.split_once(' ') else {
            // The package falls over this; the server catches it.
            return Some("invalid schedule format: runtime error: slice bounds out of range [:-1]".into());
        };
        if !matches!(zone, "" | "Local") && !zones::is_known(zone) {
            return Some(format!("provided bad location {zone}: unknown time zone {zone}"));
        }
        schedule = rest.trim();
    }
    if let Some(descriptor) = schedule.strip_prefix('@') {
        return match descriptor {
            "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly" => None,
            _ => match descriptor.strip_prefix("every ") {
                Some(duration) => bad_duration(duration).map(|why| format!("failed to parse duration {schedule}: {why}")),
                None => Some(format!("unrecognized descriptor: {schedule}")),
            },
        };
    }
    let fields: Vec<&str> = schedule.split_whitespace().collect();
    if fields.len() != 5 {
        return Some(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    }
    let parts = fields.iter().enumerate().flat_map(|(index, field)| field.split(',').filter(|p| !p.is_empty()).map(move |part| (index, part)));
    parts.into_iter().find_map(|(index, part)| range(part, index).err())
}

/// One element of a field: `*`, `5`, `mon-fri`, `0-30/5`.
fn range(text: &str, field: usize) -> Result<(), String> {
    let (least, most) = BOUNDS[field];
    let steps: Vec<&str> = text.split('/').collect();
    let ends: Vec<&str> = steps[0].split('-').collect();
    let (start, mut end) = if matches!(ends[0], "*" | "?") {
        (least, most)
    } else {
        let start = number_or_name(ends[0], field)?;
        match ends[..] {
            [_] => (start, start),
            [_, end] => (start, number_or_name(end, field)?),
            _ => return Err(format!("too many hyphens: {text}")),
        }
    };
    let step = match steps[..] {
        [_] => 1,
        [_, step] => {
            if ends.len() == 1 {
                end = most;
            }
            number(step)?
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    if start < least {
        return Err(format!("beginning of range ({start}) below minimum ({least}): {text}"));
    }
    if end > most {
        return Err(format!("end of range ({end}) above maximum ({most}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(())
}

fn number_or_name(text: &str, field: usize) -> Result<u64, String> {
    let lower = super::names::lower(text);
    let position = |names: &[&str], first: u64| names.iter().position(|n| *n == lower).map(|p| p as u64 + first);
    let named = match field {
        3 => position(&MONTHS, 1),
        4 => position(&DAYS, 0),
        _ => None,
    };
    named.map_or_else(|| number(text), Ok)
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"));
    }
    match text.parse::<i64>() {
        Ok(number) if number < 0 => Err(format!("negative number ({number}) not allowed: {text}")),
        Ok(number) => Ok(number.unsigned_abs()),
        Err(_) => Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: value out of range")),
    }
}

/// Why Go's `time.ParseDuration` refuses a text.
fn bad_duration(text: &str) -> Option<String> {
    let invalid = || Some(format!("time: invalid duration {text:?}"));
    let mut rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    if rest == "0" {
        return None;
    }
    if rest.is_empty() {
        return invalid();
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
        let number = &rest[..end];
        if number.is_empty() || number == "." || number.matches('.').count() > 1 {
            return invalid();
        }
        rest = &rest[end..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = &rest[..end];
        if unit.is_empty() {
            return Some(format!("time: missing unit in duration {text:?}"));
        }
        if !matches!(unit, "ns" | "us" | "µs" | "μs" | "ms" | "s" | "m" | "h") {
            return Some(format!("time: unknown unit {unit:?} in duration {text:?}"));
        }
        rest = &rest[end..];
    }
    None
}
