//! What the learner has finished, kept in the browser; saved to and loaded from a file.

use podlab::api::order::SortedMap;
use podlab::api::{Value, json};

use crate::ui::storage;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// By the lesson's id.
    lessons: SortedMap<String, Attended>,
}

#[derive(Clone, Debug, Default, PartialEq)]
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
        let kept = podlab::yaml::json_value(text)?;
        let number = |value: &Value| value.as_u64().map(|n| n as usize);
        let attended = |value: &Value| {
            let done = value.get("done")?.as_array()?.iter().map(number).collect::<Option<Vec<_>>>()?;
            Some(Attended { step: number(value.get("step")?)?, done, finished: value.get("finished")?.as_bool()? })
        };
        let lessons = kept.get("lessons")?.as_object()?.iter().map(|(id, value)| Some((id.clone(), attended(value)?))).collect::<Option<_>>()?;
        Some(Self { lessons })
    }

    pub fn to_text(&self) -> String {
        let attended = |a: &Attended| json!({ "step": a.step, "done": a.done, "finished": a.finished });
        let lessons: podlab::api::Map<String, Value> = self.lessons.iter().map(|(id, a)| (id.clone(), attended(a))).collect();
        json!({ "lessons": lessons }).to_string()
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
