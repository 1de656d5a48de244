//! `kubectl create role | clusterrole | rolebinding | clusterrolebinding`.

use super::{generate, one_name};
use crate::api::order::SortedMap;
use crate::api::{Kind, Value, json};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::resources;

const GROUP: &str = "rbac.authorization.k8s.io";
const VERSION: &str = "rbac.authorization.k8s.io/v1";

pub const ROLE: Verb = Verb::new(
    "role",
    "NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none] [options]",
    "verb:c resource:c resource-name:a @make",
    "Create a role with single rule.",
    |call, env| role(call, env, "Role"),
);
pub const CLUSTER_ROLE: Verb = Verb::new(
    "clusterrole",
    "NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] [options]",
    "verb:c resource:c resource-name:a non-resource-url:c aggregation-rule:c @make",
    "Create a cluster role.",
    |call, env| role(call, env, "ClusterRole"),
);
pub const ROLE_BINDING: Verb = Verb::new(
    "rolebinding",
    "NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]",
    "clusterrole:s role:s user:a group:a serviceaccount:a @make",
    "Create a role binding for a particular role or cluster role.",
    |call, env| binding(call, env, "RoleBinding"),
);
pub const CLUSTER_ROLE_BINDING: Verb = Verb::new(
    "clusterrolebinding",
    "NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [options]",
    "clusterrole:s user:a group:a serviceaccount:a @make",
    "Create a cluster role binding for a particular cluster role.",
    |call, env| binding(call, env, "ClusterRoleBinding"),
)
.requires(&["clusterrole"]);

/// What a rule for resources may name without a warning.
const VERBS: &str = "* get delete list create update patch watch proxy deletecollection use bind escalate impersonate";
/// What a rule for URLs may name at all.
const URL_VERBS: &str = "* get post put delete patch head options";

/// Models `create_role.go` and `create_clusterrole.go`.
fn role(call: &Call, env: &mut Env, kind: &str) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let whole = kind == "ClusterRole";
    let mut value = json!({"apiVersion": VERSION, "kind": kind, "metadata": {"name": name}});
    let (verbs, urls, names) = (once(call, "verb"), once(call, "non-resource-url"), once(call, "resource-name"));
    let verbs = if verbs.contains(&"*") { vec!["*"] } else { verbs };
    let resources = call.texts("resource");
    let aggregated = call.texts("aggregation-rule");
    if whole && !aggregated.is_empty() {
        if !(verbs.is_empty() && urls.is_empty() && names.is_empty() && resources.is_empty()) {
            return Err(Failure::error("aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames"));
        }
        let labels: Value = Value::Object(aggregated.iter().filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), json!(v))).collect());
        value["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": labels}]});
        value["rules"] = Value::Null;
        return generate(call, env, resources::kind(kind)?, value, "");
    }
    if verbs.is_empty() {
        return Err(Failure::error("at least one verb must be specified"));
    }
    if resources.is_empty() && urls.is_empty() {
        return Err(Failure::error(if whole {
            "one of resource or nonResourceURL must be specified"
        } else {
            "at least one resource must be specified"
        }));
    }
    if !resources.is_empty() {
        for verb in verbs.iter().filter(|verb| !VERBS.split(' ').any(|v| v == **verb)) {
            env.err(format!("Warning: '{verb}' is not a standard resource verb\n"));
        }
    }
    let mut rules = Vec::new();
    for (group, resources) in by_group(resources, &verbs)? {
        let mut rule = json!({"apiGroups": [group], "resources": resources, "verbs": verbs});
        if !names.is_empty() {
            rule["resourceNames"] = json!(names);
        }
        rules.push(rule);
    }
    if !urls.is_empty() {
        check_urls(&urls, &verbs)?;
        rules.push(json!({"nonResourceURLs": urls, "verbs": verbs}));
    }
    value["rules"] = json!(rules);
    generate(call, env, resources::kind(kind)?, value, "")
}

/// A flag's values, each once, as they were first named.
fn once<'a>(call: &'a Call, flag: &str) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for text in call.texts(flag) {
        if !all.contains(&text.as_str()) {
            all.push(text);
        }
    }
    all
}

/// `resource.group/subresource` under its group, with its whole name.
fn by_group(texts: &[String], verbs: &[&str]) -> Result<SortedMap<String, Vec<String>>, Failure> {
    // `*` alone stands for all; what else is named does not count.
    let all = ["*".to_owned()];
    let texts = if texts.iter().any(|t| t == "*") { &all[..] } else { texts };
    let mut groups: SortedMap<String, Vec<String>> = SortedMap::new();
    for text in texts {
        let (plain, sub) = text.split_once('/').map_or((text.as_str(), None), |(plain, sub)| (plain, Some(sub)));
        let (resource, group) = plain.split_once('.').unwrap_or((plain, ""));
        if resource.is_empty() {
            return Err(Failure::error("resource must be specified if apiGroup/subresource specified"));
        }
        let known = (resource != "*").then(|| Kind::by_name(plain)).flatten();
        let (resource, group) = known.map_or((resource, group), |kind| (kind.plural, kind.group));
        for verb in verbs {
            refuse_special(verb, resource, group)?;
        }
        let impersonated = verbs.contains(&"impersonate");
        if known.is_none() && resource != "*" && !impersonated {
            return Err(Failure::raw(format!("the server doesn't have a resource type {plain:?}\n"), 1));
        }
        let entry = groups.entry(group.to_owned()).or_default();
        let whole = sub.map_or(resource.to_owned(), |sub| format!("{resource}/{sub}"));
        if !entry.contains(&whole) {
            entry.push(whole);
        }
    }
    Ok(groups)
}

/// Some verbs have a meaning for some resources only (`specialVerbs`).
fn refuse_special(verb: &str, resource: &str, group: &str) -> Result<(), Failure> {
    let right = match verb {
        "use" => resource == "podsecuritypolicies" && matches!(group, "policy" | "extensions"),
        "bind" | "escalate" => matches!(resource, "roles" | "clusterroles") && group == GROUP,
        "impersonate" => matches!((resource, group), ("users" | "serviceaccounts" | "groups", "") | ("userextras", "authentication.k8s.io")),
        _ => true,
    };
    if right || resource == "*" { Ok(()) } else { Err(Failure::error(format!("can not perform '{verb}' on '{resource}' in group '{group}'"))) }
}

fn check_urls(urls: &[&str], verbs: &[&str]) -> Result<(), Failure> {
    if let Some(verb) = verbs.iter().find(|verb| !URL_VERBS.split(' ').any(|v| v == **verb)) {
        return Err(Failure::error(format!("invalid verb: '{verb}' for nonResourceURL")));
    }
    for url in urls.iter().filter(|url| **url != "*") {
        if !url.starts_with('/') {
            return Err(Failure::error("nonResourceURL should start with /"));
        }
        if url.trim_end_matches('*').len() + 1 < url.len() || url.trim_end_matches('*').contains('*') {
            return Err(Failure::error("nonResourceURL only supports wildcard matches when '*' is at the end"));
        }
    }
    Ok(())
}

/// Models `create_rolebinding.go` and `create_clusterrolebinding.go`.
fn binding(call: &Call, env: &mut Env, kind: &str) -> Result<Flow, Failure> {
    let name = one_name(call, &call.args)?;
    let (role_kind, role) = match (call.filled("role"), call.filled("clusterrole")) {
        (Some(role), None) => ("Role", role),
        (None, Some(role)) => ("ClusterRole", role),
        _ => return Err(Failure::error("exactly one of clusterrole or role must be specified")),
    };
    let person = |kind: &'static str| move |name: &String| json!({"apiGroup": GROUP, "kind": kind, "name": name});
    let mut subjects: Vec<Value> = call.texts("user").iter().map(person("User")).chain(call.texts("group").iter().map(person("Group"))).collect();
    for account in call.texts("serviceaccount") {
        match account.split(':').collect::<Vec<_>>().as_slice() {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => {
                subjects.push(json!({"kind": "ServiceAccount", "name": name, "namespace": namespace}));
            }
            _ => return Err(Failure::error("serviceaccount must be <namespace>:<name>")),
        }
    }
    let mut value =
        json!({"apiVersion": VERSION, "kind": kind, "metadata": {"name": name}, "roleRef": {"apiGroup": GROUP, "kind": role_kind, "name": role}});
    if !subjects.is_empty() {
        value["subjects"] = json!(subjects);
    }
    generate(call, env, resources::kind(kind)?, value, &format!("failed to create {}: ", kind.to_ascii_lowercase()))
}
