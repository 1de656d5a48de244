//! `kubectl create -f`, and the group of generators (`create deployment`, `create configmap`, …).

mod access;
mod config;
mod policy;
mod service;
mod small;
mod sources;
mod token;
mod workload;

use std::rc::Rc;

use super::apply::{self, Validation};
use crate::api::{Kind, Status, Value, json};
use crate::cluster::apiserver::WriteOptions;
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::files::FileObject;
use crate::kubectl::resources::{self, Request, Rules, Wanted};
use crate::kubectl::{hash, json as json_text, output};
use crate::yaml;

pub const VERB: Verb = Verb::new(
    "create",
    "-f FILENAME [options]",
    "@files selector,l:s output,o:s dry-run=unchanged save-config edit field-manager:s validate=strict raw:s @show windows-line-endings record",
    "Create a resource from a file or from stdin.",
    run,
)
.with(&[
    workload::DEPLOYMENT,
    workload::JOB,
    workload::CRON_JOB,
    config::CONFIG_MAP,
    config::SECRET,
    small::NAMESPACE,
    small::SERVICE_ACCOUNT,
    small::QUOTA,
    small::PRIORITY_CLASS,
    service::SERVICE,
    access::CLUSTER_ROLE,
    access::CLUSTER_ROLE_BINDING,
    access::ROLE,
    access::ROLE_BINDING,
    token::TOKEN,
    policy::BUDGET,
    policy::INGRESS,
]);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.texts("filename").is_empty() && !call.changed("kustomize") {
        if call.args.is_empty() {
            return Err(Failure::error("must specify one of -f and -k"));
        }
        return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" "))));
    }
    if !call.args.is_empty() {
        return Err(call.usage(format!("Unexpected args: [{}]", call.args.join(" "))));
    }
    for flag in ["edit", "raw"] {
        if call.changed(flag) && call.text(flag) != Some("false") {
            return Err(Failure::error(format!("kubectl create --{flag} is not part of this playground")));
        }
    }
    let dry = call.dry_run(env)?;
    let validate = apply::validation(call)?;
    let request = resources::request(call, &[], env, Rules { checks_schema: true, doing: "creating", ..Rules::default() })?;
    let Request { wanted: Wanted::Named(named), failures: mut failed, .. } = request else { return Ok(DONE) };
    if named.is_empty() && failed.is_empty() {
        return Err(Failure::error("no objects passed to create"));
    }
    let mut printed = 0;
    for one in named {
        let Some(read) = &one.object else { continue };
        let mut value = apply::placed(&one);
        if call.is("save-config") {
            value = apply::with_last_applied(&value);
        }
        let created = if dry == DryRun::Client {
            Ok(Rc::new(value))
        } else {
            let mut options = write_options("kubectl-create", dry == DryRun::Server);
            options.root = strict_root(read, validate);
            send(one.kind, &one.namespace, value, read, validate, &options, env)
        };
        match created {
            Ok(object) => {
                if printed > 0 && call.text("output") == Some("yaml") {
                    env.out("---\n");
                }
                printed += 1;
                output::print_done(call, env, one.kind, &object, &format!("created{}", dry.suffix()))?;
            }
            Err(status) => failed.push(Failure::when("creating", one.source.as_deref().unwrap_or(""), status)),
        }
    }
    Failure::many(failed).map_or(Ok(DONE), Err)
}

/// What strict decoding reads, where it is wanted.
pub fn strict_root(read: &FileObject, validate: Validation) -> Option<yaml::Node> {
    read.root.clone().filter(|_| validate == Validation::Strict)
}

/// Sends a file's object to be made, with the warnings of `--validate=warn`.
pub fn send(
    kind: &'static Kind,
    namespace: &str,
    value: Value,
    read: &FileObject,
    validate: Validation,
    options: &WriteOptions,
    env: &mut Env,
) -> Result<Rc<Value>, Status> {
    if let Some(written) = value["kind"].as_str().filter(|k| *k != kind.kind) {
        let (version, right) = (kind.api_version(), kind.kind);
        let message = format!(
            "{written} in version {:?} cannot be handled as a {right}: no kind {written:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\"",
            kind.version
        );
        return Err(Status::new(400, "BadRequest", message));
    }
    if validate == Validation::Warn {
        let strict = WriteOptions { dry_run: true, root: read.root.clone(), ..options.clone() };
        let refused = env.cluster.request(|api, caller| api.create(caller, kind, namespace, value.clone(), &strict).err());
        if let Some((_, fields)) = refused.as_ref().and_then(|s| s.message.split_once("strict decoding error: ")) {
            for field in fields.split(", ") {
                env.err(format!("Warning: {field}\n"));
            }
        }
    }
    env.create(kind, namespace, value, options)
}

/// The one NAME that every generator takes.
pub fn one_name(call: &Call, args: &[String]) -> Result<String, Failure> {
    match args {
        [name] => Ok(name.clone()),
        args => Err(call.usage(format!("exactly one NAME is required, got {}", args.len()))),
    }
}

/// Makes what a generator wrote, or shows it. `failed` goes before the server's refusal.
pub fn generate(call: &Call, env: &mut Env, kind: &'static Kind, mut value: Value, failed: &str) -> Result<Flow, Failure> {
    let dry = call.dry_run(env)?;
    if let Some(namespace) = call.filled("namespace").filter(|_| kind.namespaced) {
        value["metadata"]["namespace"] = json!(namespace);
    }
    if call.is("append-hash") {
        value["metadata"]["name"] = json!(format!("{}-{}", crate::api::object::name(&value), hash::of(&value)));
    }
    if call.is("save-config") {
        let text = json_text::typed(&value, None) + "\n";
        value["metadata"]["annotations"][apply::LAST_APPLIED] = json!(text);
    }
    let object = if dry == DryRun::Client {
        Rc::new(value)
    } else {
        let namespace = env.namespace(call);
        match env.create(kind, &namespace, sendable(value), &write_options("kubectl-create", dry == DryRun::Server)) {
            Ok(object) => object,
            Err(status) if failed.is_empty() => return Err(status.into()),
            Err(status) => return Err(Failure::error(format!("{failed}{}", status.message))),
        }
    };
    output::print_typed(call, env, kind, &object, &format!("created{}", dry.suffix()))?;
    Ok(DONE)
}

/// What the typed client would not send: an empty status.
pub fn sendable(mut value: Value) -> Value {
    if let Some(map) = value.as_object_mut() {
        map.remove("status");
    }
    value
}

/// Whether a variable of the environment may be called so, as kubectl judges (`IsEnvVarName`); the server is less strict.
pub fn names_variable(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    key.chars().all(plain) && !key.starts_with(|c: char| c.is_ascii_digit()) && key != "." && !key.starts_with("..")
}

/// `K=V` of a flag, in order.
pub fn pair(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').filter(|(key, _)| !key.is_empty())
}
