//! JSON Patch (RFC 6902), as the API server applies it.

use crate::api::{Status, Value, object};

fn refused(message: String) -> Status {
    Status::new(422, "Invalid", message)
}

/// Applies every operation in order; an operation that cannot be done refuses the whole patch.
pub fn apply(target: &mut Value, patch: &Value) -> Result<(), Status> {
    let Some(operations) = patch.as_array() else {
        return Err(Status::new(400, "BadRequest", "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"));
    };
    for operation in operations {
        let path = object::str_at(operation, "path").unwrap_or("");
        let from = object::str_at(operation, "from").unwrap_or("");
        let value = || operation.get("value").cloned().unwrap_or(Value::Null);
        match object::str_at(operation, "op").unwrap_or("") {
            "add" => add(target, path, value())?,
            "remove" => drop(remove(target, path, "remove")?),
            "replace" => {
                if target.pointer(path).is_none() {
                    return Err(refused(format!("replace operation does not apply: doc is missing key: {path}: missing value")));
                }
                if let Some(place) = target.pointer_mut(path) {
                    *place = value();
                }
            }
            "move" => {
                let moved = remove(target, from, "move")?;
                add(target, path, moved)?;
            }
            "copy" => {
                let copied = target.pointer(from).cloned();
                let copied =
                    copied.ok_or_else(|| refused(format!("copy operation does not apply: doc is missing from path: {from}: missing value")))?;
                add(target, path, copied)?;
            }
            "test" => {
                if target.pointer(path).unwrap_or(&Value::Null) != &value() {
                    return Err(refused(format!("testing path {path} value failed: test failed")));
                }
            }
            other => return Err(refused(format!("Unexpected kind: {other}"))),
        }
    }
    Ok(())
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), Status> {
    let missing = || refused(format!("add operation does not apply: doc is missing path: \"{path}\": missing value"));
    let (parent, last) = split(path).ok_or_else(missing)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.insert(last, value)),
        Some(Value::Array(items)) => {
            let index = if last == "-" { items.len() } else { last.parse().map_err(|_| missing())? };
            if index > items.len() {
                return Err(refused(format!(
                    "add operation does not apply: doc is missing path: \"{path}\": Unable to access invalid index: {index}: invalid index referenced"
                )));
            }
            items.insert(index, value);
        }
        _ => return Err(missing()),
    }
    Ok(())
}

fn remove(target: &mut Value, path: &str, what: &str) -> Result<Value, Status> {
    let missing = || refused(format!("{what} operation does not apply: doc is missing path: \"{path}\": missing value"));
    let (parent, last) = split(path).ok_or_else(missing)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => map
            .remove(&last)
            .ok_or_else(|| refused(format!("{what} operation does not apply: Unable to remove nonexistent key: {last}: missing value"))),
        Some(Value::Array(items)) => {
            let index: usize = last.parse().map_err(|_| missing())?;
            if index < items.len() { Ok(items.remove(index)) } else { Err(missing()) }
        }
        _ => Err(missing()),
    }
}
