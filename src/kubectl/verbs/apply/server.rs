//! `kubectl apply --server-side`.

use std::rc::Rc;

use super::{file, placed};
use crate::api::Value;
use crate::kubectl::call::{Call, DryRun};
use crate::kubectl::env::{Env, Failure, write_options};
use crate::kubectl::resources::Named;

pub fn server_apply(call: &Call, one: &Named, dry: DryRun, env: &mut Env) -> Result<(Rc<Value>, &'static str), Failure> {
    let (read, _) = file(one);
    let mut options = write_options(call.filled("field-manager").unwrap_or("kubectl"), dry == DryRun::Server);
    options.root = read.root.clone();
    if one.name.is_empty() {
        return Err(Failure::error("metadata.name is required for server-side apply"));
    }
    match env.apply(one.kind, &one.namespace, placed(one), call.is("force-conflicts"), &options) {
        Ok(object) => Ok((object, "serverside-applied")),
        Err(status) if status.reason == "Conflict" && !status.causes.is_empty() => Err(Failure::error(format!(
            "{}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n\
             * If you intend to manage all of these fields, please re-run the apply\n  command with the `--force-conflicts` flag.\n\
             * If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n\
             * You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\n\
             See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
            status.message
        ))),
        Err(status) => Err(status.into()),
    }
}
