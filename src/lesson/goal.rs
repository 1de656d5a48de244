//! What must hold for a step to be done: a predicate over facts, never over typed text or pressed buttons.

use serde::Deserialize;

use crate::cluster::Cluster;
use crate::kubectl::Terminal;
use crate::manifest::Source;

/// Everything that a goal may look at.
pub struct Evidence<'a> {
    pub cluster: &'a Cluster,
    pub terminal: &'a Terminal,
    /// The editor's own tree.
    pub source: &'a Source,
    /// How many log entries there were when the step began: older facts do not count.
    pub since: usize,
    /// The learner's answer to the step's question, if given.
    pub answer: Option<&'a str>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Goal {
    /// All of these.
    All(Vec<Goal>),
    Any(Vec<Goal>),
    Not(Box<Goal>),
    /// The step's question is answered (rightly or not).
    Answered {},
}

impl Goal {
    pub fn holds(&self, evidence: &Evidence<'_>) -> bool {
        match self {
            Self::All(goals) => goals.iter().all(|g| g.holds(evidence)),
            Self::Any(goals) => goals.iter().any(|g| g.holds(evidence)),
            Self::Not(goal) => !goal.holds(evidence),
            Self::Answered {} => evidence.answer.is_some(),
        }
    }
}
