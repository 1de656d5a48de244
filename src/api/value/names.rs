//! Which names an object may have: one bit for many names, so that most look-ups of what is not there need no look at the fields.

/// Grows only: a name that was taken out again costs a look in vain. As wide as a length, so that an object stays as small as it can.
#[derive(Clone, Copy, Default)]
pub(super) struct Names(usize);

impl Names {
    pub const fn none() -> Self {
        Self(0)
    }

    /// Of a name that is known when podlab is built the bit is a constant.
    #[inline(always)]
    const fn bit(name: &str) -> usize {
        let bytes = name.as_bytes();
        match bytes {
            [] => 1,
            [first, .., last] => 1 << ((*first as usize * 5 + *last as usize * 6 + bytes.len()) % usize::BITS as usize),
            [only] => 1 << (*only as usize % usize::BITS as usize),
        }
    }

    #[inline(always)]
    pub fn add(&mut self, name: &str) {
        self.0 |= Self::bit(name);
    }

    /// Whether an object with these names has none like this for certain.
    #[inline(always)]
    pub fn lack(self, name: &str) -> bool {
        self.0 & Self::bit(name) == 0
    }
}
