//! What the learner has finished, kept in the browser; saved to and loaded from a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ui::storage;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// By the lesson's id.
    lessons: BTreeMap<String, Attended>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attended {
    /// The step to go on with.
    pub step: usize,
    /// Steps whose goals were reached, from 0.
    pub done: Vec<usize>,
    pub finished: bool,
}

impl Progress {
    pub fn restore() -> Self {
        storage::read(storage::PROGRESS).and_then(|kept| Self::read(&kept)).unwrap_or_default()
    }

    /// From a saved file; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers are always JSON")
    }

    pub fn of(&self, lesson: &str) -> Option<&Attended> {
        self.lessons.get(lesson)
    }

    pub fn reach(&mut self, lesson: &str, step: usize) {
        self.lessons.entry(lesson.to_owned()).or_default().step = step;
        self.keep();
    }

    pub fn finish(&mut self, lesson: &str, step: usize, steps: usize) {
        let attended = self.lessons.entry(lesson.to_owned()).or_default();
        if !attended.done.contains(&step) {
            attended.done.push(step);
        }
        attended.finished = (0..steps).all(|s| attended.done.contains(&s));
        self.keep();
    }

    /// Whether the browser keeps it now.
    pub fn keep(&self) -> bool {
        storage::write(storage::PROGRESS, &self.to_text())
    }
}
