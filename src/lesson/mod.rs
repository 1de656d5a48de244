//! Lesson files → steps and goals. Goals are typed predicates over cluster state, log, terminal history and the manifest's own tree.

mod goal;
mod model;
mod read;

pub use goal::{Evidence, Goal, Probe, Row};
pub use model::{Chapter, Choice, Entry, Figure, Lesson, Move, Need, Number, Predict, Quiz, Start, Step, Text, all, find, read, read_list};
