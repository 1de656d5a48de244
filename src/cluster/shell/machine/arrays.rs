//! bash's indexed arrays. A name is an array or a plain variable; as the latter an array shows its element 0 (bash's manual, "Arrays").

use super::{MOST_TEXT, Machine};
use crate::api::order::SortedMap;
use crate::cluster::shell::arithmetic::arithmetic;
use crate::cluster::shell::lexer::{Part, Word};
use crate::cluster::shell::parser::{halves, is_name};
use crate::cluster::shell::{Host, expand};

/// The elements that were set, by their numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cluster::shell) struct Array {
    elements: SortedMap<u64, String>,
    bytes: usize,
}

/// What an element costs beside its text.
pub(in crate::cluster::shell) const ELEMENT_BYTES: usize = 40;

impl Array {
    pub fn first(&self) -> Option<&String> {
        self.elements.get(&0)
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.elements.keys().copied()
    }

    pub fn values(&self) -> impl Iterator<Item = &String> {
        self.elements.values()
    }

    /// The number behind the last one.
    fn end(&self) -> u64 {
        self.elements.keys().next_back().map_or(0, |last| last.saturating_add(1))
    }

    /// A number as it is written: those below 0 count from the end.
    fn place(&self, number: i64) -> Option<u64> {
        let end = i64::try_from(self.end()).unwrap_or(i64::MAX);
        u64::try_from(if number < 0 { end.saturating_add(number) } else { number }).ok()
    }

    /// How many elements move when one is put or taken there, for what that costs.
    fn moved(&self, number: u64) -> usize {
        if number.saturating_add(1) < self.end() { self.elements.len() } else { 0 }
    }

    fn take(&mut self, number: u64) {
        if let Some(text) = self.elements.remove(&number) {
            self.bytes -= text.len() + ELEMENT_BYTES;
        }
    }

    /// Whether there was room for it; where there is none nothing changes.
    fn put(&mut self, number: u64, text: String) -> bool {
        let before = self.elements.get(&number).map_or(0, |text| text.len() + ELEMENT_BYTES);
        let bytes = self.bytes - before + text.len() + ELEMENT_BYTES;
        if bytes > MOST_TEXT {
            return false;
        }
        self.bytes = bytes;
        self.elements.insert(number, text);
        true
    }
}

/// `name[expression]` as two texts.
pub(in crate::cluster::shell) fn subscripted(word: &str) -> Option<(&str, &str)> {
    let (name, rest) = word.split_once('[')?;
    Some((name, rest.strip_suffix(']')?)).filter(|(name, _)| is_name(name))
}

impl Machine {
    pub(in crate::cluster::shell) fn array(&self, name: &str) -> Option<&Array> {
        self.arrays.get(name)
    }

    /// `${name[number]}`
    pub(in crate::cluster::shell) fn element(&self, name: &str, number: i64) -> Option<String> {
        match self.arrays.get(name) {
            Some(array) => array.elements.get(&array.place(number)?).cloned(),
            None => self.variable(name).filter(|_| matches!(number, 0 | -1)),
        }
    }

    /// Gives the name an array (or a part of one) and tells how `set -x` shows it.
    pub(super) fn assign(&mut self, host: &mut dyn Host, name: &str, part: &Part) -> String {
        match part {
            Part::Array { words, added } => {
                // They may ask for what the name was before.
                let values = self.listed(host, words);
                let shown: Vec<String> = values.iter().map(|(_, text)| self.traced(text)).collect();
                if !self.may_change(name) {
                    return String::new();
                }
                let mut array = if *added { self.as_array(name) } else { Array::default() };
                let mut next = array.end();
                for (number, text) in values {
                    next = number.and_then(|number| array.place(number)).unwrap_or(next);
                    self.handled(text.len() + ELEMENT_BYTES + array.moved(next));
                    if !array.put(next, text) {
                        self.fault = Some("out of memory".into());
                        break;
                    }
                    next = next.saturating_add(1);
                }
                self.keep_array(name, array);
                format!("({})", shown.join(" "))
            }
            Part::Element { subscript, value, added } => {
                let number = self.number(host, subscript);
                let text = expand::text(self, host, value);
                let before = if *added { self.element(name, number).unwrap_or_default() } else { String::new() };
                self.set_element(name, number, before + &text);
                self.traced(&text)
            }
            _ => String::new(),
        }
    }

    /// What stands between the brackets, each with the number that `[5]=x` gives it.
    fn listed(&mut self, host: &mut dyn Host, words: &[Word]) -> Vec<(Option<i64>, String)> {
        let (mut found, mut bytes) = (Vec::new(), 0);
        for word in words {
            let more = match numbered(word) {
                Some((subscript, value)) => {
                    let number = self.number(host, &subscript);
                    vec![(Some(number), expand::text(self, host, &value))]
                }
                None => expand::arguments(self, host, std::slice::from_ref(word)).into_iter().map(|text| (None, text)).collect(),
            };
            bytes += more.iter().map(|(_, text)| text.len() + ELEMENT_BYTES).sum::<usize>();
            if bytes > MOST_TEXT {
                self.fault = Some("out of memory".into());
                return Vec::new();
            }
            found.extend(more);
        }
        found
    }

    pub(in crate::cluster::shell) fn number(&mut self, host: &mut dyn Host, subscript: &Word) -> i64 {
        let expression = expand::text(self, host, subscript);
        arithmetic(self, &expression)
    }

    /// `name[number]=text`
    pub(in crate::cluster::shell) fn set_element(&mut self, name: &str, number: i64, text: String) {
        if !self.may_change(name) {
            return;
        }
        let mut array = self.as_array(name);
        match array.place(number) {
            Some(place) => {
                self.handled(text.len() + ELEMENT_BYTES + array.moved(place));
                if !array.put(place, text) {
                    self.fault = Some("out of memory".into());
                }
            }
            None => self.fault = Some(format!("{name}[{number}]: bad array subscript")),
        }
        self.keep_array(name, array);
    }

    fn may_change(&mut self, name: &str) -> bool {
        if self.readonly.contains(name) {
            self.fault.get_or_insert_with(|| format!("{name}: is read only"));
        }
        self.fault.is_none()
    }

    fn as_array(&mut self, name: &str) -> Array {
        if let Some(array) = self.arrays.remove(name) {
            return array;
        }
        let mut array = Array::default();
        if let Some(text) = self.variables.get(name) {
            array.put(0, text.clone());
        }
        array
    }

    fn keep_array(&mut self, name: &str, array: Array) {
        self.variables.remove(name);
        self.arrays.insert(name.into(), array);
    }

    /// `unset 'name[number]'`
    pub(super) fn unset_element(&mut self, name: &str, subscript: &str) {
        let number = arithmetic(self, subscript);
        let Some(array) = self.arrays.get_mut(name) else { return };
        let Some(place) = array.place(number) else { return };
        let moved = array.moved(place);
        array.take(place);
        self.handled(moved);
    }

    /// The first element; whether the name is that of an array.
    pub(super) fn set_first(&mut self, name: &str, value: &str) -> bool {
        let Some(array) = self.arrays.get_mut(name) else { return false };
        if !array.put(0, value.to_owned()) {
            self.fault = Some("out of memory".into());
        }
        true
    }
}

/// `[number]=value` between the brackets of an array: its two halves.
fn numbered(word: &Word) -> Option<(Word, Word)> {
    let Some(Part::Bare(text)) = word.first() else { return None };
    let rest = Part::Bare(text.strip_prefix('[')?.to_owned());
    halves(std::iter::once(rest).chain(word[1..].iter().cloned()).collect(), "]=")
}
