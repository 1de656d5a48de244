//! A lesson that a learner follows: its step opens, its goals are judged, its solution plays.

use std::collections::VecDeque;
use std::rc::Rc;

use podlab::api::SimTime;
use podlab::lesson::{self, Entry, Lesson, Move};
use podlab::session::course::{Course, Opening};

use super::model::Model;
use crate::ui::locales as words;

/// What the left pane shows besides the manifest.
#[derive(Clone, Debug, PartialEq)]
pub enum Guide {
    /// Nothing: the playground.
    Closed,
    List,
    Course(Box<Attending>),
}

/// A lesson's step that is to be opened.
pub struct Awaited {
    pub id: String,
    pub step: usize,
    /// The editor keeps its texts, whatever the step would put there.
    pub keeps_texts: bool,
}

/// A lesson that the learner follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Attending {
    pub course: Course,
    /// Which goals have been reached; a goal stays reached.
    pub met: Vec<bool>,
    /// The answer to the step's closing question.
    pub decided: Option<String>,
    /// What is still to be shown of the solution, and until when it waits.
    pub script: VecDeque<Move>,
    pub script_waits: Option<SimTime>,
}

impl Attending {
    fn new(course: Course) -> Self {
        let goals = course.now().map_or(0, |step| step.goals.len());
        Self { course, met: vec![false; goals], decided: None, script: VecDeque::new(), script_waits: None }
    }

    pub fn is_done(&self) -> bool {
        self.met.iter().all(|met| *met)
    }
}

impl Model {
    /// Opens a lesson's step, now or when the lesson has come.
    pub fn open_lesson(&mut self, wanted: Awaited) {
        let Some(lesson) = self.opened.iter().find(|lesson| lesson.id == wanted.id).cloned() else {
            // A link may name one that is no more.
            if self.lessons.is_empty() || self.entry(&wanted.id).is_some() {
                self.awaited = Some(wanted);
            }
            if self.guide == Guide::Closed {
                self.guide = Guide::List;
            }
            return;
        };
        let desk = wanted.keeps_texts.then(|| self.desk.clone());
        self.begin_step(lesson, wanted.step);
        if let Some(desk) = desk {
            self.desk = desk;
            self.revision += 1;
            self.text_changed();
        }
    }

    fn entry(&self, id: &str) -> Option<&Entry> {
        self.lessons.iter().flat_map(|chapter| &chapter.lessons).find(|entry| entry.id == id)
    }

    /// The file that somebody waits for: the list of lessons, or one of them.
    pub fn wanted_file(&self) -> Option<&str> {
        match &self.awaited {
            _ if matches!(self.guide, Guide::Closed) => None,
            _ if self.lessons.is_empty() => Some("lessons"),
            Some(wanted) => self.entry(&wanted.id).map(|entry| entry.file.as_str()),
            None => None,
        }
    }

    /// A file of the lessons has come, or cannot be had.
    pub fn file_came(&mut self, text: Option<&str>) {
        if let Some(list) = text.and_then(lesson::read_list) {
            self.lessons = Rc::new(list);
        } else if let Some(lesson) = text.and_then(lesson::read) {
            self.opened.push(lesson);
        } else {
            self.awaited = None;
            self.say(self.language.say(words::LESSON_LOST));
        }
        if let Some(wanted) = self.awaited.take() {
            self.open_lesson(wanted);
        }
    }

    pub fn begin_step(&mut self, lesson: Lesson, step: usize) {
        self.emptied = None;
        let (course, Opening { manifest, speed }) = Course::begin(lesson, step, &mut self.session);
        self.progress.reach(&course.lesson.id, course.step);
        self.guide = Guide::Course(Box::new(Attending::new(course)));
        if let Some(text) = manifest {
            self.put_text(&text);
        }
        if let Some(speed) = speed {
            self.speed = speed;
        }
        self.selected = None;
        self.playing = true;
        self.terminal_from = self.terminal_from.min(self.session.terminal().output().len());
        self.stage.stale = true;
        self.judge();
    }

    /// Goals that hold now are reached. Only looks when something changed.
    pub fn judge(&mut self) {
        let Guide::Course(attending) = &mut self.guide else { return };
        let now = (self.session.cluster().log().len(), self.session.now().secs() as usize, Rc::as_ptr(&self.checked) as usize);
        if self.judged == now && attending.course.answer.is_none() {
            return;
        }
        self.judged = now;
        let holds = attending.course.goals(&self.session, &self.checked.source);
        let was_done = attending.is_done();
        for (met, holds) in attending.met.iter_mut().zip(holds) {
            *met |= holds;
        }
        if attending.is_done() && !was_done {
            self.progress.finish(&attending.course.lesson.id, attending.course.step, attending.course.lesson.steps.len());
        }
    }

    /// The next moves of a solution that is being shown.
    pub fn play_script(&mut self) {
        let Guide::Course(attending) = &mut self.guide else { return };
        let mut text = None;
        while let Some(action) = attending.script.front() {
            if let Some(until) = attending.script_waits {
                if self.session.now() < until {
                    break;
                }
                attending.script_waits = None;
                attending.script.pop_front();
                continue;
            }
            if let Move::WaitSeconds(seconds) = action {
                attending.script_waits = Some(self.session.now() + seconds * 1000);
                continue;
            }
            let action = attending.script.pop_front().expect("the front was just looked at");
            // What the learner predicted stays what the learner said.
            if matches!(action, Move::Answer(_)) && attending.course.answer.is_some() {
                continue;
            }
            text = attending.course.perform(&action, &mut self.session).or(text);
            self.stage.stale = true;
        }
        if let Some(text) = text {
            self.put_text(&text);
        }
    }
}
