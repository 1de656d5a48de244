//! Any JSON as a lesson: it is refused, or it can be begun at each step, with goals that can be asked for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podlab::cluster::Config;
use podlab::lesson::{Lesson, Move};
use podlab::manifest;
use podlab::session::Session;
use podlab::session::course::Course;

/// Lessons are the project's own: what they cost is not theirs to fear.
fn is_cheap(lesson: &Lesson) -> bool {
    let moves =
        |step: &podlab::lesson::Step| step.start.moves.iter().chain(&step.solution).all(|action| !matches!(action, Move::WaitSeconds(s) if *s > 60));
    lesson.steps.len() <= 4 && lesson.steps.iter().all(|step| step.start.fresh.is_none_or(|nodes| (1..=3).contains(&nodes)) && moves(step))
}

fuzz_target!(|data: &[u8]| {
    let Some(lesson) = std::str::from_utf8(data).ok().and_then(podlab::lesson::read) else { return };
    if !is_cheap(&lesson) {
        return;
    }
    let mut session = Session::new(Config::nodes(2));
    for step in 0..lesson.steps.len().max(1) {
        let (mut course, opening) = Course::begin(lesson.clone(), step, &mut session);
        let source = manifest::check(&opening.manifest.unwrap_or_default()).source;
        course.goals(&session, &source);
        for action in course.now().map(|step| step.solution.clone()).unwrap_or_default() {
            course.perform(&action, &mut session);
        }
        course.answer = Some("3".into());
        course.answered_right();
        session.play_to(session.now() + 5_000);
        course.goals(&session, &source);
    }
});
