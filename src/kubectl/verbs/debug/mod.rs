//! `kubectl debug`: an ephemeral container in a running Pod, or a copy of one.

mod copy;

use super::attach::{Attached, HINT};
use super::exec::Seat;
use crate::api::object::{list_at, name, namespace};
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
        let owner = reference.split_once('/').map_or("", |(_, owner)| owner);
        env.require(kind, &space, owner)?;
        let version = if kind.group.is_empty() { "/v1".to_owned() } else { kind.api_version() };
        return Err(Failure::error(format!("\"{version}, Kind={}\" not supported by debug", kind.kind)));
    }
    if let Some((_, node)) = reference.split_once('/').filter(|(kind, _)| Kind::by_name(kind) == Some(kinds::NODE)) {
        env.require(kinds::NODE, "", node)?;
        return Err(Failure::error("kubectl debug of nodes is not part of this playground"));
    }
    if let Some(target) = call.filled("target") {
        env.err(format!("Targeting container {target:?}. If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n"));
    }
    let pod = pods::find(reference, &space, env)?;
    if let Some(copy) = call.filled("copy-to").filter(|_| call.filled("image").is_none() && !copy::is_own(call, &pod)) {
        if call.texts("set-image").is_empty() {
            return Err(Failure::error("you must specify image when creating new container"));
        }
        return copy::copy_pod(call, &pod, copy, None, env);
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
    spec["image"] = call.filled("image").map_or(Value::Null, Value::from);
    let variables: Vec<Value> =
        call.texts("env").iter().filter_map(|text| text.split_once('=')).map(|(name, value)| json!({"name": name, "value": value})).collect();
    if !variables.is_empty() {
        spec["env"] = json!(variables);
    }
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
        return copy::copy_pod(call, &pod, copy, Some(spec), env);
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

    fn interrupt(&mut self, env: &mut Env) -> bool {
        self.attached.interrupt(env)
    }

    fn prompt(&self) -> Option<&str> {
        self.attached.prompt()
    }
}
