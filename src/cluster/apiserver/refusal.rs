//! What the server says of a patch of which the result is no object of its kind.
//!
//! A strategic merge patch is turned into Go's structs by `apimachinery/pkg/runtime/converter.go`, which has words of its own; the other patches are
//! decoded as JSON.

use super::PatchKind;
use crate::api::{Cause, Kind, Status, Value};

/// One field of an object that is not as it may be.
pub fn invalid(kind: &Kind, name: &str, field: &str, message: String) -> Status {
    let cause = Cause { field: field.into(), reason: "FieldValueInvalid".into(), message };
    let what = format!("{} {name:?} is invalid: {field}: {}", kind.group_kind(), cause.message);
    let mut status = Status::new(422, "Invalid", what).with_causes(vec![cause]);
    (status.kind, status.name) = (kind.kind.into(), name.into());
    status
}

/// `detail` is what decoding as JSON would have said.
pub fn undecodable(patch: &Value, how: PatchKind, detail: &str) -> Status {
    if how != PatchKind::Strategic {
        return Status::new(400, "BadRequest", detail);
    }
    Status::new(422, "Invalid", format!("patch: Invalid value: {:?}: {}", shown(patch), converted(detail)))
}

/// A value as Go's `%v` writes it: `map[a:1 b:[x y]]`.
pub fn shown(value: &Value) -> String {
    let mut out = String::new();
    go(&mut out, value);
    out
}

/// The converter's words for `json: cannot unmarshal FOUND into Go struct field … of type WANTED`.
fn converted(detail: &str) -> String {
    let parts = detail.strip_prefix("json: cannot unmarshal ").and_then(|rest| Some((rest.split_once(' ')?.0, rest.rsplit_once(" of type ")?.1)));
    let Some((found, wanted)) = parts else { return detail.to_owned() };
    let kind = match found {
        "number" => "int64",
        "array" => "slice",
        "object" => "map",
        other => other,
    };
    match wanted {
        "string" => format!("cannot convert {kind} to string"),
        "bool" | "int32" | "int64" => format!("unrecognized type: {wanted}"),
        list if list.starts_with("[]") => format!("cannot restore slice from {kind}"),
        map if map.starts_with("map[") => format!("cannot restore map from {kind}"),
        _ => format!("cannot restore struct from: {kind}"),
    }
}

fn go(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::String(text) => out.push_str(text),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                go(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push_str("map[");
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                go(out, item);
            }
            out.push(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn a_strategic_patch_is_shown_as_go_prints_maps() {
        let patch = json!({"spec": {"containers": "foo"}});
        let status = undecodable(
            &patch,
            PatchKind::Strategic,
            "json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container",
        );
        assert_eq!(status.message, "patch: Invalid value: \"map[spec:map[containers:foo]]\": cannot restore slice from string");
    }
}
