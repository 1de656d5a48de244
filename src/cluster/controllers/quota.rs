//! Models `pkg/controller/resourcequota`: what a quota's status says of its use.

use super::Synced;
use super::owned::put_status;
use crate::api::{json, object};
use crate::cluster::Context;
use crate::cluster::apiserver::{Key, quota};

#[inline(never)]
pub fn sync(key: &Key, ctx: &mut Context) -> Synced {
    let Some(set) = ctx.api.at(key).cloned() else { return Ok(None) };
    let hard = object::at(&set, "spec.hard").cloned().unwrap_or_else(|| json!({}));
    let status = json!({"hard": hard, "used": quota::used_text(ctx.api, &set)});
    put_status(ctx, key.kind, &set, status)?;
    Ok(None)
}
