//! `kubectl set image`.

use super::split;
use super::template::{containers, each};
use crate::api::json;
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::verbs::create::pair;

pub fn image(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, words) = split(call);
    let mut problems = Vec::new();
    if objects.is_empty() && call.texts("filename").is_empty() {
        problems.push("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if words.is_empty() {
        problems.push("at least one image update is required");
    }
    match problems.as_slice() {
        [] => {}
        [one] => return Err(Failure::error(*one)),
        all => return Err(Failure::error(format!("[{}]", all.join(", ")))),
    }
    let mut images = Vec::new();
    for word in &words {
        images.push(pair(word).ok_or_else(|| Failure::error(format!("invalid image update: {word}")))?);
    }
    each(call, &objects, env, "image updated", |spec| {
        for (wanted, image) in &images {
            let found = containers(spec, wanted);
            if found.is_empty() {
                return Err(Failure::error(format!("unable to find container named {wanted:?}")));
            }
            found.into_iter().for_each(|c| c["image"] = json!(image));
        }
        Ok(())
    })
}
