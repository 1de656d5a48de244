//! `kubectl set image`.

use super::split;
use super::template::{containers, each};
use crate::api::json;
use crate::kubectl::call::Call;
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules};
use crate::kubectl::verbs::create::pair;

pub fn image(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (objects, words) = split(call);
    // The objects are looked up first (`Complete`), then what is missing is told (`Validate`).
    resources::request(call, &objects, env, Rules::NAMES)?.fetch_all(env)?;
    if words.is_empty() {
        return Err(Failure::error("at least one image update is required"));
    }
    let mut images = Vec::new();
    for word in &words {
        images.push(pair(word).ok_or_else(|| Failure::error(format!("invalid image update: {word}")))?);
    }
    each(call, &objects, env, "image updated", |spec, _, _| {
        let mut missing = Vec::new();
        for (wanted, image) in &images {
            let found = containers(spec, wanted);
            if found.is_empty() {
                missing.push(Failure::error(format!("error: unable to find container named {wanted:?}")));
            }
            found.into_iter().for_each(|c| c["image"] = json!(image));
        }
        // One alone is taken as it is: among those of other objects it goes on saying that it is an error.
        if missing.len() > 1 { Failure::many(missing) } else { missing.pop() }.map_or(Ok(()), Err)
    })
}
