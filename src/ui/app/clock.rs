//! Wall time → virtual time: how far the run may go in one animation frame.

use podlab::api::float::within;

/// A frame that took longer (a hidden tab, a busy machine) counts as this long, in milliseconds.
const LONGEST_FRAME_MS: f64 = 250.0;

/// The speeds that the learner can choose.
pub const FASTEST: u32 = 60;

#[derive(Clone, Debug, Default)]
pub struct Clock {
    last: Option<f64>,
    /// Virtual time that is owed but less than a millisecond.
    rest: f64,
}

impl Clock {
    /// Virtual milliseconds that this frame is worth.
    pub fn frame(&mut self, at: f64, speed: u32) -> u64 {
        let elapsed = self.last.map_or(0.0, |last| within(at - last, 0.0, LONGEST_FRAME_MS));
        self.last = Some(at);
        let owed = elapsed * f64::from(speed.clamp(1, FASTEST)) + self.rest;
        self.rest = owed.fract();
        owed as u64
    }

    /// The next frame counts from its own time.
    pub fn stop(&mut self) {
        *self = Self::default();
    }
}
