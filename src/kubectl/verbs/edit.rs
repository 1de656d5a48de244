//! `kubectl edit`: with an editor from the environment, or in the page's editor pane.

use std::rc::Rc;

use crate::api::object::{name, namespace};
use crate::api::{Kind, Value};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{EditRequest, Env, Failure, Flow, Job, Poll, write_options};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::{merge, output};

pub const VERB: Verb = Verb::new(
    "edit",
    "(RESOURCE/NAME | -f FILENAME) [options]",
    "@files output,o:s output-patch save-config subresource:s validate=strict field-manager:s windows-line-endings @show record",
    "Edit a resource from the default editor.",
    run,
);

const HEAD: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = resources::request(call, &call.args, env, Rules { type_alone: true, all_flag: false })?;
    let found = request.fetch_all(env)?;
    let Some((kind, o)) = found.into_iter().next() else { return Err(Failure::error("edit cancelled, no objects found")) };
    let text = format!("{HEAD}{}", crate::yaml::print(&output::shown(call, &o)));
    let file = format!("kubectl-edit-{}-{}.yaml", kind.singular, name(&o));
    env.files.insert(file.clone(), text.clone());
    let editor = env.variables.get("KUBE_EDITOR").or(env.variables.get("EDITOR")).cloned();
    match editor {
        Some(editor) => {
            let code = env.run_line(&format!("{editor} {file}"));
            let edited = env.files.remove(&file).unwrap_or_default();
            if code != 0 {
                return Err(Failure::error(format!("there was a problem with the editor {editor:?}")));
            }
            save(call, kind, &o, &text, &edited, env)
        }
        None if env.terminal => {
            env.seat.edit = Some(EditRequest { name: file.clone(), text: text.clone() });
            Ok(Flow::wait(Editing { call: call.clone(), kind, before: o, file, text }))
        }
        None => {
            env.files.remove(&file);
            Err(Failure::error("unable to launch the editor \"vi\""))
        }
    }
}

fn save(call: &Call, kind: &'static Kind, before: &Rc<Value>, text: &str, edited: &str, env: &mut Env) -> Result<Flow, Failure> {
    if edited.lines().all(|l| l.starts_with('#') || l.trim().is_empty()) {
        env.err("Edit cancelled, saved file was empty.\n");
        return Ok(Flow::Done(0));
    }
    if edited == text {
        env.err("Edit cancelled, no changes made.\n");
        return Ok(Flow::Done(0));
    }
    let documents = crate::manifest::read_documents(edited, "edited-file").map_err(|m| Failure::raw(m + "\n", 1))?;
    let Some(document) = documents.into_iter().next() else { return Ok(Flow::Done(0)) };
    let mut options = write_options("kubectl-edit", false);
    options.root = Some(document.root.into_node());
    options.subresource = super::patch::subresource(call);
    if name(&document.value) != name(before) {
        return Err(Failure::error("At least one of apiVersion, kind and name was changed"));
    }
    let after = env.update(kind, namespace(before), document.value, &options)?;
    let did = if merge::is_changed(before, &after) { "edited" } else { "skipped" };
    output::print_done(call, env, kind, &after, did)?;
    Ok(Flow::Done(0))
}

/// Waits until the person has changed the file in the editor pane (Ctrl-C gives up).
#[derive(Clone)]
struct Editing {
    call: Call,
    kind: &'static Kind,
    before: Rc<Value>,
    file: String,
    text: String,
}

impl Job for Editing {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        match env.files.get(&self.file) {
            Some(now) if *now == self.text => Ok(Poll::Pending(None)),
            now => {
                let edited = now.cloned().unwrap_or_else(|| self.text.clone());
                env.files.remove(&self.file);
                env.seat.edit = None;
                save(&self.call, self.kind, &self.before, &self.text, &edited, env)?;
                Ok(Poll::Done(0))
            }
        }
    }

    fn stop(&mut self, env: &mut Env) {
        env.files.remove(&self.file);
        env.seat.edit = None;
        env.err("Edit cancelled, no changes made.\n");
    }
}
