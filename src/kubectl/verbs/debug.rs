//! `kubectl debug`: an ephemeral container in a running Pod, or a copy of one.

use super::attach::{Attached, HINT};
use super::exec::Seat;
use crate::api::object::{list_at, name, namespace, str_at};
use crate::api::{Kind, Value, json, kinds};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll, write_options};
use crate::kubectl::pods;

pub const VERB: Verb = Verb::new(
    "debug",
    "(POD | TYPE[[.VERSION].GROUP]/NAME) [ -- COMMAND [args...] ] [options]",
    "image:s container,c:s target:s copy-to:s same-node replace share-processes stdin,i tty,t attach quiet,q env:a image-pull-policy:s profile:s custom:s set-image:a \
     arguments-only filename,f:c keep-annotations keep-labels keep-init-containers keep-liveness keep-readiness keep-startup",
    "Create debugging sessions for troubleshooting workloads and nodes.",
    run,
);

const PROFILES: [&str; 6] = ["legacy", "general", "baseline", "netadmin", "restricted", "sysadmin"];

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (names, command) = call.args.split_at(call.dash.unwrap_or(call.args.len()).min(call.args.len()));
    // `DebugOptions.Validate`, in its order.
    let copies = call.filled("copy-to").is_some();
    if !copies {
        for (flag, given) in
            [("replace", call.is("replace")), ("same-node", call.is("same-node")), ("set-image", !call.texts("set-image").is_empty())]
        {
            if given {
                return Err(Failure::error(format!("--{flag} may only be used with --copy-to.")));
            }
        }
        if call.filled("image").is_none() {
            return Err(Failure::error("you must specify --image when not using --copy-to."));
        }
    }
    let Some(reference) = names.first() else { return Err(Failure::error("NAME or filename is required for debug")) };
    if let Some(image) = call.filled("image").filter(|image| !super::run::is_image(image)) {
        return Err(Failure::error(format!("invalid image name {image:?}: invalid reference format")));
    }
    if let Some(profile) = call.filled("profile").filter(|p| !PROFILES.contains(p)) {
        return Err(Failure::error(format!("unknown profile: {profile}")));
    }
    if call.is("tty") && !call.is("stdin") {
        return Err(Failure::error("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if let Some(text) = call.texts("env").iter().find(|text| !text.contains('=')) {
        let why = format!("invalid argument {text:?} for \"--env\" flag: {text} must be formatted as key=value");
        return Err(Failure::error(format!("{why}\nSee '{} --help' for usage.", call.path)));
    }
    let space = env.namespace(call);
    if let Some(kind) = reference.split_once('/').and_then(|(kind, _)| Kind::by_name(kind)).filter(|k| !matches!(k.kind, "Pod" | "Node")) {
        let version = if kind.group.is_empty() { "/v1".to_owned() } else { kind.api_version() };
        return Err(Failure::error(format!("\"{version}, Kind={}\" not supported by debug", kind.kind)));
    }
    let pod = pods::find(reference, &space, env)?;
    if let Some(target) = call.filled("target") {
        env.err(format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"));
    }
    let container = match call.filled("container") {
        Some(name) => name.to_owned(),
        None => {
            let fresh = env.cluster.request(|_, caller| format!("debugger-{}", caller.random.suffix(5)));
            env.err(format!("Defaulting debug container name to {fresh}.\n"));
            fresh
        }
    };
    let mut spec = json!({"name": container, "imagePullPolicy": call.filled("image-pull-policy").unwrap_or("IfNotPresent"), "resources": {}, "terminationMessagePolicy": "File"});
    spec["image"] = json!(call.filled("image").or_else(|| list_at(&pod, "spec.containers").first().and_then(|c| str_at(c, "image"))).unwrap_or(""));
    if call.filled("image-pull-policy").is_none() {
        spec["imagePullPolicy"] = Value::Null;
    }
    if !command.is_empty() {
        spec["command"] = json!(command);
    }
    for (flag, field) in [("stdin", "stdin"), ("tty", "tty")] {
        if call.is(flag) {
            spec[field] = json!(true);
        }
    }
    if let Some(target) = call.filled("target") {
        spec["targetContainerName"] = json!(target);
    }
    if matches!(call.text("profile"), None | Some("general")) {
        // A profile is applied to every container of the name: one that is there already would get it twice.
        let there = list_at(&pod, "spec.ephemeralContainers").iter().any(|c| c["name"] == spec["name"]);
        let add = if there && call.filled("copy-to").is_none() { vec!["SYS_PTRACE"; 2] } else { vec!["SYS_PTRACE"] };
        spec["securityContext"] = json!({"capabilities": {"add": add}});
    }
    if let Some(copy) = call.filled("copy-to") {
        return copy_pod(call, &pod, copy, spec, env);
    }
    let mut options = write_options("kubectl-debug", false);
    options.subresource = "ephemeralcontainers";
    let mut clean = spec;
    if let Some(map) = clean.as_object_mut() {
        map.retain(|_, v| !v.is_null());
    }
    let key = Key::new(kinds::POD, namespace(&pod), name(&pod));
    env.patch(&key, &json!({"spec": {"ephemeralContainers": [clean]}}), PatchKind::Strategic, &options)?;
    // Who types wants to see, unless it is said otherwise.
    if call.is(if call.changed("attach") { "attach" } else { "stdin" }) {
        let seat = if env.terminal { Seat::of(call, false, env) } else { Seat::Away };
        return Ok(Flow::wait(Starting { attached: Attached::new(&pod, container, 0, seat), hinted: false }));
    }
    Ok(DONE)
}

fn copy_pod(call: &Call, pod: &Value, copy: &str, mut extra: Value, env: &mut Env) -> Result<Flow, Failure> {
    let mut value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": copy}, "spec": pod["spec"]});
    if call.is("keep-labels") {
        value["metadata"]["labels"] = pod["metadata"]["labels"].clone();
    }
    if let Some(map) = extra.as_object_mut() {
        map.retain(|_, v| !v.is_null());
    }
    if let Some(spec) = value["spec"].as_object_mut() {
        for field in ["nodeName", "ephemeralContainers"] {
            spec.remove(field);
        }
        if call.is("share-processes") || !call.changed("share-processes") {
            spec.insert("shareProcessNamespace".into(), json!(true));
        }
        if let Some(list) = spec.get_mut("containers").and_then(Value::as_array_mut)
            && call.filled("image").is_some()
        {
            list.push(extra);
        }
    }
    let space = env.namespace(call);
    env.create(kinds::POD, &space, value, &write_options("kubectl-debug", false))?;
    Ok(DONE)
}

#[derive(Clone)]
struct Starting {
    attached: Attached,
    hinted: bool,
}

impl Job for Starting {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let (text, ended) = {
            let before = env.out.len();
            let ended = self.attached.follow(env);
            (env.out.len() > before, ended)
        };
        if !self.hinted && (text || !ended) {
            self.hinted = true;
            env.err(HINT);
        }
        let started = self.attached.exit_code(env).is_some();
        Ok(if ended && started { Poll::Done(0) } else { Poll::Pending(None) })
    }

    fn input(&mut self, text: &str, env: &mut Env) {
        self.attached.type_in(text, env);
    }

    fn prompt(&self) -> Option<&str> {
        self.attached.prompt()
    }
}
