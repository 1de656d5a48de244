//! Validation of Jobs and CronJobs.
//!
//! Models `pkg/apis/batch/validation/validation.go`.

use super::workload::{is_broken, matches_template, pod_template};
use super::{cron, meta, names, not_negative, one_of, zones};
use crate::api::order::SortedSet;
use crate::api::{Selector, Value, object};
use crate::manifest::admission::dry_run;
use crate::manifest::field::{ErrorKind, ErrorList, FieldError, FieldPath};
use crate::yaml::go_quote;

const INDEXED_ONLY: &str = "requires indexed completion mode";

pub fn job(job: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let given = spec.get("selector").filter(|s| !s.is_null());
    if let Some(selector) = given.filter(|_| object::bool_at(spec, "manualSelector") != Some(true)) {
        generated_selector(job, spec, selector, path, errors);
    }
    job_spec(spec, path, errors);
    match given {
        None => errors.required_at(path, "selector", ""),
        Some(selector) => meta::label_selector(selector, &path.child("selector"), errors),
    }
    if !is_broken(given) {
        matches_template(given, spec.get("template").unwrap_or(&Value::Null), &path.child("template"), errors);
    }
    if object::str_at(spec, "completionMode") == Some("Indexed")
        && let Some(completions) = object::i64_at(spec, "completions").filter(|c| *c > 0)
    {
        // The last Pod's host name.
        let host = format!("{}-{}", object::name(job), completions - 1);
        if !names::label(&host).is_empty() {
            let detail = format!("will not able to create pod with invalid DNS label: {host}");
            errors.invalid(&FieldPath::new("metadata.name"), object::name(job), detail);
        }
    }
}

/// `validateGeneratedSelector`: the labels that the server gave are there, and the selector chooses by them.
fn generated_selector(job: &Value, spec: &Value, selector: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let uid = match object::uid(job) {
        "" => dry_run::LABEL_UID,
        uid => uid,
    };
    let expected = [
        ("controller-uid", uid),
        ("job-name", object::name(job)),
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", object::name(job)),
    ];
    let labels = object::map_at(spec, "template.metadata.labels");
    for (key, value) in expected {
        let at = path.child("template.metadata.labels").key(key);
        match labels.and_then(|l| l.get(key)).and_then(Value::as_str) {
            None => errors.required(&at, format!("must be '{value}'")),
            Some(given) if given == value => {}
            Some(_) => {
                let shown = labels.map_or(Value::Null, |l| Value::Object(l.clone()));
                errors.invalid(&at, shown, format!("must be '{value}'"));
            }
        }
    }
    let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect();
    if !is_broken(Some(selector)) && !Selector::from_value(selector).matches(Some(&expected)) {
        errors.push(meta::invalid_selector(&path.child("selector"), selector, "`selector` not auto-generated"));
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
            errors.required_at(path, "backoffLimitPerIndex", "when maxFailedIndexes is specified");
        }
    }
    if let Some(manager) = object::str_at(spec, "managedBy") {
        managed_by(manager, &path.child("managedBy"), errors);
    }
    let mode = object::str_at(spec, "completionMode").unwrap_or("NonIndexed");
    one_of(mode, &["NonIndexed", "Indexed"], &path.child("completionMode"), errors);
    if mode == "Indexed" {
        indexed(spec, path, errors);
    }
    if mode == "NonIndexed" {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if let Some(number) = number(field) {
                errors.invalid_at(path, field, number, INDEXED_ONLY);
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
        "" | "Always" => errors.required(&at, "valid values: \"OnFailure\", \"Never\""),
        policy @ "OnFailure" if there("podFailurePolicy").is_some() => {
            errors.invalid(&at, policy, "only \"Never\" is supported when podFailurePolicy is specified");
        }
        "OnFailure" | "Never" => {}
        other => errors.not_supported(&at, other, &["OnFailure", "Never"]),
    }
}

/// The bounds of a Job that counts its Pods.
fn indexed(spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const MANY: i64 = 100_000;
    const MOST: i64 = 10_000;
    let number = |field: &str| object::i64_at(spec, field);
    let completions = number("completions");
    let above = |field: &'static str, most: i64, detail: &str, errors: &mut ErrorList| {
        if let Some(value) = number(field).filter(|value| *value > most) {
            errors.invalid_at(path, field, value, detail);
        }
    };
    if completions.is_none() {
        errors.required_at(path, "completions", "when completion mode is Indexed");
    }
    above("parallelism", MANY, "must be less than or equal to 100000 when completion mode is Indexed", errors);
    if let Some(completions) = completions {
        above("maxFailedIndexes", completions, "must be less than or equal to completions", errors);
    }
    above("maxFailedIndexes", MANY, "must be less than or equal to 100000", errors);
    if completions.is_some_and(|c| c > MANY) && number("backoffLimitPerIndex").is_some() {
        if number("maxFailedIndexes").is_none() {
            errors.required_at(path, "maxFailedIndexes", "must be specified when completions is above 100000");
        }
        let detail = "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
        above("parallelism", MOST, detail, errors);
        above("maxFailedIndexes", MOST, detail, errors);
    }
}

fn managed_by(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    domain_prefixed(text, path, errors);
    if text.len() > 63 {
        errors.push(FieldError::too_long(path, 63));
    }
}

/// `IsDomainPrefixedPath`: `example.com/manager`.
pub fn domain_prefixed(text: &str, path: &FieldPath, errors: &mut ErrorList) {
    if text.is_empty() {
        errors.required(path, "");
    } else {
        match text.split_once('/') {
            None | Some(("", _) | (_, "")) => {
                errors.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")");
            }
            Some((host, rest)) => {
                for message in names::subdomain(host) {
                    errors.invalid(path, host, message);
                }
                if !rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&b)) {
                    errors.invalid(path, rest, "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
                }
            }
        }
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
            "" => errors.required(&at, valid_values(&ACTIONS)),
            "FailIndex" => {
                if object::i64_at(spec, "backoffLimitPerIndex").is_none() {
                    errors.invalid(&at, "FailIndex", "requires the backoffLimitPerIndex to be set");
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
            errors.invalid_at(&path, "type", kind, message);
        }
        match object::str_at(condition, "status").unwrap_or("") {
            "" => errors.required_at(&path, "status", valid_values(&STATUSES)),
            status => one_of(status, &STATUSES, &path.child("status"), errors),
        }
    }
}

fn exit_codes(codes: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    const OPERATORS: [&str; 2] = ["In", "NotIn"];
    let operator = object::str_at(codes, "operator").unwrap_or("");
    match operator {
        "" => errors.required_at(path, "operator", valid_values(&OPERATORS)),
        operator => one_of(operator, &OPERATORS, &path.child("operator"), errors),
    }
    if let Some(name) = object::str_at(codes, "containerName") {
        let mut known = ["containers", "initContainers"].iter().flat_map(|l| object::list_at(spec, &format!("template.spec.{l}")));
        if !known.any(|c| object::str_at(c, "name") == Some(name)) {
            let detail = "must be one of the container or initContainer names in the pod template";
            errors.invalid_at(path, "containerName", name, detail);
        }
    }
    let values: Vec<i64> = object::list_at(codes, "values").iter().filter_map(Value::as_i64).collect();
    let path = path.child("values");
    let shown = codes.get("values").cloned().unwrap_or(Value::Null);
    if values.is_empty() {
        errors.invalid(&path, shown.clone(), "at least one value is required");
    } else if values.len() > 255 {
        errors.push(FieldError::too_many(&path, values.len(), 255));
    }
    let mut seen = SortedSet::new();
    for (index, code) in values.iter().enumerate() {
        if operator == "In" && *code == 0 {
            errors.invalid(&path.index(index), *code, "must not be 0 for the In operator");
        }
        if !seen.insert(*code) {
            errors.duplicate(&path.index(index), *code);
        }
    }
    if !values.is_sorted() {
        errors.invalid(&path, shown, "must be ordered");
    }
}

fn success_policy(policy: &Value, spec: &Value, mode: &str, path: &FieldPath, errors: &mut ErrorList) {
    if mode != "Indexed" {
        errors.push(FieldError::invalid(path, shown_rules(policy), INDEXED_ONLY).bare());
        return;
    }
    let rules = object::list_at(policy, "rules");
    let path = path.child("rules");
    if rules.is_empty() {
        errors.required(&path, "at least one rules must be specified when the successPolicy is specified");
    }
    if rules.len() > 20 {
        errors.push(FieldError::too_many(&path, rules.len(), 20));
    }
    let completions = object::i64_at(spec, "completions").unwrap_or(0);
    for (index, rule) in rules.iter().enumerate() {
        let path = path.index(index);
        let count = object::i64_at(rule, "succeededCount");
        if count.is_none() && object::str_at(rule, "succeededIndexes").is_none() {
            errors.required(&path, "at least one of succeededCount or succeededIndexes must be specified");
        }
        let indexes = object::str_at(rule, "succeededIndexes");
        let total = indexes.map(|text| {
            let at = path.child("succeededIndexes");
            if text.len() > 64 * 1024 {
                errors.push(FieldError::too_long(&at, 64 * 1024));
            }
            count_indexes(text, completions).unwrap_or_else(|why| {
                errors.invalid(&at, text, format!("error parsing succeededIndexes: {why}"));
                0
            })
        });
        not_negative(rule, "succeededCount", &path, errors);
        let most =
            [(Some(completions), "the number of specified completions"), (total, "the number of indexes in the specified succeededIndexes field")];
        for (most, what) in most {
            if let (Some(count), Some(most)) = (count, most)
                && count > most
            {
                let detail = format!("must be less than or equal to {most} ({what})");
                errors.invalid_at(&path, "succeededCount", count, detail);
            }
        }
    }
}

/// Go's own rendering of a success policy.
fn shown_rules(policy: &Value) -> String {
    let rules = object::list_at(policy, "rules").iter().map(|rule| {
        let of = |field: &str| rule.get(field).unwrap_or(&Value::Null).to_string();
        format!("{{\"SucceededIndexes\":{},\"SucceededCount\":{}}}", of("succeededIndexes"), of("succeededCount"))
    });
    format!("{{\"Rules\":[{}]}}", rules.collect::<Vec<_>>().join(","))
}

/// How many indexes `1,3-5` names (`validateIndexesFormat`).
fn count_indexes(text: &str, completions: i64) -> Result<i64, String> {
    let number = |text: &str| -> Result<i64, String> {
        let number = text.parse::<i64>().map_err(|_| format!("cannot convert string to integer for index: {}", go_quote(text)))?;
        if number >= completions { Err(format!("too large index: {}", go_quote(text))) } else { Ok(number) }
    };
    let order = |previous: i64, current: i64| format!("non-increasing order, previous: {previous}, current: {current}");
    let (mut last, mut total) = (None, 0);
    for part in text.split(',').filter(|_| !text.is_empty()) {
        let ends: Vec<&str> = part.split('-').collect();
        if ends.len() > 2 {
            let why = "violates the requirement that an index interval can have at most two parts separated by '-'";
            return Err(format!("the fragment {} {why}", go_quote(part)));
        }
        let from = number(ends[0])?;
        let to = ends.get(1).map_or(Ok(from), |end| number(end))?;
        if ends.len() > 1 && from >= to {
            return Err(order(from, to));
        }
        if let Some(last) = last.filter(|last| *last >= from) {
            return Err(order(last, from));
        }
        total += to - from + 1;
        last = Some(to);
    }
    Ok(total)
}

pub fn cron_job(job: &Value, spec: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let schedule = object::str_at(spec, "schedule").unwrap_or("");
    let at = path.child("schedule");
    if schedule.is_empty() {
        errors.required(&at, "");
    } else {
        if let Some(why) = cron::problem(schedule) {
            errors.invalid(&at, schedule, why);
        }
        if schedule.contains("TZ") {
            errors.invalid(&at, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        }
    }
    not_negative(spec, "startingDeadlineSeconds", path, errors);
    if let Some(zone) = object::str_at(spec, "timeZone") {
        time_zone(zone, &path.child("timeZone"), errors);
    }
    let policy = object::str_at(spec, "concurrencyPolicy").unwrap_or("");
    one_of(policy, &["Allow", "Forbid", "Replace"], &path.child("concurrencyPolicy"), errors);
    let template = path.child("jobTemplate.spec");
    let job_template = object::at(spec, "jobTemplate.spec").unwrap_or(&Value::Null);
    job_spec(job_template, &template, errors);
    if let Some(selector) = job_template.get("selector").filter(|s| !s.is_null()) {
        errors.push(meta::invalid_selector(&template.child("selector"), selector, "`selector` will be auto-generated"));
    }
    if object::bool_at(job_template, "manualSelector") == Some(true) {
        errors.not_supported_at(&template, "manualSelector", true, &["nil", "false"]);
    }
    not_negative(spec, "successfulJobsHistoryLimit", path, errors);
    not_negative(spec, "failedJobsHistoryLimit", path, errors);
    if object::name(job).len() > 52 {
        errors.invalid(&FieldPath::new("metadata.name"), object::name(job), "must be no more than 52 characters");
    }
}

fn time_zone(zone: &str, path: &FieldPath, errors: &mut ErrorList) {
    let unknown = || format!("unknown time zone {zone}");
    let part = |p: &str| {
        !matches!(p, "" | "." | "..")
            && p.len() <= 14
            && !p.starts_with('-')
            && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'))
    };
    if zone.is_empty() {
        errors.invalid(path, zone, "timeZone must be nil or non-empty string");
    } else if !zone.split('/').all(part) {
        errors.invalid(path, zone, unknown());
    } else if zone.eq_ignore_ascii_case("Local") {
        let detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        errors.invalid(path, zone, detail);
        if zone != "Local" {
            errors.invalid(path, zone, unknown());
        }
    } else if !zones::is_known(zone) {
        errors.invalid(path, zone, unknown());
    }
}
