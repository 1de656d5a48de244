//! `kubectl apply --server-side`.

use std::rc::Rc;

use super::{LAST_APPLIED, file, has_last_applied, placed};
use crate::api::{Value, json};
use crate::cluster::apiserver::{Key, PatchKind};
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{Env, Failure, write_options};
use crate::kubectl::json as json_text;
use crate::kubectl::resources::Named;

pub fn server_apply(call: &Call, one: &Named, dry: DryRun, env: &mut Env) -> Result<(Rc<Value>, &'static str), Failure> {
    let (read, _) = file(one);
    let mut options = write_options(call.filled("field-manager").unwrap_or("kubectl"), dry == DryRun::Server);
    options.root = read.root.clone();
    if one.name.is_empty() {
        return Err(Failure::error("metadata.name is required for server-side apply"));
    }
    let key = Key::new(one.kind, &one.namespace, &one.name);
    let applied_before = has_last_applied(one, env);
    if applied_before && dry == DryRun::None {
        let manager = options.field_manager.clone();
        env.cluster.request(|api, caller| api.take_over_applied(&key, &manager, caller.now));
    }
    match env.apply(one.kind, &one.namespace, placed(one), call.is("force-conflicts"), &options) {
        Ok(object) => {
            // The annotation goes on telling the truth to those who apply in the old way; no other manager touches it (`lastAppliedUpdater`).
            if applied_before && dry == DryRun::None && options.field_manager == "kubectl" {
                // Here it has no annotations where the file has none; the next plain apply finds a difference in that.
                let text = json_text::compact(&placed(one)) + "\n";
                let patch = json!({"metadata": {"annotations": {LAST_APPLIED: text}}});
                let object = env.patch(&key, &patch, PatchKind::Merge, &write_options("kubectl-last-applied", false))?;
                return Ok((object, "serverside-applied"));
            }
            Ok((object, "serverside-applied"))
        }
        Err(status) if status.reason == "Conflict" && !status.causes.is_empty() => Err(Failure::error(format!(
            "{}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n\
             * If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n\
             * If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n\
             * You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\n\
             See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
            status.message
        ))),
        Err(mut status) => {
            if let Some((_, fields)) = status.message.split_once("strict decoding error: ") {
                (status.reason, status.message) = (String::new(), untyped(one, &placed(one), fields));
            }
            Err(status.into())
        }
    }
}

/// Server-side apply reads the object by its schema (`structured-merge-diff`), which has other words for a field that is none and names the items of
/// lists by their keys.
fn untyped(one: &Named, value: &Value, fields: &str) -> String {
    let mut errors: Vec<String> = Vec::new();
    for field in fields.split(", ").filter_map(|f| f.strip_prefix("unknown field \"")?.strip_suffix('"')) {
        let mut shown = String::new();
        let mut here = Some(value);
        for part in field.split('.') {
            let (plain, index) = part.split_once('[').map_or((part, None), |(plain, rest)| (plain, rest.trim_end_matches(']').parse::<usize>().ok()));
            shown.push_str(&format!(".{plain}"));
            here = here.and_then(|h| h.get(plain));
            if let Some(index) = index {
                here = here.and_then(|h| h.get(index));
                match here.and_then(|h| h.get("name")).and_then(Value::as_str) {
                    Some(name) => shown.push_str(&format!("[name={name:?}]")),
                    None => shown.push_str(&format!("[{index}]")),
                }
            }
        }
        errors.push(format!("{shown}: field not declared in schema"));
    }
    let (group, version) = (one.kind.group, one.kind.version);
    let head = format!("failed to create typed patch object ({}/{}; {group}/{version}, Kind={})", one.namespace, one.name, one.kind.kind);
    match errors.as_slice() {
        [error] => format!("{head}: {error}"),
        all => format!("{head}: errors:\n{}", all.iter().map(|e| format!("  {e}\n")).collect::<String>()),
    }
}
