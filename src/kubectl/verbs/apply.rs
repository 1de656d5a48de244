//! `kubectl apply`: client-side (three-way patch against the last applied configuration) and server-side.

use std::rc::Rc;

use crate::api::{Map, Value, json, object};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::files::FileObject;
use crate::kubectl::json as json_text;
use crate::kubectl::merge;
use crate::kubectl::output::{self, Form};
use crate::kubectl::resources::{self, Named, Request, Rules, Wanted};

pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub const VERB: Verb = Verb::new(
    "apply",
    "(-f FILENAME | -k DIRECTORY) [options]",
    "filename,f:c kustomize,k:s recursive,R selector,l:s all output,o:s dry-run=unchanged server-side force-conflicts field-manager:s validate=strict \
     force grace-period:i timeout:d wait overwrite prune prune-allowlist:a cascade=background openapi-patch subresource:s template:s show-managed-fields applyset:s",
    "Apply a configuration to a resource by file name or stdin.",
    run,
)
.with(&[
    Verb::new("view-last-applied", "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME) [options]", "filename,f:c output,o:s selector,l:s all recursive,R", "View the latest last-applied-configuration annotations by type/name or file.", view_last_applied),
    Verb::new("set-last-applied", "-f FILENAME [options]", "filename,f:c create-annotation output,o:s dry-run=unchanged", "Set the latest last-applied-configuration annotations.", set_last_applied),
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
    let validate = validation(call)?;
    if call.texts("filename").is_empty() && !call.changed("kustomize") {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let request = resources::request(call, &[], env, Rules::default())?;
    let Request { wanted: Wanted::Named(named), failures: mut failed, .. } = request else { return Ok(DONE) };
    if named.is_empty() && failed.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    let form = output::form(call, env, false)?;
    for one in named {
        let done = if server_side { server_apply(call, &one, dry, env) } else { client_apply(&one, dry, validate, env) };
        match done {
            Ok((object, what)) => {
                let text = match &form {
                    Form::Table { .. } => format!("{} {what}{}\n", output::name_of(one.kind, &object), dry.suffix()),
                    Form::Name => output::name_of(one.kind, &object) + "\n",
                    form => output::print(form, &output::shown(call, &object))?,
                };
                env.out(text);
            }
            Err(failure) => failed.push(failure),
        }
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

/// The object as it is sent, with what was applied in its annotation.
pub fn with_last_applied(value: &Value) -> Value {
    let mut bare = value.clone();
    object::remove(&mut bare, &format!("metadata.annotations.{LAST_APPLIED}"));
    if let Some(annotations) = bare["metadata"].get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
    }
    if bare["metadata"].get("annotations").is_none() {
        bare["metadata"]["annotations"] = json!({});
    }
    let text = json_text::compact(&bare) + "\n";
    let mut out = bare;
    out["metadata"]["annotations"][LAST_APPLIED] = json!(text);
    out
}

/// The file's object in the namespace that it goes to.
pub fn placed(named: &Named) -> Value {
    let mut value = file(named).0.value.clone();
    if named.kind.namespaced && value["metadata"].is_object() {
        value["metadata"]["namespace"] = json!(named.namespace);
    }
    value
}

fn client_apply(one: &Named, dry: DryRun, validate: Validation, env: &mut Env) -> Result<(Rc<Value>, &'static str), Failure> {
    let (read, source) = file(one);
    let value = placed(one);
    if one.name.is_empty() {
        if let Some(prefix) = object::str_at(&value, "metadata.generateName").filter(|p| !p.is_empty()) {
            return Err(Failure::error(format!("from {prefix}: cannot use generate name with apply")));
        }
        return Err(Failure::error(format!(
            "error when retrieving current configuration of:\n{}\nfrom server for: {source:?}: resource name may not be empty",
            describe_target(one)
        )));
    }
    let wanted = with_last_applied(&value);
    let mut options = write_options("kubectl-client-side-apply", dry == DryRun::Server);
    let Some(current) = env.get(one.kind, &one.namespace, &one.name) else {
        if dry == DryRun::Client {
            return Ok((Rc::new(wanted), "created"));
        }
        options.root = super::create::strict_root(read, validate);
        let created = super::create::send(one.kind, &one.namespace, wanted, read, validate, &options, env);
        return created.map(|o| (o, "created")).map_err(|status| Failure::when("creating", &source, status));
    };
    let annotation = object::map_at(&current, "metadata.annotations").and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
    if annotation.is_none() {
        env.err(format!(
            "Warning: resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
            one.kind.plural, one.name
        ));
    }
    let original: Value = annotation.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_else(|| json!({}));
    let mut patch = merge::three_way(one.kind, &original, &wanted, &current);
    if patch.as_object().is_none_or(Map::is_empty) {
        return Ok((current, "unchanged"));
    }
    if validate != Validation::Strict {
        for field in merge::prune(one.kind, &mut patch) {
            if validate == Validation::Warn {
                env.err(format!("Warning: unknown field {field:?}\n"));
            }
        }
    }
    if dry == DryRun::Client || patch.as_object().is_none_or(Map::is_empty) {
        return Ok((current, "configured"));
    }
    let key = Key::new(one.kind, &one.namespace, &one.name);
    match env.patch(&key, &patch, PatchKind::Strategic, &options) {
        Ok(object) => Ok((object, "configured")),
        Err(mut status) => {
            // `The … is invalid` is printed from its causes alone.
            if status.reason != "Invalid" {
                status.message = format!(
                    "error when applying patch:\n{}\nto:\n{}\nfor: {source:?}: {}",
                    json_text::compact(&patch),
                    describe_target(one),
                    status.message
                );
            }
            Err(status.into())
        }
    }
}

/// How errors name an object in full.
pub fn describe_target(one: &Named) -> String {
    let (group, version, plural) = (one.kind.group, one.kind.version, one.kind.plural);
    format!(
        "Resource: \"{group}/{version}, Resource={plural}\", GroupVersionKind: \"{group}/{version}, Kind={}\"\nName: {:?}, Namespace: {:?}",
        one.kind.kind, one.name, one.namespace
    )
}

fn server_apply(call: &Call, one: &Named, dry: DryRun, env: &mut Env) -> Result<(Rc<Value>, &'static str), Failure> {
    let (read, _) = file(one);
    let mut options = write_options(call.filled("field-manager").unwrap_or("kubectl"), dry == DryRun::Server);
    options.root = read.root.clone();
    if one.name.is_empty() {
        return Err(Failure::error("metadata.name is required for server-side apply"));
    }
    match env.apply(one.kind, &one.namespace, placed(one), call.is("force-conflicts"), &options) {
        Ok(object) => Ok((object, "serverside-applied")),
        Err(status) if status.reason == "Conflict" && !status.causes.is_empty() => Err(Failure::error(format!(
            "{}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n\
             * If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n\
             * If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n\
             * You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\n\
             See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
            status.message
        ))),
        Err(status) => Err(status.into()),
    }
}

fn view_last_applied(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = resources::request(call, &call.args, env, Rules { type_alone: false, all_flag: true })?;
    for (kind, o) in request.fetch_all(env)? {
        let text = object::map_at(&o, "metadata.annotations").and_then(|a| a.get(LAST_APPLIED)).and_then(Value::as_str);
        let Some(text) = text else {
            return Err(Failure::error(format!("no last-applied-configuration annotation found on resource: {}/{}", kind.plural, object::name(&o))));
        };
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        env.out(if call.text("output") == Some("json") { json_text::pretty(&value, 2) + "\n" } else { crate::yaml::print(&value) });
    }
    Ok(DONE)
}

fn set_last_applied(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let request = resources::request(call, &[], env, Rules::default())?;
    let Wanted::Named(named) = &request.wanted else { return Ok(DONE) };
    for one in named {
        let current = env.require(one.kind, &one.namespace, &one.name)?;
        let has = object::map_at(&current, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED));
        if !has && !call.is("create-annotation") {
            return Err(Failure::error(
                "no last-applied-configuration annotation found on resource, to create the annotation, run the command with --create-annotation",
            ));
        }
        let text = with_last_applied(&placed(one))["metadata"]["annotations"][LAST_APPLIED].clone();
        let patch = json!({"metadata": {"annotations": {LAST_APPLIED: text}}});
        env.patch(&Key::new(one.kind, &one.namespace, &one.name), &patch, PatchKind::Merge, &write_options("kubectl-last-applied", false))?;
        env.out(format!("{} configured\n", output::name_of(one.kind, &current)));
    }
    Ok(DONE)
}

/// Whether the stored object remembers what was applied.
pub fn has_last_applied(one: &Named, env: &Env) -> bool {
    let stored = env.get(one.kind, &one.namespace, &one.name);
    stored.is_some_and(|o| object::map_at(&o, "metadata.annotations").is_some_and(|a| a.contains_key(LAST_APPLIED)))
}
