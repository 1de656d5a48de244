//! `-o`: which form of output is wanted, and one printer for each.

use super::call::Call;
use super::columns::CustomColumns;
use super::env::{Env, Failure};
use super::go_template::GoTemplate;
use super::jsonpath::Template;
use super::{json, kyaml};
use crate::api::{Kind, Value, object};
use crate::yaml::go_quote;

#[derive(Clone, Debug)]
pub enum Form {
    Table { wide: bool },
    Json,
    Yaml,
    Kyaml,
    Name,
    JsonPath { template: Template, text: String, as_json: bool },
    GoTemplate(GoTemplate),
    Columns(CustomColumns),
}

/// What the get command offers; other verbs lack the tables.
const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,template,templatefile";

/// The form that `-o` (and `--template`) ask for. `tables`: whether `wide` and custom columns are there (`get`).
pub fn form(call: &Call, env: &Env, tables: bool) -> Result<Form, Failure> {
    // A template alone is one of Go (`KubeTemplatePrintFlags.ToPrinter`).
    let alone = call.filled("template").map(|_| "go-template");
    let Some(output) = call.filled("output").or(alone) else { return Ok(Form::Table { wide: false }) };
    let (name, argument) = match output.split_once('=') {
        Some((name, argument)) => (name, Some(argument.to_owned())),
        None => (output, call.filled("template").map(str::to_owned)),
    };
    let file = |path: Option<String>, env: &Env| -> Result<Option<String>, Failure> {
        let Some(path) = path else { return Ok(None) };
        let missing = || Failure::error(format!("error reading --template {path}, open {path}: no such file or directory\n"));
        env.files.get(&path).cloned().map(Some).ok_or_else(missing)
    };
    let lower = name.to_ascii_lowercase();
    let jsonpath = |text: Option<String>, as_json| {
        let text = text.filter(|t| !t.is_empty()).ok_or_else(|| Failure::error("template format specified but no template given"))?;
        let mut template = Template::parse(&text).map_err(|e| Failure::error(format!("error parsing jsonpath {text}, {e}")))?;
        template.strict = call.text("allow-missing-template-keys") == Some("false");
        Ok(Form::JsonPath { template, text, as_json })
    };
    let template = |text: Option<String>| {
        let text = text.ok_or_else(|| Failure::error("template format specified but no template given"))?;
        let parsed = GoTemplate::parse(&text).map_err(|e| Failure::error(format!("error parsing template {text}, {e}")))?;
        Ok(Form::GoTemplate(parsed))
    };
    let lower = if output.contains('=') && matches!(lower.as_str(), "json" | "yaml" | "kyaml" | "name" | "wide") { output.to_owned() } else { lower };
    match lower.as_str() {
        "json" => Ok(Form::Json),
        "yaml" => Ok(Form::Yaml),
        "kyaml" => Ok(Form::Kyaml),
        "name" => Ok(Form::Name),
        "wide" if tables => Ok(Form::Table { wide: true }),
        "jsonpath" => jsonpath(argument, false),
        "jsonpath-as-json" => jsonpath(argument, true),
        "jsonpath-file" => jsonpath(file(argument, env)?, false),
        "go-template" | "template" => template(argument),
        "go-template-file" | "templatefile" => template(file(argument, env)?),
        "custom-columns" | "custom-columns-file" if tables => {
            let missing = || Failure::error("custom-columns format specified but no custom columns given");
            let argument = argument.filter(|a| !a.is_empty()).ok_or_else(missing)?;
            let columns = if lower == "custom-columns" { CustomColumns::parse(&argument) } else { CustomColumns::parse_file(&argument, env) };
            columns.map(Form::Columns).map_err(Failure::error)
        }
        _ => {
            let formats = if tables { format!("custom-columns,custom-columns-file,{FORMATS},wide,yaml") } else { format!("{FORMATS},yaml") };
            Err(Failure::error(format!("unable to match a printer suitable for the output format {output:?}, allowed formats are: {formats}")))
        }
    }
}

/// Go's `%#v` of decoded JSON.
fn go_syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => go_quote(text),
        Value::Array(items) => format!("[]interface {{}}{{{}}}", items.iter().map(go_syntax).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let fields: Vec<String> = map.iter().map(|(key, value)| format!("{}:{}", go_quote(key), go_syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", fields.join(", "))
        }
    }
}

/// `pod/web`
pub fn name_of(kind: &Kind, object: &Value) -> String {
    let name = object::name(object);
    format!("{}/{}", kind.singular_with_group(), if name.is_empty() { "<unknown>" } else { name })
}

/// An object (or a List of them) in a form that is no table.
pub fn print(form: &Form, value: &Value) -> Result<String, Failure> {
    Ok(match form {
        Form::Json => json::pretty(value, 4) + "\n",
        Form::Yaml => crate::yaml::print(value),
        Form::Kyaml => kyaml::print(value),
        Form::JsonPath { template, text, as_json } => {
            let failed = |e: String| {
                let what = format!("error executing jsonpath {text:?}: Error executing template: {e}.");
                let object = go_syntax(value);
                let more = format!(
                    "Printing more information for debugging the template:\n\ttemplate was:\n\t\t{text}\n\tobject given to jsonpath engine was:\n\t\t{object}\n\n\n"
                );
                Failure::error(format!("{what} {more}"))
            };
            if *as_json {
                let found: Vec<Value> = template.find(value).map_err(failed)?.into_iter().cloned().collect();
                json::pretty(&Value::Array(found), 4) + "\n"
            } else {
                template.text(value).map_err(failed)?
            }
        }
        Form::GoTemplate(template) => template.text(value).map_err(|e| Failure::error(format!("error executing template: {e}")))?,
        Form::Columns(columns) => columns.print(std::iter::once(value), true),
        Form::Name | Form::Table { .. } => {
            let kind = Kind::find(object::api_version(value), object::kind(value));
            kind.map(|kind| name_of(kind, value) + "\n").unwrap_or_default()
        }
    })
}

/// What `create`, `label`, `scale` and their like print of one object: `pod/web created`, or what `-o` asks for.
pub fn print_done(call: &Call, env: &mut Env, kind: &Kind, value: &Value, did: &str) -> Result<(), Failure> {
    let form = form(call, env, false)?;
    let text = match form {
        Form::Table { .. } => format!("{} {did}\n", name_of(kind, value)),
        Form::Name => format!("{}\n", name_of(kind, value)),
        form => print(&form, &shown(call, value))?,
    };
    env.out(text);
    Ok(())
}

/// Like [`print_done`], for what kubectl holds as a Go struct: its JSON has the order of the struct.
pub fn print_typed(call: &Call, env: &mut Env, kind: &Kind, value: &Value, did: &str) -> Result<(), Failure> {
    if matches!(form(call, env, false)?, Form::Json) {
        env.out(json::typed(&shown(call, value), Some(4)) + "\n");
        return Ok(());
    }
    print_done(call, env, kind, value, did)
}

/// The object as it is shown: without `managedFields`, unless they are asked for.
pub fn shown(call: &Call, value: &Value) -> Value {
    let mut value = value.clone();
    if !call.is("show-managed-fields") {
        object::remove(&mut value, "metadata.managedFields");
    }
    value
}
