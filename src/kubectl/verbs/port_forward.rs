//! `kubectl port-forward`: local ports lead into a Pod while it runs.

use crate::api::object::{i64_at, list_at, name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow, Forward, Job, Poll};
use crate::kubectl::jsonpath::show;
use crate::kubectl::pods;

pub const VERB: Verb = Verb::new(
    "port-forward",
    "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
    "address:c pod-running-timeout:d",
    "Forward one or more local ports to a pod.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.args.len() < 2 {
        return Err(call.usage("TYPE/NAME and list of ports are required for port-forward"));
    }
    let space = env.namespace(call);
    let pod = pods::find(&call.args[0], &space, env)?;
    let service = match call.args[0].split_once('/') {
        Some((kind, name)) if crate::api::Kind::by_name(kind) == Some(kinds::SERVICE) => Some(env.require(kinds::SERVICE, &space, name)?),
        _ => None,
    };
    let phase = str_at(&pod, "status.phase").unwrap_or("");
    let mut pairs = Vec::new();
    for spec in &call.args[1..] {
        let (local, remote) = spec.split_once(':').unwrap_or((spec, spec));
        if !local.is_empty() && local.bytes().all(|b| b.is_ascii_digit()) {
            number("local", local)?;
        }
        let remote = remote_port(remote, &pod, service.as_deref())?;
        let local_text = if local == spec.as_str() && local.parse::<u16>().is_err() { remote.to_string() } else { local.to_owned() };
        let local = number("local", if local_text.is_empty() { "0" } else { &local_text })?;
        pairs.push((local, remote));
    }
    if phase != "Running" {
        return Err(Failure::error(format!("unable to forward port because pod is not running. Current status={phase}")));
    }
    let container = list_at(&pod, "spec.containers").first().and_then(|c| str_at(c, "name")).unwrap_or("").to_owned();
    let mut forwards = Vec::new();
    for (local, remote) in pairs {
        let local = if local == 0 { 40_000 + remote % 20_000 } else { local };
        env.out(format!("Forwarding from 127.0.0.1:{local} -> {remote}\nForwarding from [::1]:{local} -> {remote}\n"));
        forwards.push(Forward { local, namespace: namespace(&pod).into(), pod: name(&pod).into(), container: container.clone(), remote });
    }
    Ok(Flow::wait(Forwarding { forwards }))
}

fn number(which: &str, text: &str) -> Result<u16, Failure> {
    text.parse::<u16>().map_err(|_| {
        let why = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) { "value out of range" } else { "invalid syntax" };
        Failure::error(format!("error parsing {which} port '{text}': strconv.ParseUint: parsing {text:?}: {why}"))
    })
}

fn remote_port(text: &str, pod: &Value, service: Option<&Value>) -> Result<u16, Failure> {
    let named = |text: &str| {
        list_at(pod, "spec.containers")
            .iter()
            .flat_map(|c| list_at(c, "ports"))
            .find(|p| str_at(p, "name") == Some(text))
            .and_then(|p| i64_at(p, "containerPort"))
    };
    if let Some(service) = service {
        let port =
            list_at(service, "spec.ports").iter().find(|p| str_at(p, "name") == Some(text) || p.get("port").map(show).as_deref() == Some(text));
        let Some(port) = port else {
            let which = if text.parse::<u16>().is_ok() { format!("a service port {text}") } else { format!("a named port '{text}'") };
            return Err(Failure::error(format!("Service {} does not have {which}", name(service))));
        };
        let target = port.get("targetPort").map(show).unwrap_or_default();
        return match target.parse::<u16>().ok().or_else(|| named(&target).and_then(|p| u16::try_from(p).ok())) {
            Some(port) => Ok(port),
            None => Err(Failure::error(format!("Pod '{}' does not have a named port '{target}'", name(pod)))),
        };
    }
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        let port = number("remote", text)?;
        return if port == 0 { Err(Failure::error("remote port must be > 0")) } else { Ok(port) };
    }
    named(text).and_then(|p| u16::try_from(p).ok()).ok_or_else(|| Failure::error(format!("Pod '{}' does not have a named port '{text}'", name(pod))))
}

#[derive(Clone)]
struct Forwarding {
    forwards: Vec<Forward>,
}

impl Job for Forwarding {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let gone = self.forwards.first().is_none_or(|f| env.get(kinds::POD, &f.namespace, &f.pod).is_none());
        if gone {
            return Err(Failure::error("lost connection to pod"));
        }
        Ok(Poll::Pending(None))
    }

    fn forwards(&self) -> &[Forward] {
        &self.forwards
    }
}
