//! Candidates for objects that are read but refused: fields, types, quantities, names.

use super::{closest, fix, insert, line_end, line_start, object_of, quoted, replace};
use crate::manifest::client::all_kinds;
use crate::manifest::explain::{last_name, parent_name};
use crate::manifest::source::{Place, find};
use crate::manifest::{Checked, SourceDocument};
use crate::schema::{self, Shape, Type};
use crate::text::{Diagnostic, Fix, Span, TextEdit};
use crate::yaml::{Content, Entry, Node};

pub(super) fn candidates(text: &str, checked: &Checked, diagnostic: &Diagnostic) -> Vec<Fix> {
    let Some(document) = checked.source.documents.get(diagnostic.document) else { return Vec::new() };
    let place = find(&*document.root, &diagnostic.path);
    let arg = |index: usize| diagnostic.args.get(index).map_or("", String::as_str);
    let mut found = Vec::new();
    let object = find(&*document.root, object_of(&diagnostic.path)).node;
    let value = place.node.span;
    let raw = text.get(value.range()).unwrap_or_default();
    match diagnostic.code {
        "explain-unknown-field" => unknown_field(text, document, diagnostic, &mut found),
        "explain-type-string" => found.push(fix("fix-quote", &[raw], vec![replace(value, quoted(raw))])),
        "explain-type-integer" | "explain-port-name" => {
            let bare = raw.trim_matches(['"', '\'']);
            let digits: String = bare.chars().take_while(char::is_ascii_digit).collect();
            if digits == bare {
                found.push(fix("fix-unquote", &[bare], vec![replace(value, bare)]));
            } else if !digits.is_empty() && bare[digits.len()..] == *"s" {
                found.push(fix("fix-value", &[bare, &digits], vec![replace(value, digits.clone())]));
            }
        }
        "explain-type-bool" => {
            let word = match raw.trim_matches(['"', '\'']).to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => "true",
                "false" | "no" | "off" | "0" => "false",
                _ => return found,
            };
            found.push(fix("fix-value", &[raw, word], vec![replace(value, word)]));
        }
        "explain-type-list" => wrap_list(text, &place, diagnostic, &mut found),
        "explain-type-map" => unwrap_list(text, place.node, &mut found),
        "explain-quantity" => quantity(raw, value, &mut found),
        "explain-kind-case" | "explain-unknown-kind-near" => right_kind(object, arg(1), &mut found),
        "explain-wrong-api-version" => replace_top(object, "apiVersion", arg(1), "fix-api-version", &mut found),
        "explain-group-version" => found.extend(super::syntax::slashes(text)),
        "explain-type-object" => wrap_object(document, diagnostic, &place, &mut found),
        "explain-not-set" => add_head(text, object, arg(0), &mut found),
        "explain-required" => required(text, document, diagnostic, &place, &mut found),
        "explain-not-supported" => {
            let bare = raw.trim_matches(['"', '\'']);
            let choices: Vec<&str> = arg(1).split(", ").map(|c| c.trim_matches('"')).collect();
            let near = choices.iter().copied().find(|c| c.eq_ignore_ascii_case(bare)).or_else(|| closest(bare, choices.iter().copied()));
            if let Some(near) = near {
                found.push(fix("fix-value", &[bare, near], vec![replace(value, near)]));
            }
        }
        "explain-duplicate" => {
            if let Some(name) = place.node.as_str() {
                let used: Vec<&str> = strings(&document.root);
                if let Some(free) = (2..20).map(|n| format!("{name}-{n}")).find(|c| !used.contains(&c.as_str())) {
                    found.push(fix("fix-rename-duplicate", &[name, &free], vec![replace(value, free.clone())]));
                }
            }
        }
        "explain-not-found" => {
            if let Some(name) = place.node.as_str() {
                let spec = diagnostic
                    .path
                    .split_once("ontainers[")
                    .map_or("spec.", |(head, _)| head.strip_suffix("initC").or(head.strip_suffix('c')).unwrap_or("spec."));
                let volumes = find(&*document.root, &format!("{spec}volumes"));
                let names: Vec<&str> = volumes.node.items().iter().filter_map(|v| v.get("name")?.as_str()).collect();
                let near = closest(name, names.iter().copied()).or(if let [one] = names.as_slice() { Some(*one) } else { None });
                if let Some(near) = near {
                    found.push(fix("fix-value", &[name, near], vec![replace(value, near)]));
                }
            }
        }
        "explain-request-above-limit" => request_above_limit(text, document, diagnostic, &mut found),
        "explain-subdomain" | "explain-dns-label" | "explain-dns-1035" | "explain-label-value" => {
            let bare = raw.trim_matches(['"', '\'']);
            let lower = if diagnostic.code == "explain-label-value" { bare.to_owned() } else { crate::manifest::validate::lower(bare) };
            let clean: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' }).collect();
            let mut clean = clean.trim_matches(['-', '.', '_']).to_owned();
            if diagnostic.code != "explain-subdomain" && diagnostic.code != "explain-label-value" {
                clean = clean.replace('.', "-");
            }
            if !clean.is_empty() {
                found.push(fix("fix-value", &[bare, &clean], vec![replace(value, clean.clone())]));
            }
        }
        "explain-base64" => {
            let parent = diagnostic.path.rsplit_once('.').map_or("", |(p, _)| p);
            if let (Some(entry), "data") = (find(&*document.root, parent).entry, parent) {
                found.push(fix("fix-string-data", &[], vec![replace(entry.key_span, "stringData")]));
            }
        }
        _ => {}
    }
    found
}

/// The Go struct at a path, with indices or without.
fn type_at(document: &SourceDocument, path: &str) -> Option<&'static Type> {
    let text = |key: &str| document.root.get(key).and_then(Node::as_str).unwrap_or_default();
    let mut owner = schema::kind(text("apiVersion"), text("kind"))?;
    for step in path.split('.').filter(|s| !s.is_empty()) {
        let name = step.split('[').next().unwrap_or_default();
        let field = owner.field(name)?;
        owner = match field.shape {
            Shape::Object(_) => field.object()?,
            Shape::List(Shape::Object(_)) if step.contains('[') => field.object()?,
            _ => return None,
        };
    }
    Some(owner)
}

fn unknown_field(text: &str, document: &SourceDocument, diagnostic: &Diagnostic, found: &mut Vec<Fix>) {
    let parent = diagnostic.path.rsplit_once('.').map_or("", |(p, _)| p);
    let Some(entry) = find(&*document.root, &diagnostic.path).entry else { return };
    let name = entry.key.as_str();
    let Some(owner) = type_at(document, parent) else { return };
    // An exact name at another level beats a near one here.
    let mut above = parent;
    while !above.is_empty() {
        above = above.rsplit_once('.').map_or("", |(p, _)| p);
        if type_at(document, above).is_some_and(|t| t.field(name).is_some()) {
            found.extend(move_to(text, document, entry.key_span, entry.value.span, above, name));
        }
    }
    for sibling in find(&*document.root, parent).node.entries() {
        let Some(field) = owner.field(&sibling.key) else { continue };
        let inner = match field.shape {
            Shape::Object(_) => join(parent, &sibling.key),
            Shape::List(Shape::Object(_)) if sibling.value.items().len() == 1 => format!("{}[0]", join(parent, &sibling.key)),
            _ => continue,
        };
        if field.object().is_some_and(|t| t.field(name).is_some()) {
            found.extend(move_to(text, document, entry.key_span, entry.value.span, &inner, name));
        }
    }
    // A name that was cut short, at either end, as long as only one field can be meant.
    let lower = name.to_ascii_lowercase();
    let mut cut = owner.fields.iter().map(|f| f.name).filter(|f| {
        let field = f.to_ascii_lowercase();
        lower.len() > 3 && (field.starts_with(&lower) || field.ends_with(&lower))
    });
    if let (Some(one), None) = (cut.next(), cut.next()) {
        found.push(fix("fix-rename-field", &[name, one], vec![replace(entry.key_span, one)]));
    }
    if let Some(near) = closest(name, owner.fields.iter().map(|f| f.name)) {
        found.push(fix("fix-rename-field", &[name, near], vec![replace(entry.key_span, near)]));
    }
    // Well-known confusions that no edit distance finds.
    let meant = match (owner.name, name) {
        ("Container", "environment" | "envs" | "envVars") => "env",
        ("Container", "port") => "ports",
        ("Container", "cmd" | "entrypoint") => "command",
        ("Container", "mounts" | "volumes") => "volumeMounts",
        ("ContainerPort", "port" | "targetPort") => "containerPort",
        ("VolumeMount", "path") => "mountPath",
        ("ExecAction", "cmd") => "command",
        ("Probe", "interval" | "period") => "periodSeconds",
        ("Probe", "timeout") => "timeoutSeconds",
        ("Probe", "retries" | "failures") => "failureThreshold",
        ("Probe", "delay") => "initialDelaySeconds",
        ("EnvVar", _) if find(&*document.root, parent).node.entries().len() == 1 => {
            // `- MODE: dev`
            let column = entry.key_span.start - line_start(text, entry.key_span.start);
            let raw = text.get(entry.value.span.range()).unwrap_or_default();
            let value = if raw.starts_with(['"', '\'']) { raw.to_owned() } else { quoted(raw) };
            let whole = Span::new(entry.key_span.start, entry.value.span.end.max(entry.key_span.end));
            let lines = format!("name: {name}\n{}value: {value}", " ".repeat(column));
            found.push(fix("fix-value", &[name, &format!("name: {name}")], vec![replace(whole, lines)]));
            return;
        }
        _ => return,
    };
    found.push(fix("fix-rename-field", &[name, meant], vec![replace(entry.key_span, meant)]));
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() { name.to_owned() } else { format!("{parent}.{name}") }
}

/// Moves the lines of an entry to the end of another mapping, with that one's indentation.
fn move_to(text: &str, document: &SourceDocument, key: Span, value: Span, target: &str, name: &str) -> Option<Fix> {
    let place = find(&*document.root, target);
    let last = place.node.entries().last()?;
    if !place.whole || place.node.flow {
        return None;
    }
    let start = line_start(text, key.start);
    // Only an entry with lines of its own can be moved.
    if !text[start..key.start].trim().is_empty() {
        return None;
    }
    let end = (line_end(text, value.end.max(key.end)) + 1).min(text.len());
    let from = key.start - start;
    let to = last.key_span.start - line_start(text, last.key_span.start);
    let block: String = text[start..end]
        .lines()
        .map(|line| {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            let indent = (blanks + to).saturating_sub(from);
            format!("{}{}\n", " ".repeat(indent), line.trim_start_matches(' '))
        })
        .collect();
    let inside = last.key_span.start <= key.start && key.start <= last.value.span.end;
    let after = if inside { end } else { (line_end(text, last.value.span.end.max(last.key_span.end)) + 1).min(text.len()) };
    let where_to = if target.is_empty() { "(root)" } else { target };
    let edits = if after == end {
        vec![replace(Span::new(start, end), block)]
    } else {
        let lead = if after == text.len() && !text.ends_with('\n') { "\n" } else { "" };
        vec![replace(Span::new(start, end), ""), insert(after, format!("{lead}{block}"))]
    };
    Some(fix("fix-move-field", &[name, where_to], edits))
}

fn wrap_list(text: &str, place: &Place<&Node>, diagnostic: &Diagnostic, found: &mut Vec<Fix>) {
    let span = place.node.span;
    let raw = text.get(span.range()).unwrap_or_default();
    match &place.node.content {
        Content::Mapping(entries) if !place.node.flow => {
            // A dash before the first key, everything else two deeper.
            let Some(first) = entries.first() else { return };
            let mut edits = vec![insert(first.key_span.start, "- ")];
            let mut start = line_end(text, first.key_span.start) + 1;
            let end = entries.last().map_or(span.end, |e| e.value.span.end.max(e.key_span.end));
            while start < end {
                edits.push(insert(start, "  "));
                start = line_end(text, start) + 1;
            }
            found.push(fix("fix-wrap-list", &[], edits));
            // `env: {A: b}` means names and values.
            if last_name(&diagnostic.path) == "env" {
                let edits = entries.iter().flat_map(|e| {
                    let column = e.key_span.start - line_start(text, e.key_span.start);
                    let value = text.get(e.value.span.range()).unwrap_or_default();
                    let value = if value.starts_with(['"', '\'']) { value.to_owned() } else { quoted(value) };
                    vec![replace(e.key_span, format!("- name: {}\n{}value", e.key, " ".repeat(column + 2))), replace(e.value.span, value)]
                });
                found.insert(0, fix("fix-wrap-list", &[], edits.collect()));
            }
        }
        Content::String(value) if matches!(last_name(&diagnostic.path), "imagePullSecrets") => {
            found.push(fix("fix-wrap-list", &[], vec![replace(span, format!("[{{name: {value}}}]"))]))
        }
        Content::String(value) if matches!(last_name(&diagnostic.path), "command" | "args") && value.contains(' ') => {
            let words: Vec<String> = value.split_whitespace().map(quoted).collect();
            found.push(fix("fix-split-words", &[], vec![replace(span, format!("[{}]", words.join(", ")))]));
        }
        Content::Null => {}
        _ => found.push(fix("fix-wrap-list", &[], vec![replace(span, format!("[{raw}]"))])),
    }
}

/// `- app: web` or `app=web` where a mapping is wanted.
fn unwrap_list(text: &str, node: &Node, found: &mut Vec<Fix>) {
    if let Some((key, value)) = node.as_str().and_then(|t| t.split_once('=').or(t.split_once(' '))) {
        let inside = format!("{{{}: {}}}", key.trim(), value.trim());
        found.push(fix("fix-value", &[node.as_str().unwrap_or_default(), &inside], vec![replace(node.span, inside.clone())]));
    }
    if node.flow || node.items().is_empty() {
        return;
    }
    let edits: Vec<TextEdit> = node
        .items()
        .iter()
        .filter_map(|item| {
            let first = item.entries().first()?;
            let dash = text[..first.key_span.start].rfind('-')?;
            text[dash + 1..first.key_span.start].trim().is_empty().then(|| replace(Span::new(dash, dash + 1), " "))
        })
        .collect();
    if edits.len() == node.items().len() {
        found.push(fix("fix-wrap-list", &[], edits));
    }
}

fn quantity(raw: &str, span: Span, found: &mut Vec<Fix>) {
    let bare = raw.trim_matches(['"', '\'']).replace([' ', '_'], "").replace(',', ".");
    let digits = bare.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(bare.len());
    let (number, unit) = bare.split_at(digits);
    if number.is_empty() {
        return;
    }
    let unit = match unit.to_ascii_lowercase().as_str() {
        "" => "",
        "k" | "kb" => "k",
        "ki" | "kib" => "Ki",
        "mi" | "mib" => "Mi",
        "mb" => "M",
        "gi" | "gib" => "Gi",
        "g" | "gb" => "G",
        "t" | "tb" => "T",
        "ti" | "tib" => "Ti",
        "milli" | "mcpu" => "m",
        "core" | "cores" | "cpu" | "cpus" => "",
        _ => return,
    };
    let right = format!("{number}{unit}");
    found.push(fix("fix-quantity", &[raw, &right], vec![replace(span, right.clone())]));
}

/// The kind and, where it belongs to another one, the apiVersion.
fn right_kind(object: &Node, kind: &str, found: &mut Vec<Fix>) {
    replace_top(object, "kind", kind, "fix-kind", found);
    let known = all_kinds().find(|k| k.kind == kind);
    if let (Some(known), Some(written), Some(node)) = (known, object.get("kind"), object.get("apiVersion")) {
        found.push(fix("fix-kind", &[kind], vec![replace(written.span, kind), replace(node.span, known.api_version())]));
    }
}

fn replace_top(object: &Node, key: &str, word: &str, code: &'static str, found: &mut Vec<Fix>) {
    if let Some(node) = object.get(key)
        && !word.is_empty()
    {
        found.push(fix(code, &[word], vec![replace(node.span, word)]));
    }
}

/// A scalar where a mapping is wanted: `ports: [80]`, `env: [A=b]`, `configMapRef: cfg`.
fn wrap_object(document: &SourceDocument, diagnostic: &Diagnostic, place: &Place<&Node>, found: &mut Vec<Fix>) {
    let text = match &place.node.content {
        Content::String(text) => text.clone(),
        Content::Int(number) => number.to_string(),
        _ => return,
    };
    let indexed = if diagnostic.path.ends_with(']') { diagnostic.path.clone() } else { format!("{}[0]", diagnostic.path) };
    let Some(owner) = type_at(document, &diagnostic.path).or_else(|| type_at(document, &indexed)) else { return };
    let number = text.parse::<u16>().is_ok();
    let inside = match owner.name {
        "EnvVar" => match text.split_once('=') {
            Some((name, value)) => format!("name: {name}, value: {}", quoted(value)),
            None => return,
        },
        "ContainerPort" if number => format!("containerPort: {text}"),
        "TCPSocketAction" if number => format!("port: {text}"),
        "ExecAction" => format!("command: [{}]", text.split_whitespace().map(quoted).collect::<Vec<_>>().join(", ")),
        "EnvFromSource" => format!("configMapRef: {{name: {text}}}"),
        "ObjectFieldSelector" => format!("fieldPath: {text}"),
        "SecretVolumeSource" => format!("secretName: {text}"),
        "PersistentVolumeClaimVolumeSource" => format!("claimName: {text}"),
        "HostPathVolumeSource" => format!("path: {text}"),
        _ if owner.field("name").is_some() => format!("name: {text}"),
        _ => return,
    };
    found.push(fix("fix-value", &[&text, &format!("{{{inside}}}")], vec![replace(place.node.span, format!("{{{inside}}}"))]));
}

fn add_head(text: &str, object: &Node, missing: &str, found: &mut Vec<Fix>) {
    let written = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
    let has = |path: &str| find(object, path).whole;
    let kind = match written("kind") {
        "" if has("spec.containers") => "Pod",
        "" if has("spec.template") && written("apiVersion") == "apps/v1" => "Deployment",
        "" if has("spec.ports") && has("spec.selector") => "Service",
        "" if has("data") => "ConfigMap",
        written => written,
    };
    let Some(known) = all_kinds().find(|k| k.kind == kind) else { return };
    let word = if missing == "kind" { kind.to_owned() } else { known.api_version() };
    let mut line = format!("{missing}: {word}");
    if let Some(entry) = object.entry(missing) {
        found.push(fix("fix-add-field", &[&line], vec![give(text, entry, &word)]));
    } else if !object.flow {
        let at = object.span.start;
        // Both may be missing.
        if object.entry("kind").is_none() && missing != "kind" {
            line.extend([", kind: ", kind]);
        }
        let break_line = format!("\n{}", " ".repeat(at - line_start(text, at)));
        let lines = line.replace(", ", &break_line) + &break_line;
        found.push(fix("fix-add-field", &[&line], vec![insert(at, lines)]));
    }
}

/// Another value for a field, which may have none yet.
fn give(text: &str, entry: &Entry, value: &str) -> TextEdit {
    let span = entry.value.span;
    let lead = if span.start == entry.key_span.end || text[..span.start].ends_with(':') { " " } else { "" };
    replace(span, format!("{lead}{value}"))
}

/// A skeleton for a field that is missing or empty.
fn required(text: &str, document: &SourceDocument, diagnostic: &Diagnostic, place: &Place<&Node>, found: &mut Vec<Fix>) {
    let name = last_name(&diagnostic.path);
    let value = match (parent_name(&diagnostic.path), name) {
        (_, "image") => "nginx",
        ("metadata", "name") => "web",
        ("volumes" | "volumeMounts", "name") => "data",
        (_, "name") => "app",
        (_, "containerPort" | "port") => "80",
        (_, "mountPath") => "/data",
        (_, "path") => "/",
        (_, "key") => "key",
        (_, "command") => "[\"true\"]",
        (_, "seconds") => "5",
        (_, "containers") => "",
        _ => return,
    };
    if place.whole {
        if let (Some(entry), false) = (place.entry, value.is_empty()) {
            found.push(fix("fix-add-field", &[&format!("{name}: {value}")], vec![give(text, entry, value)]));
        }
        return;
    }
    let parent = diagnostic.path.rsplit_once('.').map_or("", |(p, _)| p);
    let parent = find(&*document.root, parent);
    if !parent.whole || parent.node.flow {
        return;
    }
    let Some(last) = parent.node.entries().last() else { return };
    let column = last.key_span.start - line_start(text, last.key_span.start);
    let pad = " ".repeat(column);
    let end = line_end(text, last.value.span.end.max(last.key_span.end));
    let block =
        if name == "containers" { format!("\n{pad}containers:\n{pad}- name: app\n{pad}  image: nginx") } else { format!("\n{pad}{name}: {value}") };
    found.push(fix("fix-add-field", &[name], vec![insert(end, block)]));
}

fn request_above_limit(text: &str, document: &SourceDocument, diagnostic: &Diagnostic, found: &mut Vec<Fix>) {
    let resources = diagnostic.path.strip_suffix(".requests").unwrap_or(&diagnostic.path);
    let resource = diagnostic.args.first().map_or("", String::as_str);
    let at = |which: &str| {
        let place = find(&*document.root, &format!("{resources}.{which}"));
        place.node.entry(resource).map(|e| e.value.span)
    };
    let (Some(request), Some(limit)) = (at("requests"), at("limits")) else { return };
    let (asked, most) = (&text[request.range()], &text[limit.range()]);
    found.push(fix("fix-lower-request", &[most], vec![replace(request, most)]));
    found.push(fix("fix-raise-limit", &[asked], vec![replace(limit, asked)]));
}

/// All strings of a tree.
fn strings(node: &Node) -> Vec<&str> {
    match &node.content {
        Content::String(text) => vec![text],
        Content::Sequence(items) => items.iter().flat_map(strings).collect(),
        Content::Mapping(entries) => entries.iter().flat_map(|e| strings(&e.value)).collect(),
        Content::Null | Content::Bool(_) | Content::Int(_) | Content::Uint(_) | Content::Float(_) => Vec::new(),
    }
}
