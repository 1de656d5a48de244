//! `kubectl describe` of roles and their bindings.
//!
//! Models `RoleDescriber`, `ClusterRoleDescriber`, `RoleBindingDescriber` and `ClusterRoleBindingDescriber`, and `kubectl/pkg/util/rbac`:
//! a rule is taken apart into one resource each, and what then differs by verbs alone is one line.

use super::{Page, text};
use crate::api::Value;
use crate::api::object::{list_at, name};
use crate::api::order::InOrder as _;

/// One line of a role's table. Either a resource or a URL is empty.
#[derive(PartialEq)]
struct Line<'a> {
    group: &'a str,
    resource: &'a str,
    url: &'a str,
    named: &'a str,
    verbs: Vec<&'a str>,
}

fn words<'a>(o: &'a Value, field: &str) -> Vec<&'a str> {
    list_at(o, field).iter().filter_map(Value::as_str).collect()
}

/// Name, labels, annotations: these pages show no namespace.
fn head(page: &mut Page, o: &Value) {
    page.field(0, "Name", name(o));
    page.pairs(0, "Labels", o, "metadata.labels");
    page.annotations(0, o, "metadata.annotations");
}

pub fn role(page: &mut Page, o: &Value) -> bool {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for rule in list_at(o, "rules") {
        let verbs = words(rule, "verbs");
        let mut names = words(rule, "resourceNames");
        if names.is_empty() {
            names.push("");
        }
        for group in words(rule, "apiGroups") {
            for resource in words(rule, "resources") {
                names.iter().for_each(|named| add(&mut lines, group, resource, named, &verbs));
            }
        }
        // URLs stay apart, one line for each verb: only resources are put together again.
        for url in words(rule, "nonResourceURLs") {
            lines.extend(verbs.iter().map(|verb| Line { group: "", resource: "", url, named: "", verbs: vec![verb] }));
        }
    }
    lines.order_by_key(sort_text);
    head(page, o);
    page.line(0, "PolicyRule:");
    page.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    page.line(1, "---------\t-----------------\t--------------\t-----");
    for line in &lines {
        // `pods.apps/log`: the group stands between a resource and its subresource.
        let (plain, sub) = line.resource.split_once('/').map_or((line.resource, None), |(plain, sub)| (plain, Some(sub)));
        let dot = if line.group.is_empty() { "" } else { "." };
        let sub = sub.map(|s| format!("/{s}")).unwrap_or_default();
        page.line(1, format!("{plain}{dot}{}{sub}\t[{}]\t[{}]\t[{}]", line.group, line.url, line.named, line.verbs.join(" ")));
    }
    false
}

fn add<'a>(lines: &mut Vec<Line<'a>>, group: &'a str, resource: &'a str, named: &'a str, verbs: &[&'a str]) {
    let same = |l: &&mut Line<'_>| l.url.is_empty() && (l.group, l.resource, l.named) == (group, resource, named);
    match lines.iter_mut().find(same) {
        Some(line) => {
            for verb in verbs {
                if !line.verbs.contains(verb) {
                    line.verbs.push(verb);
                }
            }
        }
        None => lines.push(Line { group, resource, url: "", named, verbs: verbs.to_vec() }),
    }
}

/// Rules are sorted by the text that protobuf makes of them (`PolicyRule.String`).
fn sort_text(line: &Line<'_>) -> String {
    let list = |item: &str, there: bool| if there { format!("[{item}]") } else { "[]".into() };
    let verbs = format!("[{}]", line.verbs.join(" "));
    let resource = line.url.is_empty();
    let (groups, resources) = (list(line.group, resource), list(line.resource, resource));
    format!(
        "&PolicyRule{{Verbs:{verbs},APIGroups:{groups},Resources:{resources},ResourceNames:{},NonResourceURLs:{},}}",
        list(line.named, !line.named.is_empty()),
        list(line.url, !resource)
    )
}

pub fn binding(page: &mut Page, o: &Value) -> bool {
    head(page, o);
    page.line(0, "Role:");
    page.field(1, "Kind", text(o, "roleRef.kind"));
    page.field(1, "Name", text(o, "roleRef.name"));
    page.line(0, "Subjects:");
    page.line(1, "Kind\tName\tNamespace");
    page.line(1, "----\t----\t---------");
    for subject in list_at(o, "subjects") {
        page.line(1, format!("{}\t{}\t{}", text(subject, "kind"), text(subject, "name"), text(subject, "namespace")));
    }
    false
}
