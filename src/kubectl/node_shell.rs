//! `ssh NODE [COMMAND]`: a shell on a node, and the node's own programs: its containers, its kubelet.

use super::env::{DONE, Env, Failure, Flow, Job, Poll};
use super::{duration, host, table};
use crate::cluster::log::Fact;
use crate::cluster::runtime::{ContainerRecord, MORE, State};
use crate::cluster::shell::Manner;
use crate::cluster::shell::{Machine, Step};

/// A shell on a node, as long as the person is there.
#[derive(Clone)]
struct Session {
    node: String,
    machine: Machine,
    typed: String,
    prompt: Option<String>,
}

pub fn ssh(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    // Of ssh's flags those with a value that people type.
    let mut rest = words;
    while let Some((flag, after)) = rest.split_first().filter(|(w, _)| w.starts_with('-')) {
        rest = after.get(usize::from(matches!(flag.as_str(), "-i" | "-l" | "-o" | "-p"))..).unwrap_or_default();
    }
    let Some((place, command)) = rest.split_first() else {
        return Err(Failure::raw("usage: ssh destination [command [argument ...]]\n".into(), 255));
    };
    let node = place.rsplit('@').next().unwrap_or(place).to_owned();
    if env.cluster.node_index(&node).is_none() {
        return Err(Failure::raw(format!("ssh: Could not resolve hostname {node}: Name or service not known\n"), 255));
    }
    let variables = [("HOME", host::HOME), ("USER", "root"), ("HOSTNAME", &node)].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let line = command.join(" ");
    let mut machine = if command.is_empty() {
        Machine::interactive(variables.into(), host::HOME, env.terminal)
    } else {
        Machine::script_in(Manner { bash: true, depth: 0 }, &line, &[], variables.into(), host::HOME)
            .map_err(|m| Failure::raw(format!("bash: line 1: {m}\n"), 2))?
    };
    machine.bash = true;
    // The words that a pipe or a file gives are the shell's input there.
    let typed = env.stdin.take().map(|text| text + "\u{4}").unwrap_or_default();
    Ok(Flow::wait(Session { node, machine, typed, prompt: None }))
}

impl Job for Session {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let typed = std::mem::replace(&mut env.typed, std::mem::take(&mut self.typed));
        let place = env.node.replace(self.node.clone());
        let keyboard = std::mem::replace(&mut env.keyboard, env.terminal || !env.typed.is_empty());
        let mut polled = Poll::Pending(Some(env.now() + super::BUSY_MS));
        let mut reads = false;
        let mut left = super::MOST_STEPS;
        while left > 0 {
            let (step, cost) = self.machine.turn(env);
            left -= cost;
            polled = match step {
                Step::Ran => continue,
                Step::Exit(code) => Poll::Done(code),
                Step::Sleep(at) => Poll::Pending(Some(at)),
                Step::Wait => Poll::Pending(None),
                Step::Input => {
                    reads = true;
                    Poll::Pending(None)
                }
                Step::Server(..) => Poll::Done(1),
            };
            break;
        }
        self.typed = std::mem::replace(&mut env.typed, typed);
        (env.node, env.keyboard) = (place, keyboard);
        let sign = |_| if self.machine.goes_on() { MORE.into() } else { format!("root@{}:{}# ", self.node, self.machine.directory) };
        let own = self.machine.prompt().map(sign);
        self.prompt = own.or_else(|| reads.then(String::new));
        Ok(polled)
    }

    fn input(&mut self, text: &str, _env: &mut Env) {
        self.typed.push_str(text);
    }

    fn interrupt(&mut self, _env: &mut Env) -> bool {
        self.typed.clear();
        self.machine.interrupt().is_some()
    }

    fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    fn machine(&self) -> Option<&Machine> {
        Some(&self.machine)
    }
}

/// The node that the person is on.
fn here(env: &Env) -> String {
    env.node.clone().unwrap_or_default()
}

/// `journalctl [-u kubelet] [-n N] [-f]`
pub fn journalctl(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let value = |flag: &str| words.iter().position(|w| w == flag).and_then(|at| words.get(at + 1)).cloned();
    let unit = value("-u").or_else(|| words.iter().find_map(|w| w.strip_prefix("-u").or(w.strip_prefix("--unit=")).map(str::to_owned)));
    if unit.is_some_and(|u| !u.is_empty() && !matches!(u.trim_end_matches(".service"), "kubelet")) {
        env.out("-- No entries --\n");
        return Ok(DONE);
    }
    let mut journal = Journal { node: here(env), shown: 0 };
    let lines = journal.fresh(env);
    let most = value("-n").and_then(|n| n.parse().ok()).unwrap_or(usize::MAX);
    env.out(lines[lines.len().saturating_sub(most)..].concat());
    let follows = words.iter().any(|w| w == "--follow" || w.starts_with('-') && !w.starts_with("--") && w.contains('f'));
    if follows { Ok(Flow::wait(journal)) } else { Ok(DONE) }
}

#[derive(Clone)]
struct Journal {
    node: String,
    /// How many entries of the cluster's log were looked at.
    shown: usize,
}

impl Journal {
    fn fresh(&mut self, env: &Env) -> Vec<String> {
        let log = env.cluster.log();
        let mut lines = Vec::new();
        for entry in log.iter().skip(self.shown) {
            self.shown += 1;
            if let Fact::KubeletLog { node, line } = &entry.fact
                && *node == self.node
            {
                // The journal's short form leaves out weekday, year and zone.
                let whole = duration::rfc1123(&entry.at.rfc3339());
                let words: Vec<&str> = whole.split(' ').collect();
                let at = if let [_, day, month, _, clock, _] = words[..] { format!("{month} {day} {clock}") } else { whole };
                lines.push(format!("{at} {node} kubelet[711]: {line}\n"));
            }
        }
        lines
    }
}

impl Job for Journal {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        let text = self.fresh(env).concat();
        env.out(text);
        Ok(Poll::Pending(None))
    }
}

/// `systemctl status|is-active|start|stop|restart kubelet`
pub fn systemctl(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let node = here(env);
    let plain: Vec<&str> = words.iter().map(String::as_str).filter(|w| !w.starts_with('-')).collect();
    let (verb, unit) = match plain[..] {
        [verb, unit] => (verb, unit.trim_end_matches(".service")),
        [verb @ "daemon-reload"] => (verb, "kubelet"),
        _ => return Err(Failure::raw("usage: systemctl status|is-active|start|stop|restart kubelet\n".into(), 1)),
    };
    if unit != "kubelet" {
        return Err(Failure::raw(format!("Failed to {verb} {unit}.service: Unit {unit}.service not found.\n"), 5));
    }
    let stopped = env.cluster.kubelet(&node).is_some_and(|k| k.is_stopped());
    match verb {
        "is-active" => {
            env.out(if stopped { "inactive\n" } else { "active\n" });
            return Ok(Flow::Done(if stopped { 3 } else { 0 }));
        }
        "status" => {
            let active = if stopped { "inactive (dead)" } else { "active (running)" };
            env.out(format!("● kubelet.service - kubelet: The Kubernetes Node Agent\n     Active: {active}\n"));
            return Ok(Flow::Done(if stopped { 3 } else { 0 }));
        }
        "start" => env.cluster.set_kubelet_stopped(&node, false)?,
        "stop" => env.cluster.set_kubelet_stopped(&node, true)?,
        "restart" => {
            env.cluster.set_kubelet_stopped(&node, true)?;
            env.cluster.set_kubelet_stopped(&node, false)?;
        }
        "daemon-reload" | "enable" | "disable" => {}
        _ => return Err(Failure::raw(format!("Unknown command verb {verb}.\n"), 1)),
    }
    Ok(DONE)
}

/// What crictl calls a container: the first 13 digits of its id.
fn short_id(container: &ContainerRecord) -> String {
    container.id.hex().get(..13).unwrap_or("").to_owned()
}

/// `crictl ps [-a]`, `crictl pods`, `crictl images`, `crictl logs CONTAINER`
pub fn crictl(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let node = here(env);
    let Some(runtime) = env.cluster.runtime(&node) else { return Ok(DONE) };
    let all = words.iter().any(|w| matches!(w.as_str(), "-a" | "--all"));
    let plain: Vec<&str> = words.iter().map(String::as_str).filter(|w| !w.starts_with('-')).collect();
    let text = match plain[..] {
        ["ps"] => {
            let mut rows = vec![["CONTAINER", "IMAGE", "STATE", "NAME", "ATTEMPT", "POD"].map(str::to_owned).to_vec()];
            for container in runtime.all_containers() {
                let state = match container.state {
                    State::Created => "Created",
                    State::Running { .. } => "Running",
                    State::Exited { .. } => "Exited",
                };
                if all || state == "Running" {
                    let pod = runtime.sandbox(container.sandbox).map_or("", |s| s.config.name.as_str());
                    let config = &container.config;
                    rows.push(vec![
                        short_id(container),
                        config.image.clone(),
                        state.into(),
                        config.name.clone(),
                        config.attempt.to_string(),
                        pod.into(),
                    ]);
                }
            }
            table::align(&table::rows(rows), table::GET)
        }
        ["pods"] => {
            let mut rows = vec![["STATE", "NAME", "NAMESPACE", "ATTEMPT"].map(str::to_owned).to_vec()];
            let mut seen = Vec::new();
            for container in runtime.all_containers() {
                let Some(sandbox) = runtime.sandbox(container.sandbox).filter(|s| !seen.contains(&s.id)) else { continue };
                seen.push(sandbox.id);
                let state = if sandbox.ready { "Ready" } else { "NotReady" };
                let config = &sandbox.config;
                rows.push(vec![state.into(), config.name.clone(), config.namespace.clone(), config.attempt.to_string()]);
            }
            table::align(&table::rows(rows), table::GET)
        }
        ["images" | "img"] => {
            let mut rows = vec![["IMAGE", "IMAGE ID", "SIZE"].map(str::to_owned).to_vec()];
            for container in runtime.all_containers() {
                let Some(image) = runtime.image(&container.config.image) else { continue };
                let id = image.id.trim_start_matches("sha256:").get(..13).unwrap_or("").to_owned();
                let row = vec![image.name, id, format!("{}MB", image.size_bytes / 1_000_000)];
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
            table::align(&table::rows(rows), table::GET)
        }
        ["logs", id] => match runtime.all_containers().find(|c| short_id(c).starts_with(id)) {
            Some(container) => container.log.lines_from(0).map(|l| format!("{}\n", l.text)).collect(),
            None => return Err(Failure::raw(format!("E: could not find container {id:?}\n"), 1)),
        },
        _ => return Err(Failure::raw("usage: crictl ps [-a] | pods | images | logs CONTAINER\n".into(), 1)),
    };
    env.out(text);
    Ok(DONE)
}
