//! `kubectl edit`: with an editor from the environment, or in the page's editor pane.

use std::rc::Rc;

use crate::api::object::{name, namespace};
use crate::api::{Kind, Value};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, EditRequest, Env, Failure, Flow, Job, Poll, write_options};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::verbs::apply::with_last_applied;
use crate::kubectl::{json, merge, output};

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
    let request = resources::request(call, &call.args, env, Rules { type_alone: true, all_flag: false })?;
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

/// An object that is edited, until the server takes it. Models the loop of `EditOptions.Run` (`cmd/util/editor/editoptions.go`).
#[derive(Clone)]
struct Edit {
    call: Call,
    kind: &'static Kind,
    before: Rc<Value>,
    head: &'static str,
    /// What stood in the file at first, below the head.
    first: String,
    /// What was saved last and refused.
    refused: Option<String>,
}

impl Edit {
    /// Sends what was saved. What is not valid is to be edited once more: that text, with the reasons above it.
    fn save(&mut self, edited: &str, env: &mut Env) -> Result<Option<String>, Failure> {
        let plain = without_comments(edited);
        if self.refused.as_ref() == Some(&plain) {
            return Err(self.give_up(edited, env));
        }
        if plain == without_comments(&self.first) {
            env.err("Edit cancelled, no changes made.\n");
            return Ok(None);
        }
        if plain.trim().is_empty() {
            env.err("Edit cancelled, saved file was empty.\n");
            return Ok(None);
        }
        let mut documents = match crate::manifest::read_documents(edited, "edited-file") {
            Ok(documents) => documents.into_iter(),
            Err(why) => {
                let why = why.strip_prefix("error: ").unwrap_or(&why).replace('\n', "\n# ");
                return Ok(Some(self.again(plain, &format!("# The edited file had a syntax error: {why}\n#\n"))));
            }
        };
        let Some(document) = documents.next() else { return Ok(None) };
        let mut options = write_options("kubectl-edit", false);
        options.root = Some(document.root.into_node());
        options.subresource = super::patch::subresource(&self.call);
        if name(&document.value) != name(&self.before) {
            self.keep(edited, env);
            return Err(Failure::error("At least one of apiVersion, kind and name was changed"));
        }
        let named = format!("{} {:?}", self.kind.resource(), name(&self.before));
        let value = if self.call.is("save-config") { with_last_applied(&document.value) } else { document.value };
        match env.update(self.kind, namespace(&self.before), value, &options) {
            Ok(after) => {
                let did = if merge::is_changed(&self.before, &after) { "edited" } else { "skipped" };
                output::print_done(&self.call, env, self.kind, &after, did)?;
                Ok(None)
            }
            Err(status) if status.reason == "Invalid" => {
                env.err(format!("error: {named} is invalid\n"));
                let causes: String = status.causes.iter().map(|c| format!("# * {}: {}\n", c.field, c.message.replace('\n', "\n# "))).collect();
                Ok(Some(self.again(plain, &format!("# {named} was not valid{}\n{causes}#\n", if causes.is_empty() { "" } else { ":" }))))
            }
            Err(status) if status.reason == "NotFound" => {
                let place = keep(edited, env);
                Err(Failure::raw(
                    format!(
                        "error: {named} could not be found on the server\nThe edits you made on deleted resources have been saved to {place:?}\n"
                    ),
                    1,
                ))
            }
            Err(status) => {
                let place = keep(edited, env);
                let how = format!("You can run `kubectl replace -f {place}` to try this update again.");
                Err(Failure::raw(format!("error: {named} could not be patched: {}\n{how}\n", status.into_message()), 1))
            }
        }
    }

    fn again(&mut self, plain: String, reasons: &str) -> String {
        let text = format!("{}{reasons}{plain}", self.head);
        self.refused = Some(plain);
        text
    }

    /// The person wants no more of it; what they wrote stays.
    fn give_up(&self, edited: &str, env: &mut Env) -> Failure {
        self.keep(edited, env);
        Failure::error("Edit cancelled, no valid changes were saved.")
    }

    fn keep(&self, edited: &str, env: &mut Env) {
        let place = keep(edited, env);
        env.err(format!("A copy of your changes has been stored to {place:?}\n"));
    }
}

/// Keeps a text under the name of a new file.
fn keep(text: &str, env: &mut Env) -> String {
    let number = env.cluster.request(|_, caller| caller.random.draw() % 10_000_000_000);
    let place = format!("/tmp/kubectl-edit-{number}.yaml");
    env.files.insert(place.clone(), text.to_owned());
    place
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

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
