//! What Tab offers: verbs, flags, kinds, names, containers, namespaces, files.

use super::call::{FlagKind, Verb, flags};
use super::verbs::VERBS;
use crate::api::object::{list_at, name, str_at};
use crate::api::order::{InOrder as _, SortedMap};
use crate::api::{Kind, kinds};
use crate::cluster::Cluster;

pub fn complete(line: &str, files: &SortedMap<String, String>, namespace: &str, cluster: &Cluster) -> (usize, Vec<String>) {
    let command_start = line.rfind(['|', ';', '&']).map_or(0, |n| n + 1);
    let start = line.rfind([' ', '|', ';', '&']).map_or(0, |n| n + 1).max(command_start);
    let word = &line[start..];
    let before: Vec<&str> = line[command_start..start].split_whitespace().collect();
    let mut offers = candidates(&before, word, files, namespace, cluster);
    offers.retain(|o| o.starts_with(word));
    offers.order();
    offers.dedup();
    (start, offers)
}

fn candidates(before: &[&str], word: &str, files: &SortedMap<String, String>, namespace: &str, cluster: &Cluster) -> Vec<String> {
    let all_files = || files.keys().cloned().collect::<Vec<_>>();
    let Some((program, rest)) = before.split_first() else {
        return ["kubectl", "cat", "echo", "grep", "ls", "curl", "ssh", "timeout", "watch"].map(str::to_owned).to_vec();
    };
    if !matches!(*program, "kubectl" | "k") {
        return all_files();
    }
    let plain: Vec<&str> = rest.iter().copied().filter(|w| !w.starts_with('-')).collect();
    let Some(mut verb) = plain.first().and_then(|v| VERBS.iter().find(|verb| verb.is(v))) else {
        return VERBS.iter().map(|v| v.name.to_owned()).collect();
    };
    let mut used = 1;
    while let Some(child) = plain.get(used).and_then(|w| verb.children.iter().find(|c| c.is(w))) {
        verb = child;
        used += 1;
    }
    if !verb.children.is_empty() && plain.len() == used {
        return verb.children.iter().map(|c| c.name.to_owned()).collect();
    }
    if word.starts_with('-') {
        return flags(verb.flags).map(|f| format!("--{}{}", f.name, if f.kind == FlagKind::Switch { "" } else { "=" })).collect();
    }
    let names = |kind: &'static Kind| cluster.api.list(kind, Some(namespace)).map(|o| name(o).to_owned()).collect::<Vec<_>>();
    match rest.last() {
        Some(&"-n" | &"--namespace") => return names(kinds::NAMESPACE),
        Some(&"-f" | &"--filename") => return all_files(),
        Some(&"-c" | &"--container") => {
            let pod = plain.get(used).map(|p| p.trim_start_matches("pod/"));
            let found = pod.and_then(|p| cluster.api.get(kinds::POD, namespace, p));
            return found
                .map(|p| list_at(p, "spec.containers").iter().filter_map(|c| str_at(c, "name").map(str::to_owned)).collect())
                .unwrap_or_default();
        }
        Some(&"-o" | &"--output") => {
            return ["json", "yaml", "wide", "name", "jsonpath=", "custom-columns=", "go-template="].map(str::to_owned).to_vec();
        }
        _ => {}
    }
    arguments(verb, &plain[used..], word, &names)
}

fn arguments(verb: &Verb, given: &[&str], word: &str, names: &dyn Fn(&'static Kind) -> Vec<String>) -> Vec<String> {
    match verb.name {
        "logs" | "exec" | "attach" | "port-forward" | "debug" | "cp" if given.is_empty() => names(kinds::POD),
        "cordon" | "uncordon" | "drain" => names(kinds::NODE),
        _ => {
            if let Some((kind, _)) = word.split_once('/') {
                return Kind::by_name(kind).map(|k| names(k).into_iter().map(|n| format!("{kind}/{n}")).collect()).unwrap_or_default();
            }
            match given.first().and_then(|k| Kind::by_name(k)) {
                Some(kind) => names(kind),
                None => crate::api::kinds::KINDS.iter().map(|k| k.plural.to_owned()).collect(),
            }
        }
    }
}
