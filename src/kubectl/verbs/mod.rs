//! The verbs of kubectl: one file each. Adding one is its file and its line in [`VERBS`].

use super::call::Verb;

mod annotate;
mod api_resources;
mod apply;
mod attach;
mod auth;
mod autoscale;
mod cluster_info;
mod config;
mod cordon;
mod cp;
pub mod create;
mod debug;
mod delete;
mod describe;
mod diff;
mod drain;
mod edit;
mod events;
mod exec;
mod explain;
mod expose;
mod get;
pub mod help;
mod label;
mod logs;
mod patch;
mod port_forward;
mod replace;
mod rollout;
mod run;
mod scale;
mod set;
mod taint;
mod top;
mod version;
mod wait;

/// In the order of kubectl's own overview.
pub static VERBS: &[Verb] = &[
    create::VERB,
    expose::VERB,
    run::VERB,
    set::VERB,
    explain::VERB,
    get::VERB,
    edit::VERB,
    delete::VERB,
    rollout::VERB,
    scale::VERB,
    autoscale::VERB,
    cluster_info::VERB,
    top::VERB,
    cordon::CORDON,
    cordon::UNCORDON,
    drain::VERB,
    taint::VERB,
    describe::VERB,
    logs::VERB,
    attach::VERB,
    exec::VERB,
    port_forward::VERB,
    cp::VERB,
    auth::VERB,
    debug::VERB,
    events::VERB,
    diff::VERB,
    apply::VERB,
    patch::VERB,
    replace::VERB,
    wait::VERB,
    label::VERB,
    annotate::VERB,
    api_resources::RESOURCES,
    api_resources::VERSIONS,
    config::VERB,
    help::VERB,
    help::OPTIONS,
    version::VERB,
];
