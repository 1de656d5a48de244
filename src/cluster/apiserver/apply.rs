//! Server-side apply: which manager owns which field, and conflicts between them.
//!
//! Models `apimachinery/pkg/util/managedfields` in outline: ownership is a set of leaf paths per manager, kept beside the objects; lists of
//! structs are keyed by the schema's merge key.

use super::{ApiServer, Caller, Key, PatchKind, WriteOptions, Written};
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Kind, SimTime, Status, Value, object};
use crate::schema::{self, Field, Shape, Type};

/// What one manager owns of one object.
#[derive(Clone, Debug)]
struct Owner {
    manager: String,
    applied: bool,
    at: SimTime,
    paths: SortedSet<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Ownership {
    owners: SortedMap<Key, Vec<Owner>>,
}

impl Ownership {
    fn owner(&mut self, key: &Key, manager: &str, applied: bool, now: SimTime) -> &mut Owner {
        let owners = self.owners.entry(key.clone()).or_default();
        let index = owners.iter().position(|o| o.manager == manager && o.applied == applied).unwrap_or_else(|| {
            owners.push(Owner { manager: manager.into(), applied, at: now, paths: SortedSet::new() });
            owners.len() - 1
        });
        owners[index].at = now;
        &mut owners[index]
    }

    /// People's writes are tracked; components own what they write, but nobody contests it here.
    pub fn created(&mut self, key: &Key, paths: SortedSet<String>, now: SimTime, options: &WriteOptions) {
        self.owner(key, &options.field_manager, false, now).paths = paths;
    }

    pub fn updated(&mut self, key: &Key, old: &Value, new: &Value, now: SimTime, options: &WriteOptions) {
        if !options.field_manager.starts_with("kubectl") || !options.subresource.is_empty() {
            return;
        }
        let (before, after) = (leaves(key.kind, old), leaves(key.kind, new));
        let changed: SortedSet<String> = after.into_iter().filter(|(path, value)| before.get(path) != Some(value)).map(|(path, _)| path).collect();
        for owner in self.owners.get_mut(key).into_iter().flatten() {
            owner.paths.retain(|path| !changed.contains(path));
        }
        self.owner(key, &options.field_manager, false, now).paths.extend(changed);
    }

    /// What one manager updated another has applied from now on (`csaupgrade.UpgradeManagedFields`), but for the path `except`.
    fn migrate(&mut self, key: &Key, from: &str, to: &str, except: &str, now: SimTime) {
        let owners = self.owners.entry(key.clone()).or_default();
        let Some(at) = owners.iter().position(|o| o.manager == from && !o.applied) else { return };
        let mut paths = owners.remove(at).paths;
        paths.retain(|path| path != except);
        self.owner(key, to, true, now).paths.extend(paths);
    }

    pub fn removed(&mut self, key: &Key) {
        self.owners.remove(key);
    }
}

impl ApiServer {
    /// What kubectl does before it applies on the server for the first time what it applied itself before.
    pub fn take_over_applied(&mut self, key: &Key, manager: &str, now: SimTime) {
        const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
        let Some(object) = self.at(key) else { return };
        if object::map_at(object, "metadata.annotations").is_some_and(|a| a.contains_key(ANNOTATION)) {
            let except = format!(".metadata.annotations.{ANNOTATION}");
            self.ownership.migrate(key, "kubectl-client-side-apply", manager, &except, now);
        }
    }

    /// Server-side apply. `force` takes fields over from other managers.
    pub fn apply(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
        force: bool,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.refuse_if_stopped()?;
        let key = Key::new(kind, namespace, object::name(&object));
        let manager = options.field_manager.clone();
        let wanted = leaves(kind, &object);
        // The write itself is nobody's "update": ownership is set below.
        let inner = WriteOptions { field_manager: String::new(), ..options.clone() };
        let Some(old) = self.at(&key).cloned() else {
            let written = self.create(caller, kind, namespace, object, &inner)?;
            if !options.dry_run {
                self.ownership.owner(&key, &manager, true, caller.now).paths = wanted.into_keys().collect();
            }
            return Ok(written);
        };
        let live = leaves(kind, &old);
        if !force {
            self.refuse_conflicts(&key, &manager, &wanted, &live)?;
        }
        let owners = self.ownership.owners.get(&key).map_or(&[][..], Vec::as_slice);
        let mine = owners.iter().find(|o| o.applied && o.manager == manager).map(|o| o.paths.clone()).unwrap_or_default();
        let elsewhere = |path: &String| owners.iter().any(|o| !(o.applied && o.manager == manager) && o.paths.contains(path));
        let dropped: Vec<String> = mine.into_iter().filter(|path| !wanted.contains_key(path) && !elsewhere(path)).collect();
        let mut base = (*old).clone();
        for path in &dropped {
            cut(&mut base, path);
        }
        let mut merged = base;
        super::strategic::apply(kind, &mut merged, &object);
        let patch = merged;
        let written = if options.dry_run {
            self.patch(caller, &key, &patch, PatchKind::Merge, &inner)?
        } else {
            let written = self.update(caller, kind, namespace, patch, &inner)?;
            for owner in self.ownership.owners.get_mut(&key).into_iter().flatten().filter(|o| !(o.applied && o.manager == manager)) {
                owner.paths.retain(|path| wanted.get(path).is_none_or(|value| live.get(path) == Some(value)));
            }
            self.ownership.owner(&key, &manager, true, caller.now).paths = wanted.into_keys().collect();
            written
        };
        Ok(written)
    }

    fn refuse_conflicts(&self, key: &Key, manager: &str, wanted: &SortedMap<String, Value>, live: &SortedMap<String, Value>) -> Result<(), Status> {
        let mut conflicts: Vec<(String, Vec<&String>)> = Vec::new();
        for owner in self.ownership.owners.get(key).into_iter().flatten().filter(|o| !(o.applied && o.manager == manager)) {
            let contested: Vec<&String> =
                wanted.iter().filter(|(p, v)| owner.paths.contains(*p) && live.get(*p) != Some(v)).map(|(p, _)| p).collect();
            if !contested.is_empty() {
                let who =
                    if owner.applied { format!("{:?}", owner.manager) } else { format!("{:?} using {}", owner.manager, key.kind.api_version()) };
                conflicts.push((who, contested));
            }
        }
        let count: usize = conflicts.iter().map(|(_, paths)| paths.len()).sum();
        if count == 0 {
            return Ok(());
        }
        let mut causes = Vec::new();
        let mut parts = Vec::new();
        for (who, paths) in &conflicts {
            for path in paths {
                causes.push(crate::api::Cause {
                    field: (*path).clone(),
                    reason: "FieldManagerConflict".into(),
                    message: format!("conflict with {who}"),
                });
            }
            parts.push(match paths.as_slice() {
                [one] => format!("conflict with {who}: {one}"),
                many => format!("conflicts with {who}:{}", many.iter().map(|p| format!("\n- {p}")).collect::<String>()),
            });
        }
        let noun = if count == 1 { "conflict" } else { "conflicts" };
        let message = if parts.len() == 1 {
            format!("Apply failed with {count} {noun}: {}", parts[0])
        } else {
            format!("Apply failed with {count} {noun}: {}", parts.join("\n"))
        };
        Err(Status::new(409, "Conflict", message).with_causes(causes))
    }
}

/// The leaves that whoever sends this object will own. Values that the server would fill in are not among them, as they are in reality.
pub fn owned(kind: &Kind, object: &Value) -> SortedSet<String> {
    leaves(kind, object).into_keys().collect()
}

/// Every leaf of an object that can be owned, with its value: `.spec.containers[name="app"].image`.
fn leaves(kind: &Kind, object: &Value) -> SortedMap<String, Value> {
    let mut out = SortedMap::new();
    let of = schema::kind(&kind.api_version(), kind.kind);
    for (key, value) in object.as_object().into_iter().flatten() {
        match key.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                for part in ["labels", "annotations", "finalizers", "ownerReferences"] {
                    if let Some(value) = value.get(part) {
                        walk(value, None, format!(".metadata.{part}"), &mut out);
                    }
                }
            }
            _ => walk(value, of.and_then(|t| t.field(key)), format!(".{key}"), &mut out),
        }
    }
    out
}

fn walk(value: &Value, field: Option<&'static Field>, path: String, out: &mut SortedMap<String, Value>) {
    let of = match field.map(|f| f.shape) {
        Some(Shape::Map(_)) | None => None,
        Some(_) => field.and_then(Field::object),
    };
    walk_typed(value, field, of, path, out);
}

fn walk_typed(value: &Value, field: Option<&'static Field>, of: Option<&'static Type>, path: String, out: &mut SortedMap<String, Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                walk(value, of.and_then(|t| t.field(key)), format!("{path}.{key}"), out);
            }
        }
        Value::Array(items) => match field.and_then(Field::merge_key) {
            Some(key) => {
                for item in items {
                    let id = item.get(key).map(ToString::to_string).unwrap_or_default();
                    walk_typed(item, None, of, format!("{path}[{key}={id}]"), out);
                }
            }
            None => drop(out.insert(path, value.clone())),
        },
        _ => drop(out.insert(path, value.clone())),
    }
}

/// Removes a leaf by its path, and list items of which only the key is left.
fn cut(value: &mut Value, path: &str) {
    let rest = path.strip_prefix('.').unwrap_or(path);
    if let Some(inner) = rest.strip_prefix('[') {
        let Some((selector, after)) = inner.split_once(']') else { return };
        let Some((key, id)) = selector.split_once('=') else { return };
        let Some(items) = value.as_array_mut() else { return };
        let Some(index) = items.iter().position(|i| i.get(key).map(ToString::to_string).as_deref() == Some(id)) else { return };
        if after == format!(".{key}") {
            items.remove(index);
        } else {
            cut(&mut items[index], after);
        }
        return;
    }
    let Some(map) = value.as_object_mut() else { return };
    // Map keys may hold dots: the longest key that is there wins.
    let found =
        map.keys().filter(|k| rest.strip_prefix(k.as_str()).is_some_and(|r| r.is_empty() || r.starts_with(['.', '[']))).max_by_key(|k| k.len());
    let Some(key) = found.cloned() else { return };
    let after = &rest[key.len()..];
    if after.is_empty() {
        map.remove(&key);
    } else if let Some(inner) = map.get_mut(&key) {
        cut(inner, after);
        if inner.as_object().is_some_and(|m| m.is_empty()) || inner.as_array().is_some_and(|a| a.is_empty()) {
            map.remove(&key);
        }
    }
}
