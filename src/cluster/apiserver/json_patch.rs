//! JSON Patch (RFC 6902), as the API server applies it.

use crate::api::{Status, Value, object};

/// Why a patch does not apply is lost on its way: the server answers in general words (`NewGenericServerResponse` of 422).
fn refused() -> Status {
    Status::new(422, "Invalid", "the server rejected our request due to an error in our request")
}

/// Applies every operation in order; an operation that cannot be done refuses the whole patch.
pub fn apply(target: &mut Value, patch: &Value) -> Result<(), Status> {
    let Some(operations) = patch.as_array() else {
        return Err(Status::new(
            400,
            "BadRequest",
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
        ));
    };
    for operation in operations {
        let path = object::str_at(operation, "path").unwrap_or("");
        let from = object::str_at(operation, "from").unwrap_or("");
        let value = || operation.get("value").cloned().unwrap_or(Value::Null);
        match object::str_at(operation, "op").unwrap_or("") {
            "add" => add(target, path, value())?,
            "remove" => drop(remove(target, path)?),
            "replace" => {
                if target.pointer(path).is_none() {
                    return Err(refused());
                }
                if let Some(place) = target.pointer_mut(path) {
                    *place = value();
                }
            }
            "move" => {
                let moved = remove(target, from)?;
                add(target, path, moved)?;
            }
            "copy" => {
                let copied = target.pointer(from).cloned();
                let copied = copied.ok_or_else(refused)?;
                add(target, path, copied)?;
            }
            "test" => {
                if target.pointer(path).unwrap_or(&Value::Null) != &value() {
                    return Err(refused());
                }
            }
            _ => return Err(refused()),
        }
    }
    Ok(())
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), Status> {
    let (parent, last) = split(path).ok_or_else(refused)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.insert(last, value)),
        Some(Value::Array(items)) => {
            let index = if last == "-" { items.len() } else { last.parse().map_err(|_| refused())? };
            if index > items.len() {
                return Err(refused());
            }
            items.insert(index, value);
        }
        _ => return Err(refused()),
    }
    Ok(())
}

fn remove(target: &mut Value, path: &str) -> Result<Value, Status> {
    let (parent, last) = split(path).ok_or_else(refused)?;
    match target.pointer_mut(parent) {
        Some(Value::Object(map)) => map.remove(&last).ok_or_else(refused),
        Some(Value::Array(items)) => {
            let index: usize = last.parse().map_err(|_| refused())?;
            if index < items.len() { Ok(items.remove(index)) } else { Err(refused()) }
        }
        _ => Err(refused()),
    }
}
