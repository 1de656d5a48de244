//! `-o custom-columns`: a table of paths.

use super::env::Env;
use super::jsonpath::{Template, go_show, relaxed};
use super::table;
use crate::api::Value;

#[derive(Clone, Debug)]
pub struct CustomColumns {
    columns: Vec<(String, Template)>,
    /// Why a path is none. It is told after the headers, which are printed before paths are read (`CustomColumnsPrinter.PrintObj`).
    pub problem: Option<String>,
}

impl CustomColumns {
    /// `NAME:.metadata.name,IMAGE:.spec.containers[0].image`
    pub fn parse(spec: &str) -> Result<Self, String> {
        let bad = |part: &str| format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>");
        Self::of(spec.split(',').map(|part| part.split_once(':').ok_or_else(|| bad(part))).collect::<Result<_, _>>()?)
    }

    fn of(pairs: Vec<(&str, &str)>) -> Result<Self, String> {
        let mut found = Self { columns: Vec::new(), problem: None };
        for (header, path) in pairs {
            let template = Template::parse(&relaxed(path)?);
            found.problem = found.problem.or(template.as_ref().err().cloned());
            found.columns.push((header.to_owned(), template.unwrap_or_default()));
        }
        Ok(found)
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
        Self::of(headers.into_iter().zip(paths).collect())
    }

    pub fn print<'a>(&self, objects: impl IntoIterator<Item = &'a Value>, headers: bool) -> String {
        let mut rows: Vec<Vec<String>> = Vec::new();
        if headers {
            rows.push(self.columns.iter().map(|(header, _)| header.clone()).collect());
        }
        for object in objects.into_iter().filter(|_| self.problem.is_none()) {
            let cell = |template: &Template| {
                let found = template.find(object).unwrap_or_default();
                let texts: Vec<String> = found.into_iter().map(go_show).collect();
                if texts.is_empty() { "<none>".into() } else { texts.join(",") }
            };
            rows.push(self.columns.iter().map(|(_, template)| cell(template)).collect());
        }
        // As they are: only the table printer keeps to first lines.
        let text: String = rows.iter().map(|row| row.join("\t") + "\n").collect();
        table::align(&text, table::GET)
    }
}
