//! A lesson under way: its step, when that began, the learner's answer; how a step begins and what its moves do to a session.

use super::{Input, Session};
use crate::api::order::SortedMap;
use crate::api::{SimTime, float, kinds, object};
use crate::cluster::Config;
use crate::kubectl::pod_row::pod_row;
use crate::kubectl::{Output, OutputKind};
use crate::lesson::{Evidence, Figure, Lesson, Move, Row, Step};
use crate::manifest::Source;

/// A learner's place in a lesson.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    pub lesson: Lesson,
    pub step: usize,
    /// When the step began, and how many facts the log had then.
    pub began: SimTime,
    pub since: usize,
    /// The answer to the step's question: a choice's id, or a number as typed.
    pub answer: Option<String>,
    /// How many hints are open.
    pub hints: usize,
}

/// What the page has to do when a step begins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opening {
    /// What the editor is to hold.
    pub manifest: Option<String>,
    pub speed: Option<u32>,
}

/// The file name of the editor's text in the learner's folder.
pub const FILE: &str = "pod.yaml";

impl Course {
    /// Begins a step. `session` is the run so far; a step that wants a fresh cluster gets its own.
    pub fn begin(lesson: Lesson, step: usize, session: &mut Session) -> (Self, Opening) {
        let step = step.min(lesson.steps.len().saturating_sub(1));
        let mut course = Self { step, began: SimTime::ZERO, since: 0, answer: None, hints: 0, lesson };
        let start = course.now().map(|s| s.start.clone()).unwrap_or_default();
        if let Some(nodes) = start.fresh {
            *session = Session::new(Config::nodes(nodes));
        }
        let mut manifest = start.manifest.clone();
        for action in &start.moves {
            if let Some(text) = course.perform(action, session) {
                manifest = manifest.or(Some(text));
            }
        }
        course.answer = None;
        (course.began, course.since) = (session.now(), session.cluster().log().len());
        let speed = Some(start.speed).filter(|s| *s > 0);
        (course, Opening { manifest, speed })
    }

    pub fn now(&self) -> Option<&Step> {
        self.lesson.steps.get(self.step)
    }

    /// Does a move; gives the editor's new text where the move changes it.
    pub fn perform(&mut self, action: &Move, session: &mut Session) -> Option<String> {
        if let Move::Answer(answer) = action {
            self.answer = Some(answer.clone());
        }
        perform(action, session)
    }

    /// Which of the step's goals hold now.
    pub fn goals(&self, session: &Session, source: &Source) -> Vec<bool> {
        let is_new = |piece: &&Output| piece.at >= self.began && !matches!(piece.kind, OutputKind::Command { .. });
        let evidence = Evidence {
            cluster: session.cluster(),
            rows: rows(session),
            source,
            began: self.began,
            since: self.since,
            printed: session.terminal().output().iter().filter(is_new).map(|piece| piece.text.as_str()).collect(),
            answer: self.answer.as_deref(),
        };
        self.now().map(|step| step.goals.iter().map(|need| need.goal.holds(&evidence)).collect()).unwrap_or_default()
    }

    /// Whether the answer to the step's question is right; `None` while it is not answered.
    pub fn answered_right(&self) -> Option<bool> {
        let (answer, predict) = (self.answer.as_deref()?, self.now()?.predict.as_ref()?);
        Some(match &predict.number {
            Some(number) => float::read(answer.trim()).is_some_and(|given| (given - number.value).abs() <= number.tolerance),
            None => predict.choices.iter().any(|choice| choice.right && choice.id == answer),
        })
    }
}

/// Does a move to a session; gives the editor's new text where the move changes it.
fn perform(action: &Move, session: &mut Session) -> Option<String> {
    match action {
        Move::Apply(text) => {
            session.input(Input::Apply { file: FILE.into(), text: text.clone() });
            return Some(text.clone());
        }
        Move::Edit(text) => return Some(text.clone()),
        Move::Command(line) => session.input(Input::Command(line.clone())),
        Move::WriteFile { node, path, text } => {
            session.input(Input::NodeFile { node: node.clone(), path: path.clone(), text: Some(text.clone()) });
        }
        Move::RemoveFile { node, path } => session.input(Input::NodeFile { node: node.clone(), path: path.clone(), text: None }),
        Move::StopApiServer(stopped) => session.input(Input::StopApiServer(*stopped)),
        // An answer is the learner's, not the cluster's.
        Move::Answer(_) => {}
        Move::WaitSeconds(seconds) => session.play_to(session.now() + seconds * 1000),
    }
    None
}

/// The small cluster of a figure, played to its end so that every moment of it can be shown at once.
pub fn prepare(figure: &Figure) -> Session {
    let mut session = Session::new(Config::nodes(1));
    for action in &figure.moves {
        perform(action, &mut session);
    }
    session.play_to(moment(figure.until));
    session
}

/// A lesson's seconds as a moment.
pub fn moment(seconds: f64) -> SimTime {
    SimTime((seconds.max(0.0) * 1000.0) as u64)
}

fn rows(session: &Session) -> SortedMap<String, Row> {
    let pods = session.cluster().api.list(kinds::POD, Some("default"));
    pods.map(|pod| {
        let row = pod_row(pod);
        (object::name(pod).to_owned(), Row { ready: row.ready, status: row.status, restarts: row.restarts })
    })
    .collect()
}
