//! `kubectl port-forward`: local ports lead into a Pod while it runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::api::object::{i64_at, list_at, name, namespace, str_at};
use crate::api::{Value, kinds};
use crate::cluster::PodRef;
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
    // Ports by name become numbers before the Pod's phase matters, and numbers are looked at afterwards.
    let mut pairs = Vec::new();
    for spec in &call.args[1..] {
        let parts: Vec<&str> = spec.split(':').collect();
        let (local, remote) = if let [local, remote] = parts[..] { (local, remote) } else { (parts[0], parts[0]) };
        if !local.is_empty() && local.bytes().all(|b| b.is_ascii_digit()) {
            number("local", local)?;
        }
        let number = remote_port(remote, &pod, service.as_deref())?;
        pairs.push((if local == remote && local.parse::<u16>().is_err() { number.to_string() } else { local.to_owned() }, number));
    }
    if phase != "Running" {
        return Err(Failure::error(format!("unable to forward port because pod is not running. Current status={phase}")));
    }
    let named = if call.changed("address") {
        call.texts("address").iter().filter(|a| !a.is_empty()).cloned().collect()
    } else {
        vec!["localhost".to_owned()]
    };
    let addresses = addresses(&named)?;
    let mut wanted = Vec::new();
    for (local, remote) in pairs {
        let local = number("local", if local.is_empty() { "0" } else { &local })?;
        if remote == 0 {
            return Err(Failure::error("remote port must be > 0"));
        }
        wanted.push((local, remote));
    }
    let container = list_at(&pod, "spec.containers").first().and_then(|c| str_at(c, "name")).unwrap_or("").to_owned();
    let mut forwards: Vec<Forward> = Vec::new();
    for (local, remote) in &wanted {
        let local = if *local == 0 { 40_000 + remote % 20_000 } else { *local };
        let taken = env.running.forward(local).is_some() || forwards.iter().any(|f| f.local == local);
        if listen(&addresses, local, *remote, taken, env) {
            forwards.push(Forward {
                local,
                namespace: namespace(&pod).into(),
                pod: name(&pod).into(),
                container: container.clone(),
                remote: *remote,
            });
        }
    }
    if forwards.is_empty() {
        let ports: Vec<String> = wanted.iter().map(|(local, remote)| format!("{{{local} {remote}}}")).collect();
        return Err(Failure::error(format!("unable to listen on any of the requested ports: [{}]", ports.join(" "))));
    }
    Ok(Flow::wait(Forwarding { forwards, lost: false }))
}

/// The groups of addresses to listen on: of a group one must be free. Models `parseAddresses` of `client-go/tools/portforward`.
fn addresses(named: &[String]) -> Result<Vec<Vec<IpAddr>>, Failure> {
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    let mut groups = Vec::new();
    for word in named {
        let group = match word.as_str() {
            "localhost" => vec![v4, v6],
            ip => vec![ip.parse().map_err(|_| Failure::error(format!("{ip} is not a valid IP")))?],
        };
        if !groups.iter().any(|known: &Vec<IpAddr>| known.contains(&group[0])) {
            groups.push(group);
        }
    }
    if groups.is_empty() { Err(Failure::error("you must specify at least 1 address")) } else { Ok(groups) }
}

/// Says where it listens, or why it cannot; gives whether it could everywhere. Models `listenOnPort`.
fn listen(groups: &[Vec<IpAddr>], local: u16, remote: u16, taken: bool, env: &mut Env) -> bool {
    for group in groups {
        let mut errors = Vec::new();
        for ip in group {
            let (family, shown) = if ip.is_ipv4() { ("tcp4", format!("{ip}:{local}")) } else { ("tcp6", format!("[{ip}]:{local}")) };
            let why = match ip {
                _ if taken => "address already in use",
                // The person's machine has its loopback, and whatever it has beside.
                ip if !ip.is_loopback() && !ip.is_unspecified() => "cannot assign requested address",
                _ => {
                    env.out(format!("Forwarding from {shown} -> {remote}\n"));
                    continue;
                }
            };
            errors.push(format!("unable to create listener: Error listen {family} {shown}: bind: {why}"));
        }
        if errors.len() == group.len() {
            let errors = errors.join(" ");
            env.err(format!("Unable to listen on port {local}: Listeners failed to create with the following errors: [{errors}]\n"));
            return false;
        }
    }
    true
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
        return number("remote", text);
    }
    named(text).and_then(|p| u16::try_from(p).ok()).ok_or_else(|| Failure::error(format!("Pod '{}' does not have a named port '{text}'", name(pod))))
}

/// Nobody listens on the port of the Pod to which a connection was led: containerd's words, and the end of the command. (`pkg/kubelet` of CRI streaming;
/// `tests/data/terminal/port-forward.txt`.)
pub fn find_nobody(forward: &Forward, env: &mut Env) {
    let Forward { local, remote, namespace, pod, container } = forward;
    let place = PodRef { namespace, name: pod };
    let sandbox = env.cluster.container(place, container, false).map_or_else(String::new, |record| record.sandbox.hex());
    let part = |from: usize, to: usize| sandbox.get(from..to).unwrap_or("");
    let space = format!("cni-{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
    let head = env.log_head('E', "portforward.go:522");
    env.err(format!(
        "{head}\"Unhandled Error\" err=\"an error occurred forwarding {local} -> {remote}: error forwarding port {remote} to pod {sandbox}, uid : failed to execute portforward in network namespace \\\"/var/run/netns/{space}\\\": failed to connect to localhost:{remote} inside namespace \\\"{sandbox}\\\", IPv4: dial tcp4 127.0.0.1:{remote}: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found \"\n"
    ));
    env.running.lose(*local);
}

#[derive(Clone)]
struct Forwarding {
    forwards: Vec<Forward>,
    /// A connection came to a port of the Pod on which nobody listens: that ends the whole.
    lost: bool,
}

impl Job for Forwarding {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let gone = self.forwards.first().is_none_or(|f| env.get(kinds::POD, &f.namespace, &f.pod).is_none());
        if gone || self.lost {
            return Err(Failure::error("lost connection to pod"));
        }
        Ok(Poll::Pending(None))
    }

    fn forwards(&self) -> &[Forward] {
        if self.lost { &[] } else { &self.forwards }
    }

    fn lose(&mut self, port: u16) {
        self.lost |= self.forwards.iter().any(|f| f.local == port);
    }
}
