//! Virtual time. It counts whole milliseconds from the cluster's start; nothing in the core reads a real clock.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// Milliseconds since the cluster started. Differences are plain `u64` milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub u64);

/// The date that the API shows for [`SimTime`] 0: 2026-01-01T00:00:00Z, in Unix seconds.
pub const EPOCH_SECONDS: i64 = 1_767_225_600;

/// The end of the year 9999.
const LAST_MS: u64 = (253_402_300_799 - EPOCH_SECONDS as u64) * 1000;

impl SimTime {
    pub const ZERO: SimTime = SimTime(0);

    pub fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000).min(LAST_MS))
    }

    pub fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds, rounded down, as the API stores times.
    pub fn secs(self) -> u64 {
        self.0 / 1000
    }

    /// Milliseconds from `earlier` to here; 0 where `earlier` is later.
    pub fn since(self, earlier: SimTime) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Seconds since 1970.
    pub fn unix(self) -> u64 {
        EPOCH_SECONDS as u64 + self.secs()
    }

    /// `2026-01-01T00:01:42Z`: what `metav1.Time` prints (whole seconds).
    pub fn rfc3339(self) -> String {
        let (y, mo, d, h, mi, s) = civil(EPOCH_SECONDS + self.secs() as i64);
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}Z")
    }

    /// `Thu, 01 Jan 2026 00:01:42 +0000`: what `time.RFC1123Z` prints.
    pub fn rfc1123(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let unix = EPOCH_SECONDS + self.secs() as i64;
        let (y, mo, d, h, mi, s) = civil(unix);
        let (day, month) = (DAYS[unix.div_euclid(86_400).rem_euclid(7) as usize], MONTHS[(mo - 1).rem_euclid(12) as usize]);
        format!("{day}, {d:02} {month} {y:04} {h:02}:{mi:02}:{s:02} +0000")
    }

    /// `2026-01-01T00:01:42.250000Z`: what `metav1.MicroTime` prints.
    pub fn rfc3339_micro(self) -> String {
        let (y, mo, d, h, mi, s) = civil(EPOCH_SECONDS + self.secs() as i64);
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}.{:06}Z", self.0 % 1000 * 1000)
    }

    /// Reads `2026-01-01T00:01:42Z` or with `+09:00` at its end (a fraction is cut to milliseconds). `None` for anything else and for times before the cluster's start.
    pub fn parse(text: &str) -> Option<Self> {
        let (secs, millis) = Self::read(text)?;
        Some(Self(u64::try_from(secs).ok()? * 1000 + millis))
    }

    /// Seconds since the cluster's start, and milliseconds.
    fn read(text: &str) -> Option<(i64, u64)> {
        let (body, offset) = match text.strip_suffix('Z') {
            Some(body) => (body, 0),
            None => {
                let (body, zone) = text.split_at_checked(text.len().checked_sub(6)?)?;
                let (h, m) = zone.get(1..)?.split_once(':')?;
                let minutes = h.parse::<i64>().ok()? * 60 + m.parse::<i64>().ok()?;
                match zone.get(..1)? {
                    "+" => (body, -minutes * 60),
                    "-" => (body, minutes * 60),
                    _ => return None,
                }
            }
        };
        let (date, clock) = body.split_once('T')?;
        let mut ymd = date.splitn(3, '-').map(|p| p.parse::<i64>().ok());
        let (y, mo, d) = (ymd.next()??, ymd.next()??, ymd.next()??);
        let mut hms = clock.splitn(3, ':');
        let (h, mi) = (hms.next()?.parse::<i64>().ok()?, hms.next()?.parse::<i64>().ok()?);
        let (s, fraction) = hms.next()?.split_once('.').unwrap_or((clock.rsplit(':').next()?, ""));
        let millis: u64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let s = s.parse::<i64>().ok()?;
        if !(0..=9999).contains(&y) || !(1..=12).contains(&mo) || !(1..=31).contains(&d) || h > 23 || mi > 59 || s > 59 || h.min(mi).min(s) < 0 {
            return None;
        }
        let unix = days_from_civil(y, mo, d) * 86_400 + h * 3600 + mi * 60 + s + offset;
        Some((unix - EPOCH_SECONDS, millis))
    }

    /// Like [`SimTime::parse`], and the cluster's start for a time before it.
    pub fn parse_or_start(text: &str) -> Option<Self> {
        Self::read(text).map(|(secs, millis)| u64::try_from(secs).map_or(Self(0), |secs| Self(secs * 1000 + millis)))
    }
}

impl Add<u64> for SimTime {
    type Output = SimTime;
    /// Adds milliseconds, up to the end of the year 9999: who asks for a grace of 2⁶³ seconds waits as long as there are dates.
    fn add(self, millis: u64) -> SimTime {
        SimTime(self.0.saturating_add(millis).min(LAST_MS))
    }
}

impl AddAssign<u64> for SimTime {
    fn add_assign(&mut self, millis: u64) {
        *self = *self + millis;
    }
}

impl Sub for SimTime {
    type Output = u64;
    /// Milliseconds between; 0 where the right side is later.
    fn sub(self, earlier: SimTime) -> u64 {
        self.since(earlier)
    }
}

impl fmt::Display for SimTime {
    /// `00:01:42.250`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = self.secs();
        write!(f, "{:02}:{:02}:{:02}.{:03}", s / 3600, s / 60 % 60, s % 60, self.0 % 1000)
    }
}

/// Proleptic Gregorian date and time of Unix seconds (the well-known days-from-civil arithmetic).
pub(crate) fn civil(unix: i64) -> (i64, i64, i64, i64, i64, i64) {
    let (days, secs) = (unix.div_euclid(86_400), unix.rem_euclid(86_400));
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1, secs / 3600, secs / 60 % 60, secs % 60)
}

pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_round_trip() {
        for millis in [0, 1, 999, 61_250, 86_400_000 * 59 + 3, 86_400_000 * 800] {
            let time = SimTime(millis);
            assert_eq!(SimTime::parse(&time.rfc3339_micro()), Some(time));
            assert_eq!(SimTime::parse(&time.rfc3339()), Some(SimTime(millis / 1000 * 1000)));
        }
        assert_eq!(SimTime(0).rfc3339(), "2026-01-01T00:00:00Z");
        assert_eq!(SimTime::parse("1970-01-01T00:00:00Z"), None);
    }
}
