//! Completion: what may be typed at a place of the text.

use super::client::all_kinds;
use super::context::{Context, context};
use crate::api::order::InOrder as _;
use crate::schema::{Field, Shape, Type};
use crate::text::floor_boundary;

/// What kind of thing a completion inserts; the editor shows an icon for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionKind {
    Field,
    Value,
    Snippet,
}

/// One thing that may be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What the list shows: `livenessProbe`.
    pub label: String,
    /// The text that replaces what is typed of the word so far (from [`start_of_word`] to the cursor).
    pub insert: String,
    pub kind: CompletionKind,
    /// The type: `[]ContainerPort`, `string`, …; "required" is added where it is.
    pub detail: String,
    /// The field for [`super::hover::doc`], e.g. `Container.image`; empty for what has no documentation.
    pub doc_key: String,
}

/// What may be typed at a byte of the text; the fields that are required come first.
pub fn complete(text: &str, offset: usize) -> Vec<Completion> {
    let offset = floor_boundary(text, offset);
    let context = context(text, offset);
    let Some(line) = context.line() else { return Vec::new() };
    let before = &text[line.start..offset.max(line.start)];
    if before.trim_start().starts_with('#') || before.contains(" #") {
        return Vec::new();
    }
    let mut found = if line.key.is_some() && offset > line.key_span.end { values(&context, text) } else { keys(&context, offset) };
    let typed = text[start_of_word(text, offset)..offset].to_ascii_lowercase();
    found.retain(|c| matches(&c.label, &typed));
    found
}

/// Whether the letters that are typed occur in this order.
fn matches(label: &str, typed: &str) -> bool {
    let mut letters = label.chars().flat_map(|c| Some(c.to_ascii_lowercase()));
    typed.chars().all(|wanted| letters.any(|c| c == wanted))
}

/// The byte where the word at the cursor begins.
pub fn start_of_word(text: &str, offset: usize) -> usize {
    let end = floor_boundary(text, offset);
    text[..end]
        .rfind(|c: char| c.is_whitespace() || matches!(c, ':' | '{' | '[' | ',' | '"' | '\''))
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8))
}

fn value(label: &str, detail: &str) -> Completion {
    Completion { label: label.into(), insert: label.into(), kind: CompletionKind::Value, detail: detail.into(), doc_key: String::new() }
}

fn snippet(label: &str, insert: String) -> Completion {
    Completion { label: label.into(), insert, kind: CompletionKind::Snippet, detail: String::new(), doc_key: String::new() }
}

/// Values for the key of the line.
fn values(context: &Context<'_>, text: &str) -> Vec<Completion> {
    let Some((line, key)) = context.line().and_then(|line| Some((line, line.key?))) else { return Vec::new() };
    if context.levels.is_empty() {
        match key {
            "apiVersion" => {
                let mut versions: Vec<String> = all_kinds().map(|k| k.api_version()).collect();
                versions.order();
                versions.dedup();
                return versions.iter().map(|v| value(v, "")).collect();
            }
            "kind" => return all_kinds().map(|k| value(k.kind, &k.api_version())).collect(),
            _ => {}
        }
    }
    let Some(owner) = context.owner() else { return Vec::new() };
    let Some(field) = owner.field(key) else { return Vec::new() };
    if owner.name == "VolumeMount" && key == "name" {
        return volume_names(text, context).into_iter().map(|name| value(&name, "volume")).collect();
    }
    // Behind a colon on the same line only scalars and short lists have their place.
    if !line.value.is_empty() && matches!(field.shape, Shape::Object(_) | Shape::List(_) | Shape::Map(_)) {
        return Vec::new();
    }
    match field.shape {
        Shape::Bool => vec![value("true", "boolean"), value("false", "boolean")],
        Shape::String => field.values.iter().filter(|v| !v.is_empty()).map(|v| value(v, field.name)).collect(),
        _ => Vec::new(),
    }
}

/// The names under the Pod's `volumes`.
fn volume_names(text: &str, context: &Context<'_>) -> Vec<String> {
    let depth = context.names().strip_suffix("containers.volumeMounts").map(str::to_owned);
    let Some(prefix) = depth else { return Vec::new() };
    let mut names = Vec::new();
    for line in &context.lines {
        if line.key == Some("name") && !line.value.is_empty() {
            let place = super::context::context(text, line.start + line.column);
            if place.names() == format!("{prefix}volumes") {
                names.push(line.value.trim_matches(['"', '\'']).to_owned());
            }
        }
    }
    names
}

/// Keys that may stand at the cursor.
fn keys(context: &Context<'_>, offset: usize) -> Vec<Completion> {
    let Some(line) = context.line() else { return Vec::new() };
    let column = if line.key.is_none() && line.value.is_empty() && line.dashes.is_empty() { offset - line.start } else { line.column };
    let mut found = Vec::new();
    if context.root.is_none() && context.levels.is_empty() {
        let siblings = context.siblings(column);
        let head = ["apiVersion: ", "kind: ", "metadata:\n  name: ", "spec:\n  "];
        found.extend(head.iter().filter_map(|insert| {
            let label = insert.split(':').next().unwrap_or_default();
            let missing = !siblings.contains(&label);
            missing.then(|| Completion {
                label: label.into(),
                insert: (*insert).into(),
                kind: CompletionKind::Field,
                detail: String::new(),
                doc_key: String::new(),
            })
        }));
        if siblings.is_empty() {
            found.push(snippet("Pod", POD.into()));
        }
        return found;
    }
    if let Some((Shape::List(item), Some(field))) = context.shape() {
        // Under a list's key: its items.
        return items(field, item, column);
    }
    let Some(owner) = context.owner() else { return found };
    let siblings = context.siblings(column);
    let mut fields: Vec<&'static Field> =
        owner.fields.iter().filter(|f| !siblings.contains(&f.name) && (f.name != "status" || !context.levels.is_empty())).collect();
    fields.order_by_key(|f| (!f.required, rank(owner, f.name), f.name));
    found.extend(fields.into_iter().map(|field| key(owner, field, column)));
    // A list may begin at its key's own column.
    if let Some(open) = open_list(context, column)
        && let Shape::List(item) = &open.shape
    {
        found.splice(0..0, items(open, item, column));
    }
    found.extend(snippets(owner, &siblings, column));
    found
}

/// The list key right above, at the same column, that has no item yet.
fn open_list(context: &Context<'_>, column: usize) -> Option<&'static Field> {
    let above = context.lines[..context.current].iter().rev().find(|l| l.key.is_some() || !l.value.is_empty() || !l.dashes.is_empty())?;
    if above.column != column || !above.value.is_empty() {
        return None;
    }
    context.owner()?.field(above.key?).filter(|f| matches!(f.shape, Shape::List(_)))
}

fn key(owner: &'static Type, field: &'static Field, column: usize) -> Completion {
    let pad = " ".repeat(column);
    let insert = match &field.shape {
        Shape::List(item) => format!("{}:\n{pad}- {}", field.name, first_key(item)),
        Shape::Object(_) | Shape::Map(_) => format!("{}:\n{pad}  ", field.name),
        _ => format!("{}: ", field.name),
    };
    let required = if field.required { ", required" } else { "" };
    Completion {
        label: field.name.into(),
        insert,
        kind: CompletionKind::Field,
        detail: format!("{}{required}", field.explain_type()),
        doc_key: format!("{}.{}", owner.id, field.name),
    }
}

/// The first key of a list's item: `name: ` for a container.
fn first_key(item: &Shape) -> String {
    let Some(owner) = item.object() else { return String::new() };
    let first = owner.fields.iter().filter(|f| f.required && matches!(f.shape, Shape::String | Shape::Int32 | Shape::Int64 | Shape::IntOrString));
    first.min_by_key(|f| rank(owner, f.name)).map_or_else(String::new, |f| format!("{}: ", f.name))
}

fn items(field: &'static Field, item: &Shape, column: usize) -> Vec<Completion> {
    let pad = " ".repeat(column);
    let insert = match field.name {
        "containers" | "initContainers" => format!("- name: \n{pad}  image: "),
        _ => format!("- {}", first_key(item)),
    };
    vec![snippet("-", insert)]
}

/// What people write often comes before what they seldom write.
fn rank(owner: &Type, field: &str) -> usize {
    let order: &[&str] = match owner.name {
        "Container" => {
            &["name", "image", "command", "args", "ports", "env", "resources", "volumeMounts", "readinessProbe", "livenessProbe", "startupProbe"]
        }
        "PodSpec" => &["containers", "volumes", "initContainers", "restartPolicy", "nodeSelector"],
        "ObjectMeta" => &["name", "namespace", "labels", "annotations"],
        "Pod" | "Deployment" | "Service" => &["apiVersion", "kind", "metadata", "spec"],
        "ContainerPort" => &["containerPort", "name"],
        "Probe" => &["httpGet", "exec", "tcpSocket", "initialDelaySeconds", "periodSeconds"],
        "EnvVar" | "Volume" | "VolumeMount" => &["name", "value", "mountPath", "emptyDir", "configMap"],
        _ => &[],
    };
    order.iter().position(|name| *name == field).unwrap_or(order.len())
}

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    image: nginx\n";

/// Whole blocks for what is tedious to type.
fn snippets(owner: &Type, siblings: &[&str], column: usize) -> Vec<Completion> {
    let blocks: &[(&str, &str, &str)] = match owner.name {
        "Container" => &[
            ("readinessProbe", "readinessProbe (HTTP)", "readinessProbe:\n  httpGet:\n    path: /\n    port: 80\n  periodSeconds: 5"),
            (
                "livenessProbe",
                "livenessProbe (HTTP)",
                "livenessProbe:\n  httpGet:\n    path: /\n    port: 80\n  initialDelaySeconds: 5\n  periodSeconds: 10",
            ),
            ("livenessProbe", "livenessProbe (exec)", "livenessProbe:\n  exec:\n    command:\n    - cat\n    - /tmp/healthy\n  periodSeconds: 5"),
            (
                "startupProbe",
                "startupProbe (HTTP)",
                "startupProbe:\n  httpGet:\n    path: /\n    port: 80\n  failureThreshold: 30\n  periodSeconds: 2",
            ),
            ("ports", "ports (one)", "ports:\n- containerPort: 80"),
            ("env", "env (one)", "env:\n- name: NAME\n  value: \"value\""),
            ("env", "env (from ConfigMap)", "env:\n- name: NAME\n  valueFrom:\n    configMapKeyRef:\n      name: config\n      key: key"),
            (
                "resources",
                "resources (both)",
                "resources:\n  requests:\n    cpu: 100m\n    memory: 64Mi\n  limits:\n    cpu: 200m\n    memory: 128Mi",
            ),
            ("volumeMounts", "volumeMounts (one)", "volumeMounts:\n- name: data\n  mountPath: /data"),
        ],
        "PodSpec" => &[
            ("containers", "containers (one)", "containers:\n- name: app\n  image: nginx"),
            ("volumes", "volumes (emptyDir)", "volumes:\n- name: data\n  emptyDir: {}"),
            ("volumes", "volumes (ConfigMap)", "volumes:\n- name: config\n  configMap:\n    name: config"),
            ("initContainers", "initContainers (one)", "initContainers:\n- name: init\n  image: busybox\n  command: [sh, -c, echo ready]"),
        ],
        _ => &[],
    };
    let pad = format!("\n{}", " ".repeat(column));
    blocks.iter().filter(|(field, _, _)| !siblings.contains(field)).map(|(_, label, block)| snippet(label, block.replace('\n', &pad))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels at the `|` of a text.
    fn labels(marked: &str) -> Vec<String> {
        let offset = marked.find('|').expect("a cursor");
        let text = marked.replacen('|', "", 1);
        complete(&text, offset).into_iter().map(|c| c.label).collect()
    }

    #[test]
    fn fields_values_and_blocks_are_offered_where_they_may_stand() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: app\n    ";
        let in_container = labels(&format!("{pod}|\n"));
        assert!(in_container.contains(&"image".into()) && in_container.contains(&"livenessProbe (HTTP)".into()));
        assert!(!in_container.contains(&"name".into()), "name is there already");
        assert_eq!(labels(&format!("{pod}imagePullP|"))[0], "imagePullPolicy");
        assert_eq!(labels(&format!("{pod}imagePullPolicy: |")), ["Always", "IfNotPresent", "Never"]);
        assert_eq!(labels(&format!("{pod}tty: t|")), ["true"]);
        assert_eq!(labels("apiVersion: v1\nkind: Po|")[0], "Pod");
        assert!(labels("|").contains(&"apiVersion".into()));
        assert_eq!(labels(&format!("{pod}ports:\n    - con|"))[0], "containerPort");
        let mount = "volumeMounts:\n    - name: |\n  volumes:\n  - name: data\n    emptyDir: {}\n";
        assert_eq!(labels(&format!("{pod}{mount}")), ["data"]);
    }
}
