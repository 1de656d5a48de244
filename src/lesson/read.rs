//! A lesson's JSON, as the build wrote it → the lesson. What is missing, of another type or known to nobody makes it no lesson.

use super::goal::{Goal, Probe};
use super::model::{Chapter, Choice, Entry, Figure, Lesson, Move, Need, Number, Predict, Quiz, Start, Step, Text};
use crate::api::{Map, Value};

/// What is read from a value.
pub(super) trait Read: Sized {
    fn read(value: &Value) -> Option<Self>;
}

impl Read for Value {
    fn read(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Read for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Read for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Read for f64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl Read for $type {
            fn read(value: &Value) -> Option<Self> {
                value.as_i64()?.try_into().ok()
            }
        }
    )*};
}
whole_numbers!(u16 u32 u64 usize i32 i64);

impl<T: Read> Read for Vec<T> {
    fn read(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::read).collect()
    }
}

/// Nothing where null stands.
impl<T: Read> Read for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::read(value).map(Some) }
    }
}

/// A field that must be there.
fn field<T: Read>(map: &Map<String, Value>, name: &str) -> Option<T> {
    T::read(map.get(name)?)
}

/// A field that may be left out.
fn field_or<T: Read>(map: &Map<String, Value>, name: &str, other: T) -> Option<T> {
    map.get(name).map_or(Some(other), T::read)
}

fn field_or_none<T: Read + Default>(map: &Map<String, Value>, name: &str) -> Option<T> {
    field_or(map, name, T::default())
}

/// The one field of a value that is one of several kinds: `{"podExists": {"pod": "web"}}`.
fn kind(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.iter().next().map(|(name, value)| (name.as_str(), value))
}

impl Read for Text {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self { en: field(map, "en")?, ko: field(map, "ko")? })
    }
}

impl<L: Read> Read for Chapter<L> {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self { title: field(map, "title")?, lessons: field(map, "lessons")? })
    }
}

impl Read for Entry {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self {
            id: field(map, "id")?,
            title: field(map, "title")?,
            summary: field(map, "summary")?,
            minutes: field(map, "minutes")?,
            steps: field(map, "steps")?,
            file: field(map, "file")?,
        })
    }
}

impl Read for Lesson {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self {
            id: field(map, "id")?,
            title: field(map, "title")?,
            summary: field(map, "summary")?,
            minutes: field(map, "minutes")?,
            steps: field(map, "steps")?,
        })
    }
}

impl Read for Step {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self {
            id: field(map, "id")?,
            title: field(map, "title")?,
            body: field(map, "body")?,
            after: field(map, "after")?,
            start: field_or_none(map, "start")?,
            predict: field_or_none(map, "predict")?,
            goals: field(map, "goals")?,
            hints: field_or_none(map, "hints")?,
            solution: field_or_none(map, "solution")?,
            quiz: field_or_none(map, "quiz")?,
            figure: field_or_none(map, "figure")?,
        })
    }
}

impl Read for Figure {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self {
            caption: field(map, "caption")?,
            pod: field(map, "pod")?,
            moves: field(map, "moves")?,
            at: field(map, "at")?,
            until: field(map, "until")?,
        })
    }
}

impl Read for Need {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self { text: field(map, "text")?, goal: field(map, "goal")? })
    }
}

impl Read for Start {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self {
            fresh: field_or_none(map, "fresh")?,
            moves: field_or_none(map, "moves")?,
            manifest: field_or_none(map, "manifest")?,
            broken: field_or_none(map, "broken")?,
            speed: field_or_none(map, "speed")?,
        })
    }
}

impl Read for Move {
    fn read(value: &Value) -> Option<Self> {
        let (name, what) = kind(value)?;
        let of = |name: &str| -> Option<String> { field(what.as_object()?, name) };
        Some(match name {
            "apply" => Self::Apply(String::read(what)?),
            "edit" => Self::Edit(String::read(what)?),
            "command" => Self::Command(String::read(what)?),
            "writeFile" => Self::WriteFile { node: of("node")?, path: of("path")?, text: of("text")? },
            "removeFile" => Self::RemoveFile { node: of("node")?, path: of("path")? },
            "stopApiServer" => Self::StopApiServer(bool::read(what)?),
            "answer" => Self::Answer(String::read(what)?),
            "waitSeconds" => Self::WaitSeconds(u64::read(what)?),
            _ => return None,
        })
    }
}

impl Read for Predict {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self { question: field(map, "question")?, choices: field_or_none(map, "choices")?, number: field_or_none(map, "number")? })
    }
}

impl Read for Choice {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self { id: field(map, "id")?, text: field(map, "text")?, reply: field(map, "reply")?, right: field_or_none(map, "right")? })
    }
}

impl Read for Number {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self {
            value: field(map, "value")?,
            tolerance: field(map, "tolerance")?,
            unit: field(map, "unit")?,
            right: field(map, "right")?,
            wrong: field(map, "wrong")?,
        })
    }
}

impl Read for Quiz {
    fn read(value: &Value) -> Option<Self> {
        let map = value.as_object()?;
        Some(Self { question: field(map, "question")?, choices: field(map, "choices")? })
    }
}

impl Read for Probe {
    fn read(value: &Value) -> Option<Self> {
        Some(match value.as_str()? {
            "startup" => Self::Startup,
            "readiness" => Self::Readiness,
            "liveness" => Self::Liveness,
            _ => return None,
        })
    }
}

impl Read for Goal {
    fn read(value: &Value) -> Option<Self> {
        let (name, what) = kind(value)?;
        match name {
            "all" => return Vec::read(what).map(Self::All),
            "any" => return Vec::read(what).map(Self::Any),
            "not" => return Self::read(what).map(|goal| Self::Not(Box::new(goal))),
            _ => {}
        }
        let map = what.as_object()?;
        let text = |name: &str| -> Option<String> { field(map, name) };
        let at_least = || field_or(map, "at_least", 1);
        // With how many fields there can be: one too many is a word that nobody reads.
        let (goal, fields) = match name {
            "answered" => (Self::Answered {}, 0),
            "podExists" => (Self::PodExists { pod: text("pod")? }, 1),
            "podStatus" => (Self::PodStatus { pod: text("pod")?, status: text("status")? }, 2),
            "podReady" => (Self::PodReady { pod: text("pod")?, ready: text("ready")? }, 2),
            "restarts" => (Self::Restarts { pod: text("pod")?, at_least: field(map, "at_least")? }, 2),
            "runsSteadily" => (Self::RunsSteadily { pod: text("pod")?, seconds: field(map, "seconds")? }, 2),
            "field" => {
                let goal = Self::Field { kind: text("kind")?, name: text("name")?, path: text("path")?, equals: field_or_none(map, "equals")? };
                (goal, 3 + usize::from(map.contains_key("equals")))
            }
            "printed" => (Self::Printed { contains: text("contains")? }, 1),
            "exists" => (Self::Exists { kind: text("kind")?, name: text("name")? }, 2),
            "stored" => (Self::Stored { verb: text("verb")?, kind: text("kind")?, name: text("name")?, at_least: at_least()? }, written(map, 3)),
            "event" => (Self::Event { object: text("object")?, reason: text("reason")?, at_least: at_least()? }, written(map, 2)),
            "probed" => {
                (Self::Probed { pod: text("pod")?, kind: field(map, "kind")?, ok: field(map, "ok")?, at_least: at_least()? }, written(map, 3))
            }
            "exited" => (Self::Exited { pod: text("pod")?, container: text("container")?, exit_code: field(map, "exit_code")? }, 3),
            "portTaken" => (Self::PortTaken { pod: text("pod")?, port: field(map, "port")? }, 2),
            "listens" => (Self::Listens { pod: text("pod")?, container: text("container")?, port: field(map, "port")? }, 3),
            "requested" => {
                let (answer, from) = (field_or_none(map, "answer")?, field_or_none(map, "from")?);
                let goal = Self::Requested { to: text("to")?, from, answer, at_least: at_least()? };
                (goal, written(map, 1) + ["answer", "from"].iter().filter(|name| map.contains_key(name)).count())
            }
            "output" => (Self::Output { pod: text("pod")?, container: text("container")?, contains: text("contains")? }, 3),
            "nodeFile" => {
                let goal = Self::NodeFile { node: text("node")?, path: text("path")?, present: field_or(map, "present", true)? };
                (goal, 2 + usize::from(map.contains_key("present")))
            }
            "nodeFileHolds" => (Self::NodeFileHolds { node: text("node")?, path: text("path")?, contains: text("contains")? }, 3),
            "mirror" => (Self::Mirror { pod: text("pod")? }, 1),
            "runsOnNode" => (Self::RunsOnNode { pod: text("pod")?, container: text("container")? }, 2),
            "apiServerStopped" => (Self::ApiServerStopped { stopped: field(map, "stopped")? }, 1),
            "manifest" => {
                (Self::Manifest { path: text("path")?, equals: field_or_none(map, "equals")? }, 1 + usize::from(map.contains_key("equals")))
            }
            "elapsed" => (Self::Elapsed { seconds: field(map, "seconds")? }, 1),
            _ => return None,
        };
        (map.len() == fields).then_some(goal)
    }
}

/// Which part of the lessons cannot be read, for whoever writes one: a page's own were read when it was built.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn fault(chapters: &Value) -> String {
    let name = |value: &Value| value["id"].as_str().unwrap_or("?").to_owned();
    let list = |value: &Value, field: &str| value[field].as_array().cloned().unwrap_or_default();
    let lessons = chapters.as_array().into_iter().flatten().flat_map(|chapter| list(chapter, "lessons"));
    let Some(lesson) = lessons.into_iter().find(|lesson| Lesson::read(lesson).is_none()) else {
        return "the titles of their chapters".into();
    };
    let Some(step) = list(&lesson, "steps").into_iter().find(|step| Step::read(step).is_none()) else {
        return format!("lesson {}: its title, summary or minutes", name(&lesson));
    };
    let at = format!("lesson {}, step {}", name(&lesson), name(&step));
    if let Some(goal) = list(&step, "goals").iter().find(|goal| Need::read(goal).is_none()) {
        return format!("{at}, the goal {}", goal["goal"]);
    }
    match list(&step, "solution").iter().find(|action| Move::read(action).is_none()) {
        Some(action) => format!("{at}, the move {action}"),
        None => format!("{at}: its start, predict, hints, quiz or figure"),
    }
}

/// The fields of a goal that may say how often.
fn written(map: &Map<String, Value>, others: usize) -> usize {
    others + usize::from(map.contains_key("at_least"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn what_cannot_be_read_is_named() {
        let text = json!({"en": "", "ko": ""});
        let lesson = |goal: Value| {
            json!([{"title": text, "lessons": [{"id": "a", "title": text, "summary": text, "minutes": 1,
                "steps": [{"id": "b", "title": text, "body": text, "after": text, "goals": [{"text": text, "goal": goal}]}]}]}])
        };
        assert!(Vec::<Chapter<Lesson>>::read(&lesson(json!({"podExists": {"pod": "web"}}))).is_some());
        let broken = lesson(json!({"podexists": {"pod": "web"}}));
        assert_eq!(Vec::<Chapter<Lesson>>::read(&broken), None);
        assert_eq!(fault(&broken), r#"lesson a, step b, the goal {"podexists":{"pod":"web"}}"#);
    }

    #[test]
    fn a_goal_with_a_word_that_nobody_reads_is_none() {
        assert_eq!(Goal::read(&json!({"podExists": {"pod": "web"}})), Some(Goal::PodExists { pod: "web".into() }));
        let requested = Goal::Requested { to: ":80".into(), from: String::new(), answer: String::new(), at_least: 2 };
        assert_eq!(Goal::read(&json!({"requested": {"to": ":80", "at_least": 2}})), Some(requested));
        for wrong in [
            json!({"podExists": {"pod": "web", "status": "Running"}}),
            json!({"podExists": {}}),
            json!({"podexists": {"pod": "web"}}),
            json!({"requested": {"to": ":80", "atLeast": 2}}),
            json!({"any": [{"mirror": {"pod": 3}}]}),
            json!({"mirror": {"pod": "web"}, "answered": {}}),
            json!("mirror"),
        ] {
            assert_eq!(Goal::read(&wrong), None, "{wrong}");
        }
    }
}
