//! `kubectl run`: makes a Pod from flags, and with `-i` or `--rm` stays with it.

mod pod;
mod stay;

use std::rc::Rc;

use super::create;
use crate::api::object::{list_at, name, str_at, uid};
use crate::api::{Kind, Value, json, kinds};
use crate::cluster::apiserver::{Key, PatchKind, patched};
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, write_options};
use crate::kubectl::output;
use crate::kubectl::verbs::exec::Seat;
use crate::manifest::decode::decode_with;
pub use pod::is_image;
use stay::{Stage, Staying};

pub const VERB: Verb = Verb::new(
    "run",
    "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]",
    "image:s port:s env:a labels,l:s annotations:a restart:s command image-pull-policy:s expose attach stdin,i tty,t rm quiet,q leave-stdin-open dry-run=unchanged \
     output,o:s overrides:s override-type:s privileged grace-period:i timeout:d force wait cascade=background pod-running-timeout:d field-manager:s save-config \
     @show @files record",
    "Create and run a particular image in a pod.",
    run,
)
.requires(&["image"]);

/// `--overrides`, for what a generator wrote (here and in `expose`).
pub fn overridden(call: &Call, kind: &'static Kind, value: Value) -> Result<Value, Failure> {
    let how = match call.filled("override-type").unwrap_or("merge") {
        "merge" => PatchKind::Merge,
        "strategic" => PatchKind::Strategic,
        "json" => PatchKind::Json,
        other if call.filled("overrides").is_some() => return Err(Failure::error(format!("invalid override type: {other}"))),
        _ => return Ok(value),
    };
    let Some(overrides) = call.filled("overrides") else { return Ok(value) };
    let patch = crate::yaml::json_value(overrides).ok_or_else(|| Failure::error("Invalid JSON Patch"))?;
    let after = patched(kind, &value, &patch, how)?;
    Ok(decode_with(kind, after.clone(), false).unwrap_or(after))
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some(pod_name) = call.args.first().filter(|_| call.dash != Some(0)) else { return Err(call.usage("NAME is required for run")) };
    let rest = &call.args[1..];
    let image = call.text("image").unwrap_or("");
    if image.is_empty() {
        return Err(Failure::error("--image is required"));
    }
    if !pod::is_image(image) {
        return Err(Failure::error(format!("Invalid image name {image:?}: invalid reference format")));
    }
    let (stdin, tty) = (call.is("stdin"), call.is("tty"));
    if tty && !stdin {
        return Err(call.usage("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if call.is("expose") && call.filled("port").is_none() {
        return Err(call.usage("--port must be set when exposing a service"));
    }
    if let Some(policy) = call.filled("image-pull-policy").filter(|p| !matches!(*p, "Always" | "IfNotPresent" | "Never")) {
        return Err(call.usage(format!("invalid image pull policy: {policy}")));
    }
    let restart = call.filled("restart").unwrap_or("Always");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(call.usage(format!("invalid restart policy: {restart}")));
    }
    let attach = if call.changed("attach") { call.is("attach") } else { stdin || tty };
    let remove = call.is("rm");
    if remove && !attach {
        return Err(call.usage("--rm should only be used for attached containers"));
    }
    let dry = call.dry_run(env)?;
    if attach && dry != DryRun::None {
        return Err(call.usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)"));
    }
    let port: Option<i64> = match call.filled("port") {
        Some(port) => Some(port.parse().map_err(|_| Failure::error(format!("strconv.Atoi: parsing {port:?}: invalid syntax")))?),
        None => None,
    };
    let mut pod = overridden(call, kinds::POD, pod::build(call, pod_name, rest, restart, port)?)?;
    if let Some(space) = call.filled("namespace") {
        pod["metadata"]["namespace"] = json!(space);
    }
    let space = env.namespace(call);
    let options = write_options("kubectl-run", dry == DryRun::Server);
    let created = format!("created{}", dry.suffix());
    let labels = pod["metadata"]["labels"].clone();
    let shown = if dry == DryRun::Client { Rc::new(pod) } else { env.create(kinds::POD, &space, create::sendable(pod), &options)? };
    if call.is("expose") {
        let port = port.unwrap_or(0);
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": pod_name},
            "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": labels}, "status": {"loadBalancer": {}}});
        let service = if dry == DryRun::Client { Rc::new(service) } else { env.create(kinds::SERVICE, &space, create::sendable(service), &options)? };
        output::print_done(call, env, kinds::SERVICE, &service, &created)?;
        if call.text("output") == Some("yaml") {
            env.out("---\n---\n");
        }
    }
    if attach {
        let seat = Seat::of(call, env.stdin.is_some(), env);
        let container = list_at(&shown, "spec.containers").first().and_then(|c| str_at(c, "name")).unwrap_or("").to_owned();
        let give_up = env.now() + call.duration("pod-running-timeout").filter(|t| *t > 0).unwrap_or(60_000) as u64;
        let key = Key::new(kinds::POD, &space, name(&shown));
        return Ok(Flow::wait(Staying {
            key,
            uid: uid(&shown).into(),
            restart: restart.into(),
            remove,
            quiet: call.is("quiet"),
            seat,
            give_up,
            stage: Stage::Starting(container),
        }));
    }
    output::print_typed(call, env, kinds::POD, &shown, &created)?;
    Ok(DONE)
}
