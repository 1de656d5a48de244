//! `kubectl run`: makes a Pod from flags, and with `-i` or `--rm` stays with it.

use super::attach::{Attached, HINT};
use super::create;
use super::delete::{Gone, deleted_line};
use crate::api::object::{is_deleting, list_at, name, namespace, str_at, uid};
use crate::api::{Map, Value, json, kinds};
use crate::cluster::PodRef;
use crate::cluster::apiserver::{DeleteOptions, Key};
use crate::cluster::runtime::State;
use crate::kubectl::call::{Call, DryRun, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow, Job, Poll, write_options};
use crate::kubectl::{merge_json, output};

pub const VERB: Verb = Verb::new(
    "run",
    "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]",
    "image:s port:s env:a labels,l:s annotations:a restart:s command image-pull-policy:s expose attach stdin,i tty,t rm quiet,q leave-stdin-open dry-run=unchanged \
     output,o:s overrides:s override-type:s privileged grace-period:i timeout:d force wait cascade=background pod-running-timeout:d field-manager:s save-config \
     template:s show-managed-fields filename,f:c kustomize,k:s recursive,R now detach-keys:s",
    "Create and run a particular image in a pod.",
    run,
)
.requires(&["image"]);

/// A reference as `distribution/reference` reads it, as far as people get it wrong: upper case, blanks, an empty part.
fn is_image(text: &str) -> bool {
    let (path, digest) = text.split_once('@').map_or((text, None), |(p, d)| (p, Some(d)));
    if digest.is_some_and(|d| !d.contains(':')) {
        return false;
    }
    let slash = path.rfind('/').map_or(0, |n| n + 1);
    let (base, tag) = match path[slash..].split_once(':') {
        Some((base, tag)) => (format!("{}{base}", &path[..slash]), Some(tag)),
        None => (path.to_owned(), None),
    };
    let tag_ok = tag.is_none_or(|t| {
        !t.is_empty() && t.len() <= 128 && !t.starts_with(['.', '-']) && t.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    });
    let parts: Vec<&str> = base.split('/').collect();
    let host = |p: &str| p.contains(['.', ':']) || p == "localhost";
    tag_ok
        && parts.iter().enumerate().all(|(i, part)| {
            if i == 0 && parts.len() > 1 && host(part) {
                return part.chars().all(|c| c.is_ascii_alphanumeric() || ".-:".contains(c));
            }
            let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
            part.starts_with(ends) && part.ends_with(ends) && part.chars().all(|c| ends(c) || "._-".contains(c))
        })
}

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let Some(pod_name) = call.args.first().filter(|_| call.dash != Some(0)) else { return Err(call.usage("NAME is required for run")) };
    let rest = &call.args[1..];
    let image = call.text("image").unwrap_or("");
    if image.is_empty() {
        return Err(Failure::error("--image is required"));
    }
    if !is_image(image) {
        return Err(Failure::error(format!("Invalid image name {image:?}: invalid reference format")));
    }
    let (stdin, tty) = (call.is("stdin"), call.is("tty"));
    if tty && !stdin {
        return Err(call.usage("-i/--stdin is required for containers with -t/--tty=true"));
    }
    if call.is("expose") && call.filled("port").is_none() {
        return Err(call.usage("--port must be set when exposing a service"));
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
    let mut pod = build(call, pod_name, rest, restart, port)?;
    if let Some(overrides) = call.filled("overrides") {
        let patch: Value = serde_json::from_str(overrides).map_err(|_| Failure::error("Invalid JSON Patch"))?;
        merge_json(&mut pod, &patch);
    }
    if let Some(space) = call.filled("namespace") {
        pod["metadata"]["namespace"] = json!(space);
    }
    let space = env.namespace(call);
    let options = write_options("kubectl-run", dry == DryRun::Server);
    let created = format!("created{}", dry.suffix());
    if call.is("expose") {
        let port = port.unwrap_or(0);
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": pod_name},
            "spec": {"ports": [{"port": port, "protocol": "TCP", "targetPort": port}], "selector": pod["metadata"]["labels"]}, "status": {"loadBalancer": {}}});
        let shown =
            if dry == DryRun::Client { std::rc::Rc::new(service) } else { env.create(kinds::SERVICE, &space, create::sendable(service), &options)? };
        output::print_done(call, env, kinds::SERVICE, &shown, &created)?;
        if call.text("output") == Some("yaml") {
            env.out("---\n");
        }
    }
    let shown = if dry == DryRun::Client { std::rc::Rc::new(pod) } else { env.create(kinds::POD, &space, create::sendable(pod), &options)? };
    if attach {
        if tty && !env.terminal {
            env.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
        }
        let container = list_at(&shown, "spec.containers").first().and_then(|c| str_at(c, "name")).unwrap_or("").to_owned();
        let give_up = env.now() + call.duration("pod-running-timeout").filter(|t| *t > 0).unwrap_or(60_000) as u64;
        let key = Key::new(kinds::POD, &space, name(&shown));
        return Ok(Flow::wait(Staying {
            key,
            uid: uid(&shown).into(),
            restart: restart.into(),
            remove,
            quiet: call.is("quiet"),
            give_up,
            stage: Stage::Starting(container),
        }));
    }
    output::print_done(call, env, kinds::POD, &shown, &created)?;
    Ok(DONE)
}

fn build(call: &Call, pod_name: &str, rest: &[String], restart: &str, port: Option<i64>) -> Result<Value, Failure> {
    let mut labels = Map::new();
    match call.filled("labels") {
        None => drop(labels.insert("run".into(), json!(pod_name))),
        Some(text) => {
            for part in text.split(',').filter(|p| !p.is_empty()) {
                let (key, value) = create::pair(part).ok_or_else(|| Failure::error(format!("unexpected label spec: {part}")))?;
                labels.insert(key.into(), json!(value));
            }
        }
    }
    let mut container = json!({"image": call.text("image").unwrap_or(""), "name": pod_name, "resources": {}});
    let mut variables = Vec::new();
    for text in call.texts("env") {
        let (key, value) = create::pair(text).ok_or_else(|| Failure::error(format!("invalid env: {text}")))?;
        variables.push(json!({"name": key, "value": value}));
    }
    if !variables.is_empty() {
        container["env"] = json!(variables);
    }
    if let Some(port) = port {
        container["ports"] = json!([{"containerPort": port}]);
    }
    if !rest.is_empty() {
        container[if call.is("command") { "command" } else { "args" }] = json!(rest);
    }
    if let Some(policy) = call.filled("image-pull-policy") {
        container["imagePullPolicy"] = json!(policy);
    }
    if call.is("stdin") {
        container["stdin"] = json!(true);
        if !call.is("leave-stdin-open") {
            container["stdinOnce"] = json!(true);
        }
    }
    if call.is("tty") {
        container["tty"] = json!(true);
    }
    if call.is("privileged") {
        container["securityContext"] = json!({"privileged": true});
    }
    let mut metadata = json!({"name": pod_name});
    if !labels.is_empty() {
        metadata["labels"] = Value::Object(labels);
    }
    let mut annotations = Map::new();
    for text in call.texts("annotations") {
        let (key, value) = create::pair(text).ok_or_else(|| Failure::error(format!("unexpected annotation spec: {text}")))?;
        annotations.insert(key.into(), json!(value));
    }
    if !annotations.is_empty() {
        metadata["annotations"] = Value::Object(annotations);
    }
    let spec = json!({"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart});
    Ok(json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {}}))
}

/// How far `run -i` came.
#[derive(Clone)]
enum Stage {
    /// Until the container runs (or has ended already).
    Starting(String),
    Attached(Attached),
    /// Until the Pod's status tells how it ended.
    Ended(Attached),
    Removing(Gone),
}

#[derive(Clone)]
struct Staying {
    key: Key,
    uid: String,
    restart: String,
    remove: bool,
    quiet: bool,
    give_up: crate::api::SimTime,
    stage: Stage,
}

impl Staying {
    fn remove(&mut self, env: &mut Env, result: Option<(i64, String)>) -> Result<Stage, Failure> {
        let code = result.as_ref().map_or(0, |r| r.0 as i32);
        let mut waiting = Vec::new();
        if self.remove {
            let before = env.get(kinds::POD, &self.key.namespace, &self.key.name);
            if let Some(before) = before {
                env.delete(&self.key, DeleteOptions::default())?;
                if !self.quiet {
                    env.out(deleted_line(kinds::POD, &before, "deleted", DryRun::None));
                }
                waiting.push((self.key.clone(), self.uid.clone()));
            }
        }
        if let Some((_, reason)) = result.filter(|r| r.0 != 0 && self.restart != "Always") {
            env.err(format!("pod {}/{} terminated ({reason})\n", self.key.namespace, self.key.name));
        }
        Ok(Stage::Removing(Gone { waiting, timeout: None, code: if self.restart == "Always" { 0 } else { code } }))
    }
}

impl Job for Staying {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        loop {
            let pod = env.get(kinds::POD, &self.key.namespace, &self.key.name);
            match &mut self.stage {
                Stage::Starting(container) => {
                    let Some(pod) = pod.filter(|p| !is_deleting(p)) else { return Err(Failure::error("pod was deleted")) };
                    let phase = str_at(&pod, "status.phase").unwrap_or("");
                    let place = PodRef { namespace: namespace(&pod), name: name(&pod) };
                    let started = env.cluster.container(place, container, false).is_some_and(|r| !matches!(r.state, State::Created));
                    if started && matches!(phase, "Running" | "Succeeded" | "Failed") {
                        if !self.quiet {
                            env.err(HINT);
                        }
                        self.stage = Stage::Attached(Attached::new(&pod, container.clone(), 0));
                    } else if env.now() >= self.give_up {
                        return Err(Failure::error("timed out waiting for the condition"));
                    } else {
                        return Ok(Poll::Pending(Some(self.give_up)));
                    }
                }
                Stage::Attached(attached) => {
                    if !attached.follow(env) {
                        return Ok(Poll::Pending(None));
                    }
                    self.stage = Stage::Ended(attached.clone());
                }
                Stage::Ended(attached) => {
                    let phase = pod.as_ref().and_then(|p| str_at(p, "status.phase"));
                    let done = matches!(phase, Some("Succeeded" | "Failed") | None) || self.restart == "Always";
                    if !done {
                        return Ok(Poll::Pending(None));
                    }
                    let result = attached.exit_code(env);
                    self.stage = self.remove(env, result)?;
                }
                Stage::Removing(gone) => return gone.poll(env),
            }
        }
    }
}
