//! Models `flowcontrol.Backoff` of client-go: how long a key has to wait, doubling with every use.

use crate::api::SimTime;
use crate::api::order::SortedMap;

/// The first wait.
pub const INITIAL_MS: u64 = 10_000;
/// The longest wait.
pub const LONGEST_MS: u64 = 300_000;

#[derive(Clone, Debug, Default)]
pub struct BackOff {
    entries: SortedMap<String, Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    delay_ms: u64,
    updated_at: SimTime,
}

impl Entry {
    /// After twice the longest wait without a use everything begins anew.
    fn is_expired(&self, event: SimTime) -> bool {
        event.since(self.updated_at) > 2 * LONGEST_MS
    }
}

impl BackOff {
    /// The wait of this key as it stands; 0 where it has none.
    pub fn delay_ms(&self, key: &str) -> u64 {
        self.entries.get(key).map_or(0, |e| e.delay_ms)
    }

    /// `IsInBackOffSince`: until when, counted from `event` (the end of a container).
    pub fn until(&self, key: &str, event: SimTime, now: SimTime) -> Option<SimTime> {
        let entry = self.entries.get(key).filter(|e| !e.is_expired(event))?;
        Some(event + entry.delay_ms).filter(|until| now < *until)
    }

    /// `IsInBackOffSinceUpdate`: until when, counted from the key's last use (a failed pull).
    pub fn until_since_update(&self, key: &str, now: SimTime) -> Option<SimTime> {
        let entry = self.entries.get(key).filter(|e| !e.is_expired(now))?;
        Some(entry.updated_at + entry.delay_ms).filter(|until| now < *until)
    }

    /// `Next`: the key is used; its wait begins at 10 s and doubles up to five minutes.
    pub fn next(&mut self, key: &str, event: SimTime, now: SimTime) {
        let delay_ms = match self.entries.get(key).filter(|e| !e.is_expired(event)) {
            Some(entry) => (entry.delay_ms * 2).min(LONGEST_MS),
            None => INITIAL_MS,
        };
        self.entries.insert(key.to_owned(), Entry { delay_ms, updated_at: now });
    }

    pub fn clear(&mut self, key: &str) {
        self.entries.remove(key);
    }
}

/// A wait as Go prints it: `10s`, `1m20s`, `5m0s`.
pub fn go_duration(millis: u64) -> String {
    let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    let fraction = match millis % 1000 {
        0 => String::new(),
        ms => format!(".{ms:03}").trim_end_matches('0').to_owned(),
    };
    match (hours, minutes) {
        (0, 0) if millis == 0 => "0s".into(),
        (0, 0) if seconds == 0 => format!("{millis}ms"),
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m{seconds}{fraction}s"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_begin_anew_after_ten() {
        let mut backoff = BackOff::default();
        let mut now = SimTime::ZERO;
        let mut waits = Vec::new();
        for _ in 0..8 {
            let end = now;
            now = backoff.until("app", end, now).unwrap_or(now);
            waits.push(now.since(end) / 1000);
            backoff.next("app", end, now);
        }
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
        let much_later = now + 600_001;
        assert_eq!(backoff.until("app", much_later, much_later), None);
        backoff.next("app", much_later, much_later);
        assert_eq!(backoff.delay_ms("app"), 10_000);
    }

    #[test]
    fn durations_read_as_go_prints_them() {
        let texts: Vec<String> = [10_000, 80_000, 160_000, 300_000, 850, 2_413, 63_200].into_iter().map(go_duration).collect();
        assert_eq!(texts, ["10s", "1m20s", "2m40s", "5m0s", "850ms", "2.413s", "1m3.2s"]);
    }
}
