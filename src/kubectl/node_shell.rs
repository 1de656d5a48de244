//! `ssh NODE COMMAND`: what a person looks at on a node: its files, its containers, the kubelet.

use super::env::{DONE, Env, Failure, Flow};
use super::table;
use crate::cluster::log::Fact;
use crate::cluster::runtime::State;

pub fn run(words: &[String], env: &mut Env) -> Result<Flow, Failure> {
    let Some((node, rest)) = words.split_first() else { return Err(Failure::raw("usage: ssh destination [command [argument ...]]\n".into(), 255)) };
    let node = node.rsplit('@').next().unwrap_or(node).to_owned();
    if env.cluster.node_index(&node).is_none() {
        return Err(Failure::raw(format!("ssh: Could not resolve hostname {node}: Name or service not known\n"), 255));
    }
    let line = rest.join(" ");
    let words: Vec<&str> = line.split_whitespace().filter(|w| *w != "sudo").collect();
    let Some((program, args)) = words.split_first() else {
        env.err("Give the command on the same line: ssh node-1 ls /etc/kubernetes/manifests\n");
        return Ok(DONE);
    };
    let paths: Vec<&str> = args.iter().copied().filter(|a| !a.starts_with('-')).collect();
    let file = |path: &str, env: &Env| env.cluster.kubelet(&node).and_then(|k| k.files().get(path).cloned());
    match *program {
        "cat" => {
            for path in paths {
                let text = file(path, env).ok_or_else(|| Failure::raw(format!("cat: {path}: No such file or directory\n"), 1))?;
                env.out(text);
            }
        }
        "ls" => {
            let folder = format!("{}/", paths.first().copied().unwrap_or("/root").trim_end_matches('/'));
            let files: Vec<String> = env.cluster.kubelet(&node).map(|k| k.files().keys().cloned().collect()).unwrap_or_default();
            let mut names: Vec<&str> = files.iter().filter_map(|f| f.strip_prefix(&folder)).map(|f| f.split('/').next().unwrap_or(f)).collect();
            names.dedup();
            if names.is_empty() && !matches!(folder.as_str(), "/root/" | "/etc/kubernetes/manifests/") {
                return Err(Failure::raw(format!("ls: cannot access '{}': No such file or directory\n", folder.trim_end_matches('/')), 2));
            }
            let text: String = names.iter().map(|n| format!("{n}\n")).collect();
            env.out(text);
        }
        "rm" => {
            for path in paths {
                if file(path, env).is_none() && !args.contains(&"-f") {
                    return Err(Failure::raw(format!("rm: cannot remove '{path}': No such file or directory\n"), 1));
                }
                env.cluster.write_node_file(&node, path, None)?;
            }
        }
        "hostname" => env.out(format!("{node}\n")),
        "crictl" => crictl(&node, args, env),
        "journalctl" => {
            let mut text = String::new();
            for entry in env.cluster.log().iter() {
                if let Fact::KubeletLog { node: of, line } = &entry.fact
                    && *of == node
                {
                    text.push_str(&format!("{} {node} kubelet[711]: {line}\n", super::duration::rfc1123(&entry.at.rfc3339())));
                }
            }
            env.out(text);
        }
        "systemctl" => {
            let stopped = env.cluster.kubelet(&node).is_some_and(|k| k.is_stopped());
            match args {
                ["is-active", "kubelet"] => env.out(if stopped { "inactive\n" } else { "active\n" }),
                ["status", "kubelet"] => env.out(format!(
                    "● kubelet.service - kubelet: The Kubernetes Node Agent\n     Active: {}\n",
                    if stopped { "inactive (dead)" } else { "active (running)" }
                )),
                _ => return Err(Failure::raw(format!("systemctl: {} is not possible here\n", args.join(" ")), 1)),
            }
        }
        other => return Err(Failure::raw(format!("bash: line 1: {other}: command not found\n"), 127)),
    }
    Ok(DONE)
}

fn crictl(node: &str, args: &[&str], env: &mut Env) {
    let all = args.contains(&"-a");
    let mut rows = vec![["CONTAINER", "IMAGE", "STATE", "NAME", "ATTEMPT"].map(str::to_owned).to_vec()];
    if let Some(runtime) = env.cluster.runtime(node) {
        for c in runtime.all_containers() {
            let state = match c.state {
                State::Created => "Created",
                State::Running { .. } => "Running",
                State::Exited { .. } => "Exited",
            };
            if all || state == "Running" {
                rows.push(vec![
                    format!("{:013x}", c.id.0.wrapping_mul(0x9e37_79b9_7f4a)),
                    c.config.image.clone(),
                    state.into(),
                    c.config.name.clone(),
                    c.config.attempt.to_string(),
                ]);
            }
        }
    }
    env.out(table::align(&table::rows(rows), table::GET));
}
