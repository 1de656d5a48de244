//! `podlab lesson check [FOLDER]`: proves every lesson. Every goal is false before the solution and true after it, in simulated time; every
//! manifest that is not marked broken passes validation. Both languages and all named parts were checked when podlab was built.

use std::process::ExitCode;

use podlab::api::kinds;
use podlab::cluster::Config;
use podlab::lesson::{Lesson, Move};
use podlab::manifest;
use podlab::session::Session;
use podlab::session::course::{self, Course};

/// How long a solution's effects may take, in virtual time.
const PATIENCE_MS: u64 = 10 * 60 * 1000;

pub fn main(arguments: &[String]) -> ExitCode {
    if arguments.first().map(String::as_str) != Some("check") {
        eprintln!("Usage: podlab lesson check [FOLDER]   (the lessons are built in; FOLDER/* must all be among them)");
        return ExitCode::from(2);
    }
    let lessons = podlab::lesson::all();
    let mut problems = missing(arguments.get(1), &lessons);
    let mut steps = 0;
    for lesson in &lessons {
        steps += lesson.steps.len();
        problems.extend(prove(lesson).into_iter().map(|problem| format!("{}: {problem}", lesson.id)));
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    println!("{} lessons, {steps} steps, {} problems", lessons.len(), problems.len());
    if problems.is_empty() && !lessons.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Folders that were added after podlab was built.
fn missing(folder: Option<&String>, lessons: &[Lesson]) -> Vec<String> {
    let Some(folder) = folder else { return Vec::new() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return vec![format!("{folder}: {error}")],
    };
    let ids = entries.flatten().filter(|e| e.path().join("lesson.yaml").is_file()).map(|e| e.file_name().to_string_lossy().into_owned());
    ids.filter(|id| !lessons.iter().any(|l| l.id == *id)).map(|id| format!("{folder}/{id} is not built in: build podlab again")).collect()
}

/// Plays a lesson from start to end as its solutions do.
fn prove(lesson: &Lesson) -> Vec<String> {
    let mut problems = Vec::new();
    let mut session = Session::new(Config::nodes(2));
    let mut text = String::new();
    for index in 0..lesson.steps.len() {
        let (mut course, opening) = Course::begin(lesson.clone(), index, &mut session);
        let step = &lesson.steps[index];
        text = opening.manifest.unwrap_or(text);
        let mut source = manifest::check(&text);
        if step.start.manifest.is_some() && (source.exit != 0) != step.start.broken {
            let (is, said) = if source.exit == 0 { ("valid", "broken") } else { ("refused", "not marked broken") };
            problems.push(format!("{}: its manifest is {is} but {said}: {}", step.id, source.stderr.trim()));
        }
        // A link, a reload and `Start this step again` all open a step without the ones before it.
        if step.start.fresh.is_none() {
            problems.push(format!("{}: it begins in whatever cluster is there: give its start `fresh` and the moves that lead to it", step.id));
        }
        let before = course.goals(&session, &source.source);
        if step.goals.is_empty() {
            problems.push(format!("{}: has no goals", step.id));
        }
        if before.iter().all(|held| *held) && !step.goals.is_empty() {
            problems.push(format!("{}: all its goals hold before anything was done", step.id));
        }
        for action in &step.solution {
            if let Some(new) = course.perform(action, &mut session) {
                text = new;
                source = manifest::check(&text);
                if matches!(action, Move::Apply(_)) && source.exit != 0 {
                    problems.push(format!("{}: its solution applies what is refused: {}", step.id, source.stderr.trim()));
                }
            }
        }
        let deadline = session.now() + PATIENCE_MS;
        while !course.goals(&session, &source.source).iter().all(|held| *held) && session.now() < deadline {
            session.play_to(session.now() + 500);
        }
        for (held, need) in course.goals(&session, &source.source).iter().zip(&step.goals) {
            if !held {
                problems.push(format!("{}: after its solution this does not hold: {:?}", step.id, need.goal));
            }
        }
        if let Some(figure) = &step.figure {
            let mut session = course::prepare(figure);
            session.seek(course::moment(figure.at));
            if podlab::session::find(&session, kinds::POD, "default", &figure.pod).is_none() {
                problems.push(format!("{}: at its first moment the figure's Pod {} does not exist", step.id, figure.pod));
            }
        }
        if step.predict.is_some() && course.answered_right() == Some(false) {
            problems.push(format!("{}: its solution answers the question wrongly", step.id));
        }
    }
    problems
}
