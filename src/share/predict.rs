//! Predicts the next bit of a manifest from what came before: many small models, each with its own view of the text, mixed by how well
//! they have done so far. Trained on the dictionary first, so that a short manifest profits at once.
//!
//! The method is context mixing (Mahoney's PAQ family); the views are made for YAML: the line so far, the parent's key, the indentation.

use super::logistic::{MOST, squash, stretch};

/// How many views of the text there are.
const VIEWS: usize = 11;
/// Two inputs for each view, one for the longest match.
const INPUTS: usize = VIEWS * 2 + 1;
const SLOT_BITS: u32 = 17;
const SLOTS: usize = 1 << SLOT_BITS;
const STEPS: usize = 16;
const LEVELS: usize = 33;
const MATCH_BITS: u32 = 15;
const LONGEST: usize = 31;

/// What a view has seen after one context: how likely a one is, how often it was asked, and a check against another context in its place.
#[derive(Clone, Copy)]
struct Slot {
    p: u16,
    seen: u8,
    check: u8,
}

const FRESH: Slot = Slot { p: 32768, seen: 0, check: 0 };

#[derive(Clone)]
pub struct Predictor {
    slots: Vec<Slot>,
    /// For each view: what a slot's probability really means at this age, learned.
    meaning: Vec<u16>,
    weights: Vec<i32>,
    inputs: [i32; INPUTS],
    used: [usize; VIEWS],
    levels: [usize; VIEWS],
    set: usize,
    p: i32,
    /// The bits of the byte under way, behind a leading one.
    partial: u32,
    history: Vec<u8>,
    hashes: [u32; VIEWS],
    // The longest match.
    places: Vec<u32>,
    match_at: usize,
    match_len: usize,
    match_meaning: [u16; LONGEST + 1],
    expected: Option<u32>,
    lines: Lines,
}

/// Where the text stands in its YAML: indentation, keys of the lines around.
#[derive(Clone, Default)]
struct Lines {
    indent: u32,
    in_indent: bool,
    /// Of the line so far, without indentation.
    line: u32,
    before: Line,
    before_that: u32,
    /// Keys that are open, each with its indentation.
    parents: Vec<(u32, u32)>,
    key: u32,
    has_key: bool,
    last: u8,
    word: u32,
    word_before: u32,
}

#[derive(Clone, Copy, Default)]
struct Line {
    indent: u32,
    text: u32,
    key: u32,
    opens: bool,
    dash: bool,
}

fn mix(a: u32, b: u32) -> u32 {
    (a ^ b.wrapping_mul(0x9E37_79B1)).wrapping_mul(0x85EB_CA6B).rotate_left(13)
}

impl Lines {
    fn push(&mut self, byte: u8) {
        if byte == b'\n' || byte < 9 {
            let dash = self.before.dash;
            self.before_that = self.before.text;
            self.before = Line { indent: self.indent, text: self.line, key: self.key, opens: self.last == b':', dash };
            if self.before.opens {
                while self.parents.last().is_some_and(|(indent, _)| *indent >= self.indent) {
                    self.parents.pop();
                }
                if self.parents.len() < 64 {
                    self.parents.push((self.indent, self.key));
                }
            }
            (self.indent, self.in_indent, self.line, self.key, self.has_key, self.word) = (0, true, 0, 0, false, 0);
            self.before.dash = false;
            if byte < 9 {
                self.parents.clear();
            }
        } else if self.in_indent && (byte == b' ' || byte == b'-') {
            self.indent += 1;
            self.before.dash |= byte == b'-';
        } else {
            self.in_indent = false;
            if byte == b':' && !self.has_key {
                (self.key, self.has_key) = (self.line, true);
            }
            self.line = mix(self.line, u32::from(byte) + 1);
        }
        if byte.is_ascii_alphanumeric() {
            self.word = mix(self.word, u32::from(byte.to_ascii_lowercase()));
        } else if self.word != 0 {
            (self.word_before, self.word) = (self.word, 0);
        }
        self.last = byte;
    }

    fn parent(&self) -> u32 {
        self.parents.iter().rev().find(|(indent, _)| *indent < self.indent || self.in_indent).map_or(0, |(_, key)| *key)
    }
}

impl Predictor {
    pub fn new() -> Self {
        let meaning = (0..VIEWS * STEPS * LEVELS).map(|i| squash((i % LEVELS) as i32 * 192 - MOST - 1).clamp(32, 65_503) as u16).collect();
        let mut new = Self {
            slots: vec![FRESH; SLOTS * VIEWS],
            meaning,
            weights: vec![1 << 14; INPUTS * (VIEWS + 1) * 3],
            inputs: [0; INPUTS],
            used: [0; VIEWS],
            levels: [0; VIEWS],
            set: 0,
            p: 32768,
            partial: 1,
            history: Vec::new(),
            hashes: [0; VIEWS],
            places: vec![0; 1 << MATCH_BITS],
            match_at: 0,
            match_len: 0,
            match_meaning: std::array::from_fn(|len| (65_535 - 32_768 / (len as u32 + 2)) as u16),
            expected: None,
            lines: Lines { in_indent: true, ..Lines::default() },
        };
        new.views();
        new.predict();
        new
    }

    /// How likely the next bit is a one, of 65536.
    pub fn p(&self) -> u32 {
        self.p as u32
    }

    /// Learns what the bit really was.
    pub fn learn(&mut self, bit: bool) {
        let y = i32::from(bit);
        // The mixer: each input's weight moves by how much it would have helped.
        let error = ((y << 16) - self.p) >> 2;
        let rate = if self.history.len() < 6_000 { 11 } else { 6 };
        for (weight, input) in self.weights[self.set * INPUTS..][..INPUTS].iter_mut().zip(self.inputs) {
            *weight += (input * error / (1 << 10) * rate) >> 8;
        }
        for view in 0..VIEWS {
            let slot = &mut self.slots[self.used[view]];
            let target = if bit { 65_535 } else { 0 };
            let meaning = &mut self.meaning[self.levels[view]];
            *meaning = (i32::from(*meaning) + (target - i32::from(*meaning)) / 50) as u16;
            // The younger a slot, the more one bit says.
            let slowness = i32::from(slot.seen) * 2 + 3;
            slot.p = (i32::from(slot.p) + (target - i32::from(slot.p)) * 2 / slowness) as u16;
            if slot.seen < 60 {
                slot.seen += 1;
            }
        }
        if let Some(expected) = self.expected {
            let right = expected == y as u32;
            let meaning = &mut self.match_meaning[self.match_len.min(LONGEST)];
            *meaning = (i32::from(*meaning) + (if right { 65_535 } else { 0 } - i32::from(*meaning)) / 40) as u16;
            if !right {
                self.match_len = 0;
            }
        }
        self.partial = self.partial << 1 | y as u32;
        if self.partial >= 256 {
            let byte = (self.partial & 255) as u8;
            self.partial = 1;
            self.push(byte);
        }
        self.predict();
    }

    fn push(&mut self, byte: u8) {
        self.history.push(byte);
        self.lines.push(byte);
        let at = self.history.len();
        if self.match_len > 0 && self.history[self.match_at] == byte {
            self.match_len += 1;
            self.match_at += 1;
        } else {
            self.match_len = 0;
        }
        if at >= 5 {
            let hash = self.history[at - 5..].iter().fold(0, |h, b| mix(h, u32::from(*b) + 1)) >> (32 - MATCH_BITS);
            let earlier = self.places[hash as usize] as usize;
            if self.match_len == 0 && earlier > 0 {
                self.match_len = (1..=LONGEST).take_while(|n| *n <= earlier && self.history[earlier - n] == self.history[at - n]).count();
                self.match_at = earlier;
            }
            self.places[hash as usize] = at as u32;
        }
        self.views();
    }

    /// The contexts of each view, once a byte.
    fn views(&mut self) {
        let back = |n: usize| self.history.len().checked_sub(n).map_or(0, |i| u32::from(self.history[i]) + 1);
        let lines = &self.lines;
        let one = back(1);
        let two = mix(one, back(2));
        let three = mix(two, back(3));
        let four = mix(three, back(4));
        let six = mix(mix(four, back(5)), back(6));
        let place = if lines.in_indent {
            let before = &lines.before;
            mix(mix(lines.indent, before.indent + 64 * u32::from(before.opens) + 128 * u32::from(before.dash)), before.key)
        } else {
            mix(mix(lines.word, lines.word_before), 7)
        };
        let contexts = [
            0,
            one,
            two,
            three,
            four,
            six,
            mix(lines.line, 11 + u32::from(lines.in_indent)),
            mix(mix(lines.line, lines.before.text), lines.indent),
            mix(mix(lines.line, lines.parent()), lines.before.key),
            mix(mix(mix(lines.line, lines.before.text), lines.before_that), lines.indent),
            place,
        ];
        for (view, context) in contexts.into_iter().enumerate() {
            self.hashes[view] = mix(context, view as u32 + 1);
        }
    }

    fn predict(&mut self) {
        let mut known = 0;
        for view in 0..VIEWS {
            let hash = mix(self.hashes[view], self.partial);
            let check = (hash & 255) as u8;
            let index = view * SLOTS + (hash >> (32 - SLOT_BITS)) as usize;
            let slot = &mut self.slots[index];
            if slot.check != check {
                *slot = Slot { check, ..FRESH };
            }
            self.used[view] = index;
            let x = stretch(i32::from(slot.p));
            let age = usize::from(slot.seen).min(if slot.seen > 12 { 12 + usize::from(slot.seen) / 20 } else { 12 }).min(STEPS - 1);
            let level = ((x + MOST + 1 + 96) / 192) as usize;
            self.levels[view] = (view * STEPS + age) * LEVELS + level.min(LEVELS - 1);
            if slot.seen == 0 {
                (self.inputs[view * 2], self.inputs[view * 2 + 1]) = (0, 0);
            } else {
                known += 1;
                self.inputs[view * 2] = x;
                self.inputs[view * 2 + 1] = stretch(i32::from(self.meaning[self.levels[view]]));
            }
        }
        self.expected = self.expected_bit();
        self.inputs[INPUTS - 1] = self.expected.map_or(0, |bit| {
            let sure = stretch(i32::from(self.match_meaning[self.match_len.min(LONGEST)]));
            if bit == 1 { sure } else { -sure }
        });
        let matched = match (self.expected, self.match_len) {
            (None, _) => 0,
            (Some(_), ..16) => 1,
            (Some(_), _) => 2,
        };
        self.set = known * 3 + matched;
        let weights = &self.weights[self.set * INPUTS..][..INPUTS];
        let sum: i64 = weights.iter().zip(self.inputs).map(|(weight, input)| i64::from(*weight) * i64::from(input)).sum();
        self.p = squash((sum >> 16).clamp(-i64::from(MOST), i64::from(MOST)) as i32).clamp(12, 65_524);
    }

    /// The next bit of the byte that followed the last time, as long as this byte began like it.
    fn expected_bit(&self) -> Option<u32> {
        if self.match_len == 0 || self.match_at >= self.history.len() {
            return None;
        }
        let byte = u32::from(self.history[self.match_at]) | 256;
        let done = 31 - self.partial.leading_zeros();
        (byte >> (8 - done) == self.partial).then(|| byte >> (7 - done) & 1)
    }
}
