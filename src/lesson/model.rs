//! What a lesson is made of, as `lessons/*/` says it and the build turned it into JSON.

use super::Goal;
use super::read::Read as _;
use crate::yaml;

/// A text in both languages. Bodies are HTML made from the lesson's Markdown at build time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    pub en: String,
    pub ko: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The folder's name: `liveness-probe`.
    pub id: String,
    pub title: Text,
    /// One sentence for the list of lessons.
    pub summary: Text,
    pub minutes: u32,
    pub steps: Vec<Step>,
}

/// One step: predict → do → see → explain.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: String,
    pub title: Text,
    /// What to do and why, shown from the start.
    pub body: Text,
    /// Shown when the step is done: why it happened.
    pub after: Text,
    pub start: Start,
    pub predict: Option<Predict>,
    pub goals: Vec<Need>,
    /// Opened one by one.
    pub hints: Vec<Text>,
    pub solution: Vec<Move>,
    pub quiz: Option<Quiz>,
    pub figure: Option<Figure>,
}

/// A Pod at a prepared moment, drawn by the picture's own code in a small cluster of its own; the reader can move the moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub caption: Text,
    /// Its name, in `default`.
    pub pod: String,
    /// What makes the cluster what it is, from its first second on.
    pub moves: Vec<Move>,
    /// The moment that is shown first, and how far the reader can go, in seconds.
    pub at: f64,
    pub until: f64,
}

/// A goal with the sentence that the learner reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    pub text: Text,
    pub goal: Goal,
}

/// How the step begins. Without `fresh` it would begin in whatever cluster is there, since links and reloads open it without the steps before:
/// `podlab lesson check` refuses that.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Start {
    /// A new cluster with so many nodes.
    pub fresh: Option<usize>,
    /// What happens before the learner's turn, in order.
    pub moves: Vec<Move>,
    /// What the editor holds; `None` leaves it.
    pub manifest: Option<String>,
    /// The manifest is wrong on purpose.
    pub broken: bool,
    /// Clock speed; 0 leaves it.
    pub speed: u32,
}

/// Something that is done for the learner: by the start of a step, or by its solution.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// Puts this text into the editor (and applies it with `apply: true` in the file).
    Apply(String),
    Edit(String),
    Command(String),
    WriteFile {
        node: String,
        path: String,
        text: String,
    },
    RemoveFile {
        node: String,
        path: String,
    },
    StopApiServer(bool),
    /// Answers the step's question.
    Answer(String),
    /// Lets virtual time pass.
    WaitSeconds(u64),
}

/// A question that the simulator answers; asked before the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Predict {
    pub question: Text,
    /// Choices, or none where a number is asked for.
    pub choices: Vec<Choice>,
    /// The right number, with how far off still counts as right, and its unit.
    pub number: Option<Number>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub id: String,
    pub text: Text,
    pub reply: Text,
    pub right: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    pub value: f64,
    pub tolerance: f64,
    pub unit: Text,
    pub right: Text,
    pub wrong: Text,
}

/// A question about a decision, each choice with its own reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Quiz {
    pub question: Text,
    pub choices: Vec<Choice>,
}

/// Lessons that belong together, as the list shows them. `L` is what is known of each: an [`Entry`] until it is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Chapter<L> {
    pub title: Text,
    pub lessons: Vec<L>,
}

/// What the list of lessons says of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub id: String,
    pub title: Text,
    pub summary: Text,
    pub minutes: u32,
    /// How many.
    pub steps: usize,
    /// Where its JSON is to be had, relative to the page.
    pub file: String,
}

/// A page fetches each lesson when somebody opens it.
const OWN: &str = if cfg!(target_arch = "wasm32") { "[]" } else { include_str!(concat!(env!("OUT_DIR"), "/lessons.json")) };

/// A lesson from its JSON; `None` for anything else.
pub fn read(text: &str) -> Option<Lesson> {
    Lesson::read(&yaml::json_value(text)?)
}

/// The list of lessons from its JSON, in their order; `None` for anything else.
pub fn read_list(text: &str) -> Option<Vec<Chapter<Entry>>> {
    Vec::read(&yaml::json_value(text)?)
}

/// The lessons that are built in, in their order: all of them, but in a page none.
pub fn all() -> Vec<Lesson> {
    let built_in = yaml::json_value(OWN).unwrap_or_default();
    match Vec::<Chapter<Lesson>>::read(&built_in) {
        Some(chapters) => chapters.into_iter().flat_map(|chapter| chapter.lessons).collect(),
        #[cfg(not(target_arch = "wasm32"))]
        None => panic!("lessons/ cannot be read: {}", super::read::fault(&built_in)),
        #[cfg(target_arch = "wasm32")]
        None => Vec::new(),
    }
}

pub fn find(id: &str) -> Option<Lesson> {
    all().into_iter().find(|lesson| lesson.id == id)
}
