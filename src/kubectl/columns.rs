//! `-o custom-columns`: a table of paths.

use super::env::Env;
use super::jsonpath::{Template, show};
use super::table;
use crate::api::Value;

#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<(String, Template)>,
}

impl CustomColumns {
    /// `NAME:.metadata.name,IMAGE:.spec.containers[0].image`
    pub fn parse(spec: &str) -> Result<Self, String> {
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let bad = || format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>");
            let (header, path) = part.split_once(':').ok_or_else(bad)?;
            columns.push((header.to_owned(), Template::relaxed(path)?));
        }
        Ok(Self { columns })
    }

    /// A file with a line of headers and a line of paths.
    pub fn parse_file(path: &str, env: &Env) -> Result<Self, String> {
        let text = env.files.get(path).ok_or_else(|| format!("error reading template {path}, open {path}: no such file or directory\n"))?;
        let mut lines = text.lines();
        let headers: Vec<&str> = lines.next().unwrap_or("").split_whitespace().collect();
        let paths: Vec<&str> = lines.next().unwrap_or("").split_whitespace().collect();
        if headers.len() != paths.len() {
            return Err(format!("number of headers ({}) and field specifications ({}) don't match", headers.len(), paths.len()));
        }
        let columns = headers.iter().zip(paths).map(|(h, p)| Ok(((*h).to_owned(), Template::relaxed(p)?)));
        Ok(Self { columns: columns.collect::<Result<_, String>>()? })
    }

    pub fn print<'a>(&self, objects: impl IntoIterator<Item = &'a Value>, headers: bool) -> String {
        let mut rows: Vec<Vec<String>> = Vec::new();
        if headers {
            rows.push(self.columns.iter().map(|(header, _)| header.clone()).collect());
        }
        for object in objects {
            let cell = |template: &Template| {
                let found = template.find(object).unwrap_or_default();
                let texts: Vec<String> = found.into_iter().filter(|v| !v.is_null()).map(go_text).collect();
                if texts.is_empty() { "<none>".into() } else { texts.join(",") }
            };
            rows.push(self.columns.iter().map(|(_, template)| cell(template)).collect());
        }
        table::align(&table::rows(rows), table::GET)
    }
}

/// Custom columns print maps and lists in Go's own form.
fn go_text(value: &Value) -> String {
    match value {
        Value::Object(map) => format!("map[{}]", map.iter().map(|(k, v)| format!("{k}:{}", go_text(v))).collect::<Vec<_>>().join(" ")),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        other => show(other),
    }
}
