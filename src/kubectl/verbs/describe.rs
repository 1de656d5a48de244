//! `kubectl describe`.

use crate::api::Status;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::describe;
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules, Wanted};

pub const VERB: Verb = Verb::new(
    "describe",
    "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]",
    "@files selector,l:s all-namespaces,A show-events chunk-size:i",
    "Show details of a specific resource or group of resources.",
    run,
);

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if call.args.is_empty() && call.texts("filename").is_empty() {
        return Err(Failure::error(
            "You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.",
        ));
    }
    let mut request = resources::request(call, &call.args, env, Rules::TYPES)?;
    request.unname();
    let by_type = call.args.first().is_some_and(|first| !first.contains('/'));
    if by_type && request.kinds().len() > 1 && call.args.len() > 1 {
        return Err(Failure::error("you may only specify a single resource type"));
    }
    if request.kinds().iter().any(|k| k.kind == "Endpoints") {
        env.err(crate::kubectl::verbs::get::OLD_ENDPOINTS);
    }
    let (mut found, mut failures) = request.fetch(env)?;
    // Events are shown of one object that was found at once (`RunDescribe`).
    let alone = found.len() == 1 && failures.is_empty();
    let mut by_prefix = false;
    if let (Wanted::Named(named), [_], []) = (&request.wanted, failures.as_slice(), found.as_slice())
        && let [one] = named.as_slice()
        && one.source.is_none()
        && by_type
    {
        // A name may be the beginning of several.
        let space = one.kind.namespaced.then_some(one.namespace.as_str());
        found = env.list(one.kind, space).into_iter().filter(|o| crate::api::object::name(o).starts_with(&one.name)).map(|o| (one.kind, o)).collect();
        if !found.is_empty() {
            failures.clear();
            by_prefix = true;
        } else if one.kind.namespaced && env.get(crate::api::kinds::NAMESPACE, "", &one.namespace).is_none() {
            return Err(Status::not_found("namespaces", &one.namespace).into());
        }
    }
    if found.is_empty() && failures.is_empty() {
        env.err(if request.all_namespaces {
            "No resources found\n".into()
        } else {
            format!("No resources found in {} namespace.\n", request.namespace)
        });
    }
    let events = if call.changed("show-events") { call.is("show-events") } else { alone };
    for (i, (kind, o)) in found.iter().enumerate() {
        if i > 0 {
            env.out("\n\n");
        }
        let text = describe::describe(kind, o, events, env);
        env.out(text);
    }
    // Each of those found by the beginning of its name has a line of its own after it (`DescribeMatchingResources`).
    if by_prefix {
        env.out("\n");
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
