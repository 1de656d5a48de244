//! The verbs of kubectl: one file each. Adding one is its file and its line below.

use super::call::Verb;

/// Declares each file and lists the verbs that it holds. (`cargo fmt` does not see modules of a macro; `make lint` formats these files by name.)
macro_rules! verbs {
    ($($file:ident: $($verb:ident),+;)*) => {
        $(pub mod $file;)*

        /// In the order of kubectl's own overview.
        pub static VERBS: &[Verb] = &[$($($file::$verb,)+)*];
    };
}

verbs! {
    create: VERB;
    expose: VERB;
    run: VERB;
    set: VERB;
    explain: VERB;
    get: VERB;
    edit: VERB;
    delete: VERB;
    rollout: VERB;
    scale: VERB;
    autoscale: VERB;
    cluster_info: VERB;
    top: VERB;
    cordon: CORDON, UNCORDON;
    drain: VERB;
    taint: VERB;
    describe: VERB;
    logs: VERB;
    attach: VERB;
    exec: VERB;
    port_forward: VERB;
    cp: VERB;
    auth: VERB;
    debug: VERB;
    events: VERB;
    diff: VERB;
    apply: VERB;
    patch: VERB;
    replace: VERB;
    wait: VERB;
    label: VERB;
    annotate: VERB;
    api_resources: RESOURCES, VERSIONS;
    config: VERB;
    help: VERB, OPTIONS;
    version: VERB;
}
