//! Validation of Jobs and CronJobs.
//!
//! Models `pkg/apis/batch/validation/validation.go`.

use super::workload::pod_template;
use super::{cron, names, not_negative, one_of};
use crate::api::order::SortedSet;
use crate::api::{Selector, Value, object};
use crate::manifest::field::{ErrorKind, ErrorList, FieldError, FieldPath};

const INDEXED_ONLY: &str = "requires indexed completion mode";

/// `old`: what the Job takes the place of; a selector that it had is its own.
pub fn job(job: &Value, old: Option<&Value>, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    job_spec(spec, path, errors);
    let given = spec.get("selector").filter(|s| !s.is_null());
    if let Some(selector) = given {
        super::meta::label_selector(selector, &path.child("selector"), errors);
    }
    // Without `manualSelector` the strategy makes one that fits.
    if object::bool_at(spec, "manualSelector") == Some(true) {
        if given.is_none() {
            errors.push(FieldError::required(&path.child("selector"), ""));
        }
        let labels = object::map_at(spec, "template.metadata.labels");
        if given.is_none_or(|s| !Selector::from_value(s).matches(labels)) {
            let shown = labels.map_or(Value::Null, |l| Value::Object(l.clone()));
            errors.push(FieldError::invalid(&path.child("template.metadata.labels"), shown, "`selector` does not match template `labels`"));
        }
    } else if let Some(selector) =
        given.filter(|s| !Selector::from_value(s).is_empty() && old.and_then(|o| object::at(o, "spec.selector")) != Some(s))
    {
        errors.push(FieldError::invalid(&path.child("selector"), selector.clone(), "`selector` not auto-generated"));
    }
    if object::str_at(spec, "completionMode") == Some("Indexed")
        && let Some(completions) = object::i64_at(spec, "completions").filter(|c| *c > 0)
    {
        // The last Pod's host name.
        let host = format!("{}-{}", object::name(job), completions - 1);
        if !names::label(&host).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {host}");
            errors.push(FieldError::invalid(&FieldPath::new("metadata.name"), object::name(job), detail));
        }
    }
}

fn job_spec(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let number = |field: &str| object::i64_at(spec, field);
    let there = |field: &str| spec.get(field).filter(|f| !f.is_null());
    for field in ["parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished", "backoffLimitPerIndex"] {
        not_negative(spec, field, path, errors);
    }
    if number("maxFailedIndexes").is_some() {
        not_negative(spec, "maxFailedIndexes", path, errors);
        if number("backoffLimitPerIndex").is_none() {
            errors.push(FieldError::required(&path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
        }
    }
    if let Some(manager) = object::str_at(spec, "managedBy") {
        managed_by(manager, &path.child("managedBy"), errors);
    }
    let mode = object::str_at(spec, "completionMode").unwrap_or("NonIndexed");
    one_of(mode, &["NonIndexed", "Indexed"], &path.child("completionMode"), errors);
    if mode == "Indexed" {
        match number("completions") {
            None => errors.push(FieldError::required(&path.child("completions"), "when completion mode is Indexed")),
            Some(_) => {
                if let Some(parallelism) = number("parallelism").filter(|p| *p > 100_000) {
                    let detail = "must be less than or equal to 100000 when completion mode is Indexed";
                    errors.push(FieldError::invalid(&path.child("parallelism"), parallelism, detail));
                }
            }
        }
    }
    if mode == "NonIndexed" {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(number) = number(field) {
                errors.push(FieldError::invalid(&path.child(field), number, INDEXED_ONLY));
            }
        }
    }
    if let Some(policy) = there("podFailurePolicy") {
        failure_policy(policy, spec, &path.child("podFailurePolicy"), errors);
    }
    if let Some(policy) = there("successPolicy") {
        success_policy(policy, spec, mode, &path.child("successPolicy"), errors);
    }
    if let Some(policy) = object::str_at(spec, "podReplacementPolicy") {
        let allowed: &[&str] = if there("podFailurePolicy").is_some() { &["Failed"] } else { &["Failed", "TerminatingOrFailed"] };
        one_of(policy, allowed, &path.child("podReplacementPolicy"), errors);
    }
    let template = spec.get("template").unwrap_or(&Value::Null);
    pod_template(template, &path.child("template"), errors);
    let at = path.child("template.spec.restartPolicy");
    match object::str_at(template, "spec.restartPolicy").unwrap_or("") {
        // `Always` is what nothing becomes.
        "" | "Always" => errors.push(FieldError::required(&at, "valid values: \"OnFailure\", \"Never\"")),
        policy @ "OnFailure" if there("podFailurePolicy").is_some() => {
            errors.push(FieldError::invalid(&at, policy, "only \"Never\" is supported when podFailurePolicy is specified"));
        }
        "OnFailure" | "Never" => {}
        other => errors.push(FieldError::not_supported(&at, other, &["OnFailure", "Never"])),
    }
}

/// `IsDomainPrefixedPath`: `example.com/manager`.
fn managed_by(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    if text.is_empty() {
        errors.push(FieldError::required(path, ""));
    } else {
        match text.split_once('/') {
            None | Some(("", _) | (_, "")) => {
                errors.push(FieldError::invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")"));
            }
            Some((host, rest)) => {
                for message in names::subdomain(host) {
                    errors.push(FieldError::invalid(path, host, message));
                }
                if !rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b)) {
                    errors.push(FieldError::invalid(path, rest, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"));
                }
            }
        }
    }
    if text.len() > 63 {
        errors.push(FieldError::too_long(path, 63));
    }
}

/// An error of the kind Invalid that shows no value.
fn invalid_whole(path: &FieldPath, detail: &str) -> FieldError {
    FieldError { kind: ErrorKind::Invalid, ..FieldError::required(path, detail) }
}

fn failure_policy(policy: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const ACTIONS: [&str; 4] = ["Count", "FailIndex", "FailJob", "Ignore"];
    let rules = object::list_at(policy, "rules");
    let path = path.child("rules");
    if rules.len() > 20 {
        errors.push(FieldError::too_many(&path, rules.len(), 20));
    }
    for (index, rule) in rules.iter().enumerate() {
        let path = path.index(index);
        let at = path.child("action");
        match object::str_at(rule, "action").unwrap_or("") {
            "" => errors.push(FieldError::required(&at, valid_values(&ACTIONS))),
            "FailIndex" => {
                if object::i64_at(spec, "backoffLimitPerIndex").is_none() {
                    errors.push(FieldError::invalid(&at, "FailIndex", "requires the backoffLimitPerIndex to be set"));
                }
            }
            action => one_of(action, &ACTIONS, &at, errors),
        }
        let codes = rule.get("onExitCodes").filter(|c| !c.is_null());
        let conditions = object::list_at(rule, "onPodConditions");
        if let Some(codes) = codes {
            exit_codes(codes, spec, &path.child("onExitCodes"), errors);
        }
        pod_conditions(conditions, &path.child("onPodConditions"), errors);
        match (codes.is_some(), conditions.is_empty()) {
            (true, false) => errors.push(invalid_whole(&path, "specifying both OnExitCodes and OnPodConditions is not supported")),
            (false, true) => errors.push(invalid_whole(&path, "specifying one of OnExitCodes and OnPodConditions is required")),
            _ => {}
        }
    }
}

/// Go's `%q` of a list.
fn valid_values(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|v| format!("{v:?}")).collect();
    format!("valid values: [{}]", quoted.join(" "))
}

fn pod_conditions(conditions: &[Value], path: &FieldPath, errors: &mut ErrorList) {
    const STATUSES: [&str; 3] = ["False", "True", "Unknown"];
    if conditions.len() > 20 {
        errors.push(FieldError::too_many(path, conditions.len(), 20));
    }
    for (index, condition) in conditions.iter().enumerate() {
        let path = path.index(index);
        let kind = object::str_at(condition, "type").unwrap_or("");
        for message in names::qualified_name(kind) {
            errors.push(FieldError::invalid(&path.child("type"), kind, message));
        }
        match object::str_at(condition, "status").unwrap_or("") {
            "" => errors.push(FieldError::required(&path.child("status"), valid_values(&STATUSES))),
            status => one_of(status, &STATUSES, &path.child("status"), errors),
        }
    }
}

fn exit_codes(codes: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const OPERATORS: [&str; 2] = ["In", "NotIn"];
    let operator = object::str_at(codes, "operator").unwrap_or("");
    match operator {
        "" => errors.push(FieldError::required(&path.child("operator"), valid_values(&OPERATORS))),
        operator => one_of(operator, &OPERATORS, &path.child("operator"), errors),
    }
    if let Some(name) = object::str_at(codes, "containerName") {
        let mut known = ["containers", "initContainers"].iter().flat_map(|l| object::list_at(spec, &format!("template.spec.{l}")));
        if !known.any(|c| object::str_at(c, "name") == Some(name)) {
            let detail = "must be one of the container or initContainer names in the pod template";
            errors.push(FieldError::invalid(&path.child("containerName"), name, detail));
        }
    }
    let values: Vec<i64> = object::list_at(codes, "values").iter().filter_map(Value::as_i64).collect();
    let path = path.child("values");
    let shown = codes.get("values").cloned().unwrap_or(Value::Null);
    if values.is_empty() {
        errors.push(FieldError::invalid(&path, shown.clone(), "at least one value is required"));
    } else if values.len() > 255 {
        errors.push(FieldError::too_many(&path, values.len(), 255));
    }
    let mut seen = SortedSet::new();
    for (index, code) in values.iter().enumerate() {
        if operator == "In" && *code == 0 {
            errors.push(FieldError::invalid(&path.index(index), *code, "must not be 0 for the In operator"));
        }
        if !seen.insert(*code) {
            errors.push(FieldError::duplicate(&path.index(index), *code));
        }
    }
    if !values.is_sorted() {
        errors.push(FieldError::invalid(&path, shown, "must be ordered"));
    }
}

fn success_policy(policy: &Value, spec: &Value, mode: &str, path: &FieldPath, errors: &mut ErrorList) {
    if mode != "Indexed" {
        errors.push(FieldError::invalid(path, policy.clone(), INDEXED_ONLY));
        return;
    }
    let rules = object::list_at(policy, "rules");
    let path = path.child("rules");
    if rules.is_empty() {
        errors.push(FieldError::required(&path, "at least one rules must be specified when the successPolicy is specified"));
    }
    if rules.len() > 20 {
        errors.push(FieldError::too_many(&path, rules.len(), 20));
    }
    let completions = object::i64_at(spec, "completions").unwrap_or(0);
    for (index, rule) in rules.iter().enumerate() {
        let path = path.index(index);
        let count = object::i64_at(rule, "succeededCount");
        if count.is_none() && object::str_at(rule, "succeededIndexes").is_none() {
            errors.push(FieldError::required(&path, "at least one of succeededCount or succeededIndexes must be specified"));
        }
        not_negative(rule, "succeededCount", &path, errors);
        if let Some(count) = count.filter(|c| *c > completions) {
            let detail = format!("must be less than or equal to {completions} (the number of specified completions)");
            errors.push(FieldError::invalid(&path.child("succeededCount"), count, detail));
        }
    }
}

pub fn cron_job(job: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let schedule = object::str_at(spec, "schedule").unwrap_or("");
    let at = path.child("schedule");
    if schedule.is_empty() {
        errors.push(FieldError::required(&at, ""));
    } else {
        if let Some(why) = cron::problem(schedule) {
            errors.push(FieldError::invalid(&at, schedule, why));
        }
        if schedule.contains("TZ") {
            errors.push(FieldError::invalid(&at, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"));
        }
    }
    not_negative(spec, "startingDeadlineSeconds", path, errors);
    if let Some(zone) = object::str_at(spec, "timeZone") {
        if zone.is_empty() {
            errors.push(FieldError::invalid(&path.child("timeZone"), zone, "timeZone must be nil or non-empty string"));
        } else if zone.eq_ignore_ascii_case("Local") {
            errors.push(FieldError::invalid(
                &path.child("timeZone"),
                zone,
                "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
            ));
        } else if !is_time_zone(zone) {
            errors.push(FieldError::invalid(&path.child("timeZone"), zone, format!("unknown time zone {zone}")));
        }
    }
    let policy = object::str_at(spec, "concurrencyPolicy").unwrap_or("");
    one_of(policy, &["Allow", "Forbid", "Replace"], &path.child("concurrencyPolicy"), errors);
    let template = path.child("jobTemplate.spec");
    let job_template = object::at(spec, "jobTemplate.spec").unwrap_or(&Value::Null);
    job_spec(job_template, &template, errors);
    if let Some(selector) = job_template.get("selector").filter(|s| !s.is_null()) {
        errors.push(FieldError::invalid(&template.child("selector"), selector.clone(), "`selector` will be auto-generated"));
    }
    if object::bool_at(job_template, "manualSelector") == Some(true) {
        errors.push(FieldError::not_supported(&template.child("manualSelector"), true, &["nil", "false"]));
    }
    not_negative(spec, "successfulJobsHistoryLimit", path, errors);
    not_negative(spec, "failedJobsHistoryLimit", path, errors);
    if object::name(job).len() > 52 {
        errors.push(FieldError::invalid(&FieldPath::new("metadata.name"), object::name(job), "must be no more than 52 characters"));
    }
}

/// Whether a name has the shape of the time zone database: its table is too large to carry, its regions are not.
fn is_time_zone(zone: &str) -> bool {
    const REGIONS: [&str; 13] =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "Etc", "US", "Canada"];
    match zone.split_once('/') {
        Some((region, city)) => REGIONS.contains(&region) && city.starts_with(|c: char| c.is_ascii_uppercase()),
        None => zone.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '+') && zone.starts_with(|c: char| c.is_ascii_uppercase()),
    }
}
