//! A shell's variables: what it tells of itself under a name, what others get to see, and what comes back when a function returns.

use super::arrays::Array;
use super::{MOST_TEXT, Machine};
use crate::api::SimTime;
use crate::api::order::SortedMap;

/// A variable as it was, to be put back.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kept {
    name: String,
    value: Option<String>,
    array: Option<Array>,
    is_own: bool,
}

impl Machine {
    pub fn variable(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "$" => Some(self.pid.to_string()),
            "!" => Some(self.background.map_or(String::new(), |pid| pid.to_string())),
            "#" => Some(self.arguments.len().to_string()),
            "@" => Some(self.arguments.join(" ")),
            "*" => Some(self.arguments.join(&self.separator())),
            "PWD" => Some(self.directory.clone()),
            "-" => Some(
                [(self.options.errexit, 'e'), (self.options.nounset, 'u'), (self.options.xtrace, 'x')]
                    .iter()
                    .filter(|(on, _)| *on)
                    .map(|(_, c)| c)
                    .collect(),
            ),
            _ => match name.parse::<usize>() {
                // `$00` too.
                Ok(0) => Some(self.name.clone()),
                Ok(number) => self.arguments.get(number - 1).cloned(),
                Err(_) => self.variables.get(name).or_else(|| self.arrays.get(name)?.first()).cloned(),
            },
        }
    }

    /// What stands between the values of `*`.
    pub(in crate::cluster::shell) fn separator(&self) -> String {
        self.variables.get("IFS").map_or(" ", |ifs| ifs.get(..1).unwrap_or("")).to_owned()
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.handled(value.len());
        if self.readonly.contains(name) {
            self.fault = Some(format!("{name}: is read only"));
        } else if !self.set_first(name, value)
            && self.variables.insert(name.into(), value[..value.floor_char_boundary(MOST_TEXT)].to_owned()).is_none()
        {
            self.own.insert(name.into());
        }
    }

    pub(super) fn keep(&self, name: &str) -> Kept {
        Kept { name: name.into(), value: self.variables.get(name).cloned(), array: self.arrays.get(name).cloned(), is_own: self.own.contains(name) }
    }

    pub(super) fn put_back(&mut self, kept: Kept) {
        self.unset(&kept.name);
        if kept.is_own {
            self.own.insert(kept.name.clone());
        }
        if let Some(value) = kept.value {
            self.variables.insert(kept.name, value);
        } else if let Some(array) = kept.array {
            self.arrays.insert(kept.name, array);
        }
    }

    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
        self.arrays.remove(name);
        self.own.remove(name);
    }

    /// What a command gets: the variables that were exported.
    pub fn environment(&self) -> SortedMap<String, String> {
        self.variables.iter().filter(|(name, _)| !self.own.contains(*name)).map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// `set -u`
    pub(in crate::cluster::shell) fn wants_all_set(&self) -> bool {
        self.options.nounset
    }

    /// `$RANDOM`: of the moment, so that a run that is played again has the same.
    pub(in crate::cluster::shell) fn random(&mut self, now: SimTime) -> String {
        self.drawn += 1;
        let mixed = (now.0 ^ self.pid << 40 ^ self.drawn << 20).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 49).to_string()
    }
}
