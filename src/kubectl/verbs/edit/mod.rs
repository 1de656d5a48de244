//! `kubectl edit`: with an editor from the environment, or in the page's editor pane.

mod saved;

use crate::api::object::name;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, EditRequest, Env, Failure, Flow, Job, Poll};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::{json, output};

use saved::Edit;

pub const VERB: Verb = Verb::new(
    "edit",
    "(RESOURCE/NAME | -f FILENAME) [options]",
    "@files output,o:s output-patch save-config subresource:s validate=strict field-manager:s windows-line-endings @show record",
    "Edit a resource from the default editor.",
    run,
);

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let form = call.filled("output").unwrap_or("yaml");
    if !matches!(form, "yaml" | "json" | "kyaml") {
        let why = format!("unable to match a printer suitable for the output format {form:?}, allowed formats are: json,kyaml,yaml");
        return Err(Failure::error(why));
    }
    let request = resources::request(call, &call.args, env, Rules::TYPES)?;
    let found = request.fetch_all(env)?;
    let Some((kind, o)) = found.into_iter().next() else { return Err(Failure::error("edit cancelled, no objects found")) };
    let shown = output::shown(call, &o);
    let (head, text) = if form == "json" { ("", json::pretty(&shown, 4) + "\n") } else { (HEAD, crate::yaml::print(&shown)) };
    let file = format!("kubectl-edit-{}-{}.{}", kind.singular, name(&o), if form == "json" { "json" } else { "yaml" });
    let edit = Edit { call: call.clone(), kind, before: o, head, first: text.clone(), refused: None };
    let text = format!("{head}{text}");
    let editor = env.variables.get("KUBE_EDITOR").or(env.variables.get("EDITOR")).cloned();
    match editor {
        Some(editor) => scripted(edit, &editor, &file, text, env),
        None if env.terminal => {
            let mut editing = Editing { edit, file, text: String::new() };
            editing.open(text, env);
            Ok(Flow::wait(editing))
        }
        None => Err(Failure::error("unable to launch the editor \"vi\"")),
    }
}

/// An editor that is a command. One that never makes the file valid, and never leaves it as it is, is stopped.
fn scripted(mut edit: Edit, editor: &str, file: &str, mut text: String, env: &mut Env) -> Result<Flow, Failure> {
    let program = editor.split(' ').next().unwrap_or("");
    // What has quotes is a shell's to run (`defaultEnvEditor`).
    if !editor.contains(['"', '\'', '\\']) && env.run_line(&format!("command -v {program} > /dev/null 2>&1")) != 0 {
        return Err(Failure::error(format!("unable to launch the editor {editor:?}")));
    }
    for _ in 0..MOST_TIMES {
        env.files.insert(file.to_owned(), text);
        let code = env.run_line(&format!("{editor} {file}"));
        let edited = env.files.remove(file).unwrap_or_default();
        if code != 0 {
            return Err(Failure::error(format!("there was a problem with the editor {editor:?}")));
        }
        match edit.save(&edited, env)? {
            None => return Ok(DONE),
            Some(again) => text = again,
        }
    }
    Err(edit.give_up(&text, env))
}

const MOST_TIMES: usize = 10;

/// Waits until the person has changed the file in the editor pane (Ctrl-C gives up).
#[derive(Clone)]
struct Editing {
    edit: Edit,
    file: String,
    text: String,
}

impl Editing {
    fn open(&mut self, text: String, env: &mut Env) {
        env.files.insert(self.file.clone(), text.clone());
        env.seat.edit = Some(EditRequest { name: self.file.clone(), text: text.clone() });
        self.text = text;
    }
}

impl Job for Editing {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        match env.files.get(&self.file) {
            Some(now) if *now == self.text => Ok(Poll::Pending(None)),
            now => {
                let edited = now.cloned().unwrap_or_else(|| self.text.clone());
                env.files.remove(&self.file);
                env.seat.edit = None;
                Ok(match self.edit.save(&edited, env)? {
                    None => Poll::Done(0),
                    Some(again) => {
                        self.open(again, env);
                        Poll::Pending(None)
                    }
                })
            }
        }
    }

    fn stop(&mut self, env: &mut Env) {
        env.files.remove(&self.file);
        env.seat.edit = None;
        if self.edit.refused.is_some() {
            let failure = self.edit.give_up(&self.text, env);
            env.err(failure.into_ending().text);
        } else {
            env.err("Edit cancelled, no changes made.\n");
        }
    }
}
