//! `kubectl annotate`.

use super::label::{self, FLAGS};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};

pub const VERB: Verb = Verb::new(
    "annotate",
    "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N [--resource-version=version] [options]",
    FLAGS,
    "Update the annotations on a resource.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    label::change(call, env, "annotation")
}
