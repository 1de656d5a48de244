//! `kubectl apply`: the verb, and the parts that other verbs use too.

mod client;
mod last_applied;
mod prune;
mod server;

use crate::api::order::SortedSet;
use crate::api::{Value, json};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::files::FileObject;
use crate::kubectl::output::{self, Form};
use crate::kubectl::resources::{self, Named, Request, Rules, Wanted};
pub use last_applied::{LAST_APPLIED, has_last_applied, names_last_applied, with_last_applied};

pub const VERB: Verb = Verb::new(
    "apply",
    "(-f FILENAME | -k DIRECTORY) [options]",
    "@files selector,l:s all output,o:s dry-run=unchanged server-side force-conflicts field-manager:s validate=strict \
     force grace-period:i timeout:d wait overwrite prune prune-allowlist:a cascade=background openapi-patch subresource:s @show record",
    "Apply a configuration to a resource by file name or stdin.",
    run,
)
.with(&[
    Verb::new(
        "view-last-applied",
        "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]",
        "@files output,o:s selector,l:s all",
        "View the latest last-applied-configuration annotations by type/name or file.",
        last_applied::view_last_applied,
    ),
    Verb::absent("edit-last-applied", "Edit latest last-applied-configuration annotations of a resource/object"),
    Verb::new(
        "set-last-applied",
        "-f FILENAME [options]",
        "filename,f:c create-annotation @print dry-run=unchanged",
        "Set the latest last-applied-configuration annotations.",
        last_applied::set_last_applied,
    ),
]);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if !call.args.is_empty() {
        return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" "))));
    }
    let dry = call.dry_run(env)?;
    let server_side = call.is("server-side");
    if call.is("force-conflicts") && !server_side {
        return Err(Failure::error("--force-conflicts only works with --server-side"));
    }
    if dry == DryRun::Client && server_side {
        return Err(Failure::error("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"));
    }
    if call.is("force") && server_side {
        return Err(Failure::error("--force cannot be used with --server-side"));
    }
    if let Some(cascade) = call.text("cascade").filter(|c| !matches!(*c, "background" | "foreground" | "orphan" | "true" | "false")) {
        return Err(Failure::error(format!("invalid cascade value ({cascade}). Must be \"background\", \"foreground\", or \"orphan\"")));
    }
    if call.is("prune") && !call.is("all") && call.filled("selector").is_none() {
        return Err(Failure::error(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
        ));
    }
    let validate = validation(call)?;
    if call.texts("filename").is_empty() && !call.changed("kustomize") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let request = resources::request(call, &[], env, Rules { checks_schema: true, doing: "creating", ..Rules::default() })?;
    let labels = request.labels.clone();
    let Request { wanted: Wanted::Named(mut named), failures: mut failed, .. } = request else { return Ok(DONE) };
    named.retain(|one| one.object.as_ref().is_none_or(|file| labels.matches(crate::api::object::labels(&file.value))));
    if named.is_empty() && failed.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    let form = output::form(call, env, false)?;
    let (mut visited, mut spaces, mut shown) = (SortedSet::new(), SortedSet::new(), Vec::new());
    for one in named {
        let done = if server_side { server::server_apply(call, &one, dry, env) } else { client::client_apply(call, &one, dry, validate, env) };
        match done {
            Ok((object, what)) => {
                visited.insert(crate::api::object::uid(&object).to_owned());
                spaces.insert(one.namespace.clone());
                match &form {
                    Form::Table { .. } => env.out(format!("{} {what}{}\n", output::name_of(one.kind, &object), dry.suffix())),
                    Form::Name => env.out(output::name_of(one.kind, &object) + "\n"),
                    _ => shown.push(output::shown(call, &object)),
                }
            }
            Err(failure) => failed.push(failure),
        }
    }
    // Several objects are one List (`ApplyOptions.printObjects`), whose JSON is a struct's.
    let text = match (shown.as_slice(), &form) {
        ([], _) => String::new(),
        ([one], form) => output::print(form, one)?,
        (_, Form::Json) => {
            let items = crate::kubectl::json::pretty(&Value::Array(shown), 4).replace('\n', "\n    ");
            format!("{{\n    \"kind\": \"List\",\n    \"apiVersion\": \"v1\",\n    \"metadata\": {{}},\n    \"items\": {items}\n}}\n")
        }
        (_, form) => output::print(form, &json!({"apiVersion": "v1", "items": shown, "kind": "List", "metadata": {}}))?,
    };
    env.out(text);
    // What could not be applied is not known to be unwanted (`ApplyOptions.Run`).
    if call.is("prune") && failed.is_empty() {
        prune::prune(call, &labels, &visited, &spaces, dry, env)?;
    }
    Failure::many(failed).map_or(Ok(DONE), Err)
}

/// Whether unknown fields are refused (`strict`), warned of or passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    Strict,
    Warn,
    Ignore,
}

pub fn validation(call: &Call) -> Result<Validation, Failure> {
    match call.text("validate") {
        None | Some("strict" | "true" | "") => Ok(Validation::Strict),
        Some("warn") => Ok(Validation::Warn),
        Some("ignore" | "false") => Ok(Validation::Ignore),
        Some(other) => Err(Failure::error(format!("invalid - validate option {other:?}; must be one of: strict (or true), warn, ignore (or false)"))),
    }
}

fn file(named: &Named) -> (&FileObject, String) {
    let file = named.object.as_ref().expect("apply reads objects from files only");
    (file, named.source.clone().unwrap_or_default())
}

/// The file's object in the namespace that it goes to.
pub fn placed(named: &Named) -> Value {
    let mut value = file(named).0.value.clone();
    if named.kind.namespaced && value["metadata"].is_object() {
        value["metadata"]["namespace"] = json!(named.namespace);
    }
    value
}

/// How errors name an object in full.
pub fn describe_target(one: &Named) -> String {
    let (group, version, plural) = (one.kind.group, one.kind.version, one.kind.plural);
    format!(
        "Resource: \"{group}/{version}, Resource={plural}\", GroupVersionKind: \"{group}/{version}, Kind={}\"\nName: {:?}, Namespace: {:?}",
        one.kind.kind, one.name, one.namespace
    )
}
