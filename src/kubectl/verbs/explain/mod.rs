//! `kubectl explain`: the documentation of kinds and fields.

mod wrap;

use crate::api::Kind;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::enum_docs::described;
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::resources::EV;
use crate::manifest::client::all_kinds;
use crate::schema::{self, Field, Type};
use wrap::wrapped;

pub const VERB: Verb = Verb::new(
    "explain",
    "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext] [options]",
    "recursive,R api-version:s output,o:s",
    "Get documentation for a resource.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let path = match call.args.as_slice() {
        [] => {
            return Err(Failure::error(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.",
            ));
        }
        [path] => path,
        _ => return Err(Failure::error("We accept only this format: explain RESOURCE")),
    };
    let mut parts = path.trim_end_matches('.').split('.');
    let first = parts.next().unwrap_or("");
    let mut fields: Vec<&str> = parts.collect();
    if fields.iter().any(|f| f.contains('[')) || path.contains("..") {
        return Err(Failure::error("invalid jsonpath syntax, first node must be field node"));
    }
    if first.is_empty() {
        return Err(Failure::error("invalid jsonpath syntax, first node must be field node"));
    }
    // Kinds that manifests may be of, though nothing is kept of them, are explained where they have a text.
    let lower = first.to_ascii_lowercase();
    let more = || all_kinds().find(|k| [k.plural, k.singular].contains(&lower.as_str()));
    let Some(mut kind) = Kind::by_name(first).or_else(more) else {
        return Err(Failure::raw(format!("the server doesn't have a resource type {first:?}\n"), 1));
    };
    // `deployments.apps.spec`: the group may stand in the path.
    let group: Vec<&str> = kind.group.split('.').filter(|g| !g.is_empty()).collect();
    if !group.is_empty() && fields.starts_with(&group) {
        fields.drain(..group.len());
    }
    if let Some(version) = call.filled("api-version") {
        match crate::api::kinds::KINDS.iter().find(|k| k.plural == kind.plural && k.api_version() == version) {
            Some(found) => kind = found,
            None => {
                let version = if version.contains('/') { version.to_owned() } else { format!("/{version}") };
                return Err(Failure::error(format!("couldn't find resource for \"{version}, Resource={}\"", kind.plural)));
            }
        }
    }
    if let Some(form) = call.filled("output").filter(|o| !matches!(*o, "plaintext" | "plaintext-openapiv2")) {
        return Err(Failure::error(format!("unrecognized format: {form}")));
    }
    let Some(root) = schema::kind(&kind.api_version(), kind.kind) else {
        return Err(not_here(kind));
    };
    if root.doc().is_empty() && Kind::by_name(first).is_none() {
        return Err(not_here(kind));
    }
    if lower == "ev" {
        env.err(EV);
    }
    let mut out = String::new();
    if !kind.group.is_empty() {
        out.push_str(&format!("GROUP:      {}\n", kind.group));
    }
    out.push_str(&format!("KIND:       {}\nVERSION:    {}\n\n", kind.kind, kind.version));
    let mut owner = Some(root);
    let mut field: Option<&'static Field> = None;
    for name in &fields {
        let found = owner.and_then(|o| o.field(name));
        let Some(found) = found else {
            env.out(out);
            let name = if owner.is_some() { fields_missing(root, &fields) } else { name };
            return Err(Failure::error(format!("field {name:?} does not exist")));
        };
        field = Some(found);
        owner = found.object();
    }
    if let Some(field) = field {
        out.push_str(&format!("FIELD: {} <{}>\n", field.name, field.explain_type()));
        if field.values.is_empty() || is_list(field) {
            out.push_str("\n\n");
        } else {
            out.push_str("ENUM:\n");
            for value in field.values {
                out.push_str(&format!("    {}\n", if value.is_empty() { "\"\"" } else { value }));
            }
            out.push('\n');
        }
    }
    out.push_str("DESCRIPTION:\n");
    let mut texts: Vec<String> = Vec::new();
    match field {
        Some(field) => {
            texts.push(described(field));
            texts.extend(field.object().map(|o| o.doc().to_owned()));
            texts.extend(field.wrapper_doc().map(str::to_owned));
        }
        None => texts.push(root.doc().to_owned()),
    }
    texts.retain(|t| !t.is_empty());
    if texts.is_empty() {
        texts.push("<empty>".into());
    }
    for text in texts {
        out.push_str(&wrapped(&text, 4));
    }
    out.push_str("    \n");
    if let Some(object) = owner.filter(|o| !o.fields.is_empty()) {
        out.push_str("FIELDS:\n");
        if call.is("recursive") {
            recursive(object, 1, &mut Vec::new(), &mut out);
        } else {
            for field in object.fields {
                out.push_str(&format!("  {}\t<{}>{}\n", field.name, field.explain_type(), required(object, field)));
                out.push_str(&enumeration(field, 1));
                let doc = described(field);
                out.push_str(&wrapped(if doc.is_empty() { "<no description>" } else { &doc }, 4));
                out.push('\n');
            }
        }
    }
    out.push('\n');
    env.out(out);
    Ok(DONE)
}

fn not_here(kind: &Kind) -> Failure {
    Failure::error(format!("kubectl explain {} is not part of this playground", kind.plural))
}

/// The last name of the path is what kubectl complains of when an earlier one leads nowhere.
fn fields_missing<'a>(_root: &Type, fields: &[&'a str]) -> &'a str {
    fields.last().copied().unwrap_or("")
}

/// The values of a list stand with its items, where kubectl does not look for them.
fn is_list(field: &Field) -> bool {
    field.explain_type().starts_with("[]")
}

fn required(owner: &Type, field: &Field) -> &'static str {
    // The crate's schema calls every kind's metadata required; the server's does not.
    if field.required && (field.explain_type() != "ObjectMeta" || owner.name == "Event") { " -required-" } else { "" }
}

fn enumeration(field: &Field, indent: usize) -> String {
    if field.values.is_empty() || is_list(field) {
        return String::new();
    }
    let shown: Vec<&str> = field.values.iter().take(4).map(|v| if v.is_empty() { "\"\"" } else { v }).collect();
    format!("{}enum: {}{}\n", "  ".repeat(indent), shown.join(", "), if field.values.len() > 4 { ", ...." } else { "" })
}

fn recursive(object: &'static Type, depth: usize, above: &mut Vec<&'static str>, out: &mut String) {
    if above.contains(&object.id) || depth > 24 {
        return;
    }
    above.push(object.id);
    for field in object.fields {
        out.push_str(&format!("{}{}\t<{}>{}\n", "  ".repeat(depth), field.name, field.explain_type(), required(object, field)));
        out.push_str(&enumeration(field, depth));
        if let Some(inner) = field.object() {
            recursive(inner, depth + 1, above, out);
        }
    }
    above.pop();
}
