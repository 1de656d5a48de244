//! Devices that never end: `/dev/zero`, `/dev/urandom`.
//!
//! Deviations: a program that passes one on gets a part of it ([`CHUNK`]); random bytes have seven bits, for texts are UTF-8; `head -c`
//! ends after [`MOST`], and says nothing.

use super::Call;

/// How much is read at a time.
const CHUNK: usize = 1 << 16;
/// More than any machine has.
const ENDLESS_BYTES: i64 = 1 << 40;
/// Programs that pass on what they read, and hold nothing.
const PASS_ON: [&str; 9] = ["cat", "tr", "tee", "od", "hexdump", "hd", "base64", "cut", "fold"];
/// No more than this goes anywhere at once.
const MOST: usize = 256 << 20;

#[derive(Clone, Copy)]
pub(super) enum Endless {
    Zeros,
    Random,
}

impl Endless {
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/dev/zero" => Some(Self::Zeros),
            "/dev/urandom" | "/dev/random" => Some(Self::Random),
            _ => None,
        }
    }

    /// So many bytes of it.
    fn some(self, call: &mut Call, bytes: usize) -> String {
        match self {
            Self::Zeros => "\0".repeat(bytes),
            Self::Random => {
                let mut out = String::with_capacity(bytes + 1);
                while out.len() < bytes {
                    // Two letters out of fifteen bits.
                    let drawn: u16 = call.machine.random(call.host.now()).parse().unwrap_or(0);
                    out.extend([drawn, drawn >> 7].map(|bits| char::from((bits & 0x7f) as u8)));
                }
                out.truncate(bytes);
                out
            }
        }
    }

    /// What a program gets that wants all of it. One that must hold what it reads (for its last lines, its order, a line's end) grows until the kernel
    /// ends it.
    pub(super) fn all(self, call: &mut Call) -> String {
        if PASS_ON.contains(&call.name) {
            return self.some(call, CHUNK);
        }
        call.host.hold(ENDLESS_BYTES);
        call.machine.is_endless = true;
        String::new()
    }

    /// `head -c`: a piece after the other, so that a large file needs no large memory.
    pub(super) fn pour(self, call: &mut Call, bytes: usize) -> i32 {
        let mut left = bytes.min(MOST);
        while left > 0 {
            let piece = self.some(call, left.min(CHUNK));
            left -= piece.len();
            // Whoever cannot write says so in the machine's status.
            call.machine.status = 0;
            call.say(&piece);
            if call.machine.status != 0 {
                return call.fail("write error: No space left on device", 1);
            }
        }
        0
    }
}
