//! Validation of roles and of what binds them.
//!
//! Models `pkg/apis/rbac/validation/validation.go`.

use super::{meta, names, workload};
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

const GROUP: &str = "rbac.authorization.k8s.io";

pub fn role(role: &Value, namespaced: bool, errors: &mut ErrorList) {
    for (index, rule) in object::list_at(role, "rules").iter().enumerate() {
        policy_rule(rule, namespaced, &FieldPath::new("rules").index(index), errors);
    }
    let Some(aggregation) = role.get("aggregationRule").filter(|a| !a.is_null() && !namespaced) else { return };
    let path = FieldPath::new("aggregationRule.clusterRoleSelectors");
    let selectors = object::list_at(aggregation, "clusterRoleSelectors");
    if selectors.is_empty() {
        errors.required(&path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    }
    for (index, selector) in selectors.iter().enumerate() {
        meta::label_selector(selector, &path.index(index), errors);
        if workload::is_broken(Some(selector)) {
            // What failed to be read is shown, and so nothing.
            errors.invalid(&path.index(index), Value::Null, "invalid label selector.");
        }
    }
}

fn policy_rule(rule: &Value, namespaced: bool, path: &FieldPath, errors: &mut ErrorList) {
    let list = |field: &str| object::list_at(rule, field);
    if list("verbs").is_empty() {
        errors.required_at(path, "verbs", "verbs must contain at least one value");
    }
    let urls = list("nonResourceURLs");
    if !urls.is_empty() {
        let mut wrong = |detail: &str| errors.invalid_at(path, "nonResourceURLs", urls.to_vec(), detail);
        if namespaced {
            wrong("namespaced rules cannot apply to non-resource URLs");
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|field| !list(field).is_empty()) {
            wrong("rules cannot apply to both regular resources and non-resource URLs");
        }
        return;
    }
    if list("apiGroups").is_empty() {
        errors.required_at(path, "apiGroups", "resource rules must supply at least one api group");
    }
    if list("resources").is_empty() {
        errors.required_at(path, "resources", "resource rules must supply at least one resource");
    }
}

pub fn binding(binding: &Value, namespaced: bool, errors: &mut ErrorList) {
    let text = |value, field| object::str_at(value, field).unwrap_or("");
    let group = text(binding, "roleRef.apiGroup");
    if group != GROUP {
        errors.not_supported(&FieldPath::new("roleRef.apiGroup"), group, &[GROUP]);
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    super::one_of(text(binding, "roleRef.kind"), kinds, &FieldPath::new("roleRef.kind"), errors);
    super::name_errors(text(binding, "roleRef.name"), names::path_segment, &FieldPath::new("roleRef.name"), errors);
    for (index, subject) in object::list_at(binding, "subjects").iter().enumerate() {
        let path = FieldPath::new("subjects").index(index);
        let (name, group) = (text(subject, "name"), text(subject, "apiGroup"));
        if name.is_empty() {
            errors.required_at(&path, "name", "");
        }
        match text(subject, "kind") {
            "ServiceAccount" => {
                for message in names::subdomain(name).into_iter().filter(|_| !name.is_empty()) {
                    errors.invalid_at(&path, "name", name, message);
                }
                if !group.is_empty() {
                    errors.not_supported_at(&path, "apiGroup", group, &[""]);
                }
                if !namespaced && text(subject, "namespace").is_empty() {
                    errors.required_at(&path, "namespace", "");
                }
            }
            "User" | "Group" => {
                if group != GROUP {
                    errors.not_supported_at(&path, "apiGroup", group, &[GROUP]);
                }
            }
            other => errors.not_supported_at(&path, "kind", other, &["ServiceAccount", "User", "Group"]),
        }
    }
}
