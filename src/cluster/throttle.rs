//! How fast a client may ask the API server: so many requests at once, then so many a second.
//!
//! Models client-go's `flowcontrol.NewTokenBucketRateLimiter`, which every controller's client and the scheduler's have (`rest.Config`'s `QPS` and `Burst`).

use crate::api::SimTime;

#[derive(Clone, Debug)]
pub(super) struct Throttle {
    /// One request is worth this long.
    interval_ms: u64,
    burst: u64,
    /// When the requests so far will have been paid for.
    paid: SimTime,
}

impl Throttle {
    pub const fn new(requests_a_second: u64, burst: u64) -> Self {
        Self { interval_ms: 1000 / requests_a_second, burst, paid: SimTime::ZERO }
    }

    /// How many requests may be made now.
    pub fn free(&self, now: SimTime) -> usize {
        self.burst.saturating_sub(self.paid.since(now).div_ceil(self.interval_ms)) as usize
    }

    /// Counts requests that were made.
    pub fn spend(&mut self, requests: usize, now: SimTime) {
        self.paid = self.paid.max(now) + requests as u64 * self.interval_ms;
    }

    /// After how many milliseconds one more may be made.
    pub fn wait(&self, now: SimTime) -> u64 {
        self.paid.since(now).saturating_sub((self.burst - 1) * self.interval_ms)
    }
}
