//! Validation of handlers: probes and lifecycle hooks.

use super::{names, port_number};
use crate::api::{Value, object};
use crate::manifest::field::{ErrorList, FieldPath};

/// Exactly one handler, checked in the server's order. `last` is `grpc` for probes and `sleep` for hooks.
fn handler(handler: &Value, last: &'static str, grace: i64, path: &FieldPath, errors: &mut ErrorList) {
    let mut found = 0;
    for kind in ["exec", "httpGet", "tcpSocket", last] {
        let Some(action) = handler.get(kind).filter(|a| !a.is_null()) else { continue };
        let path = path.child(kind);
        if found > 0 {
            errors.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        found += 1;
        match kind {
            "exec" if object::list_at(action, "command").is_empty() => errors.required_at(&path, "command", ""),
            "httpGet" => http_get(action, &path, errors),
            "tcpSocket" => port(action, &path, errors),
            "grpc" => port_number(object::i64_at(action, "port").unwrap_or(0), &path.child("port"), errors),
            "sleep" => {
                let seconds = object::i64_at(action, "seconds").unwrap_or(0);
                if seconds < 0 || seconds > grace {
                    let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
                    errors.invalid(&path, seconds, detail);
                }
            }
            _ => {}
        }
    }
    if found == 0 {
        errors.required(path, "must specify a handler type");
    }
}

fn http_get(action: &Value, path: &FieldPath, errors: &mut ErrorList) {
    if object::str_at(action, "path").unwrap_or("").is_empty() {
        errors.required_at(path, "path", "");
    }
    port(action, path, errors);
    let scheme = object::str_at(action, "scheme").unwrap_or("");
    if !matches!(scheme, "HTTP" | "HTTPS") {
        errors.not_supported_at(path, "scheme", scheme, &["HTTP", "HTTPS"]);
    }
    for header in object::list_at(action, "httpHeaders") {
        let name = object::str_at(header, "name").unwrap_or("");
        if !names::is_http_header(name) {
            errors.invalid_at(path, "httpHeaders", name, names::HTTP_HEADER);
        }
    }
}

fn port(action: &Value, path: &FieldPath, errors: &mut ErrorList) {
    let path = path.child("port");
    match action.get("port") {
        Some(Value::String(name)) => {
            for message in names::port_name(name) {
                errors.invalid(&path, name.as_str(), message);
            }
        }
        other => port_number(other.and_then(Value::as_i64).unwrap_or(0), &path, errors),
    }
}

pub fn lifecycle(lifecycle: &Value, grace: i64, path: &FieldPath, errors: &mut ErrorList) {
    for hook in ["postStart", "preStop"] {
        if let Some(action) = lifecycle.get(hook).filter(|h| !h.is_null()) {
            handler(action, "sleep", grace, &path.child(hook), errors);
        }
    }
}

/// Which of the three probes; each has rules of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Liveness,
    Readiness,
    Startup,
}

pub fn probe(probe: &Value, which: Which, path: &FieldPath, errors: &mut ErrorList) {
    handler(probe, "grpc", 0, path, errors);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        let number = object::i64_at(probe, field).unwrap_or(0);
        if number < 0 {
            errors.invalid_at(path, field, number, "must be greater than or equal to 0");
        }
    }
    let grace = object::i64_at(probe, "terminationGracePeriodSeconds");
    if let Some(grace) = grace.filter(|g| *g <= 0) {
        errors.invalid_at(path, "terminationGracePeriodSeconds", grace, "must be greater than 0");
    }
    match which {
        Which::Liveness | Which::Startup => {
            let threshold = object::i64_at(probe, "successThreshold").unwrap_or(1);
            if threshold != 1 {
                errors.invalid_at(path, "successThreshold", threshold, "must be 1");
            }
        }
        Which::Readiness => {
            if let Some(grace) = grace {
                errors.invalid_at(path, "terminationGracePeriodSeconds", grace, "must not be set for readinessProbes");
            }
        }
    }
}
