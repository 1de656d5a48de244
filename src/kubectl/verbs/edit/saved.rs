//! An object that is edited, and what was saved of it: sent, opened again with the reasons, or kept.

use std::rc::Rc;

use crate::api::object::{name, namespace};
use crate::api::{Kind, Value};
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, write_options};
use crate::kubectl::verbs::apply::with_last_applied;
use crate::kubectl::{merge, output};

/// An object that is edited, until the server takes it. Models the loop of `EditOptions.Run` (`cmd/util/editor/editoptions.go`).
#[derive(Clone)]
pub struct Edit {
    pub call: Call,
    pub kind: &'static Kind,
    pub before: Rc<Value>,
    pub head: &'static str,
    /// What stood in the file at first, below the head.
    pub first: String,
    /// What was saved last and refused.
    pub refused: Option<String>,
}

impl Edit {
    /// Sends what was saved. What is not valid is to be edited once more: that text, with the reasons above it.
    pub fn save(&mut self, edited: &str, env: &mut Env) -> Result<Option<String>, Failure> {
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
        options.subresource = crate::kubectl::verbs::patch::subresource(&self.call);
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
    pub fn give_up(&self, edited: &str, env: &mut Env) -> Failure {
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
