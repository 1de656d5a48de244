//! The tables of `kubectl get`: which columns a kind has, with what the flags add.

use std::rc::Rc;

use crate::api::{Kind, Value, object};
use crate::kubectl::env::Env;
use crate::kubectl::{duration, rows, table};

/// How rows are shown.
#[derive(Clone)]
pub struct Show {
    /// `--server-print=false`: nothing but name and age.
    pub plain: bool,
    pub wide: bool,
    pub headers: bool,
    pub labels: bool,
    pub label_columns: Vec<String>,
    pub namespaces: bool,
    pub kinds: bool,
    pub subresource: String,
    pub events: bool,
}

/// The column of a watch's events is as wide as the longest of them.
pub fn event(text: &str) -> String {
    format!("{text:<8}")
}

fn titles(kind: &'static Kind, show: &Show) -> &'static [&'static str] {
    match show.subresource.as_str() {
        "scale" => &["NAME", "DESIRED", "AVAILABLE", "AGE"],
        "resize" | "ephemeralcontainers" => &["NAME", "AGE"],
        _ if show.plain => &["NAME", "AGE"],
        _ => rows::columns(kind),
    }
}

pub fn header(kind: &'static Kind, show: &Show) -> Vec<String> {
    let mut row: Vec<String> = Vec::new();
    if show.events {
        row.push(event("EVENT"));
    }
    if show.namespaces {
        row.push("NAMESPACE".into());
    }
    row.extend(titles(kind, show).iter().filter(|t| show.wide || !t.starts_with('*')).map(|t| t.trim_start_matches('*').to_owned()));
    row.extend(show.label_columns.iter().map(|l| l.rsplit('/').next().unwrap_or(l).to_ascii_uppercase()));
    if show.labels {
        row.push("LABELS".into());
    }
    row
}

pub fn row(kind: &'static Kind, o: &Value, show: &Show, env: &Env) -> Vec<String> {
    let mut row: Vec<String> = Vec::new();
    if show.namespaces {
        row.push(object::namespace(o).into());
    }
    let cells = if show.subresource == "scale" {
        let old = duration::age(o, env.now());
        vec![object::name(o).into(), rows::number(o, "spec.replicas"), rows::number(o, "status.replicas"), old]
    } else if titles(kind, show) == ["NAME", "AGE"] {
        vec![object::name(o).into(), duration::age(o, env.now())]
    } else {
        rows::cells(kind, o, env.now())
    };
    for (title, mut cell) in titles(kind, show).iter().zip(cells) {
        if *title == "NAME" && show.kinds {
            cell = format!("{}/{cell}", kind.singular_with_group());
        }
        if show.wide || !title.starts_with('*') {
            row.push(cell);
        }
    }
    let label = |name: &String| object::labels(o).and_then(|l| l.get(name)).and_then(Value::as_str).unwrap_or("").to_owned();
    row.extend(show.label_columns.iter().map(label));
    if show.labels {
        row.push(rows::pairs(o, "metadata.labels"));
    }
    row
}

/// One table for each run of a kind, with a blank line between.
pub fn tables(found: &[(&'static Kind, Rc<Value>)], show: &Show, env: &Env, remembered: &mut Vec<usize>) -> String {
    let mut out = String::new();
    let mut at = 0;
    while at < found.len() {
        let kind = found[at].0;
        let end = found[at..].iter().position(|(k, _)| *k != kind).map_or(found.len(), |n| at + n);
        let mut lines: Vec<Vec<String>> = Vec::new();
        if show.headers {
            lines.push(header(kind, show));
        }
        lines.extend(found[at..end].iter().map(|(_, o)| {
            let mut row = row(kind, o, show, env);
            if show.events {
                row.insert(0, event("ADDED"));
            }
            row
        }));
        if at > 0 {
            if show.headers {
                out.push('\n');
            }
            remembered.clear();
        }
        out.push_str(&table::align_remembering(&table::rows(lines), table::GET, remembered));
        at = end;
    }
    out
}
