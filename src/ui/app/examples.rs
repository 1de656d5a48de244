//! The manifests under Examples: what learners come with, and the one that runs on a first visit.

use crate::ui::locales::{self as words, Language, Word};

pub struct Example {
    pub title: Word,
    pub text: &'static str,
}

/// Runs on a first visit: both probes, a Service that sends to what is ready, and a Pod that asks it.
pub const FIRST: &str = include_str!("examples/first.yaml");

/// An example's text with its remarks in the learner's language.
pub fn in_language(text: &str, language: Language) -> String {
    let remarks = [words::EXAMPLE_REMARK_RUNS, words::EXAMPLE_REMARK_ASKS];
    remarks.into_iter().fold(text.to_owned(), |text, remark| text.replace(Language::English.say(remark), language.say(remark)))
}

pub static EXAMPLES: &[Example] = &[
    Example { title: words::EXAMPLE_FIRST, text: FIRST },
    Example { title: words::EXAMPLE_NGINX, text: include_str!("examples/nginx.yaml") },
    Example { title: words::EXAMPLE_KUBIA, text: include_str!("examples/kubia.yaml") },
    Example { title: words::EXAMPLE_COUNTER, text: include_str!("examples/counter.yaml") },
    Example { title: words::EXAMPLE_SHARED_VOLUME, text: include_str!("examples/shared-volume.yaml") },
    Example { title: words::EXAMPLE_ECHO_LP, text: include_str!("examples/echo-lp.yaml") },
    Example { title: words::EXAMPLE_ECHO_RP, text: include_str!("examples/echo-rp.yaml") },
    Example { title: words::EXAMPLE_ECHO_HEALTH, text: include_str!("examples/echo-health.yaml") },
    Example { title: words::EXAMPLE_INIT, text: include_str!("examples/init.yaml") },
    Example { title: words::EXAMPLE_SIDECAR, text: include_str!("examples/sidecar.yaml") },
    Example { title: words::EXAMPLE_DEPLOYMENT, text: include_str!("examples/deployment.yaml") },
    Example { title: words::EXAMPLE_MEMORY, text: include_str!("examples/memory.yaml") },
    Example { title: words::EXAMPLE_COLON, text: include_str!("examples/colon.yaml") },
];
