//! `kubectl api-resources` and `kubectl api-versions`.

use crate::api::kinds::KINDS;
use crate::api::order::InOrder as _;
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::table;

pub const RESOURCES: Verb = Verb::new(
    "api-resources",
    "[flags] [options]",
    "output,o:s api-group:s namespaced verbs:c no-headers sort-by:s cached categories:c",
    "Print the supported API resources on the server.",
    resources,
);
pub const VERSIONS: Verb =
    Verb::new("api-versions", "", "cached", "Print the supported API versions on the server, in the form of \"group/version\".", versions);

fn resources(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if let Some(output) = call.filled("output").filter(|o| !matches!(*o, "wide" | "name")) {
        return Err(Failure::error(format!("--output {output} is not available")));
    }
    let mut kinds: Vec<_> = KINDS.iter().collect();
    if call.changed("api-group") {
        kinds.retain(|k| k.group == call.text("api-group").unwrap_or(""));
    }
    if call.changed("namespaced") {
        kinds.retain(|k| k.namespaced == call.is("namespaced"));
    }
    kinds.order_by_key(|k| (k.group, k.plural));
    if call.text("output") == Some("name") {
        env.out(kinds.iter().map(|k| k.resource() + "\n").collect::<String>());
        return Ok(DONE);
    }
    let wide = call.text("output") == Some("wide");
    let mut rows: Vec<Vec<String>> = Vec::new();
    if !call.is("no-headers") {
        rows.push(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"].map(str::to_owned).to_vec());
        if wide {
            rows[0].extend(["VERBS".to_owned(), "CATEGORIES".into()]);
        }
    }
    for kind in kinds {
        let mut row = vec![kind.plural.into(), kind.short_names.join(","), kind.api_version(), kind.namespaced.to_string(), kind.kind.into()];
        if wide {
            row.extend([
                "create,delete,deletecollection,get,list,patch,update,watch".to_owned(),
                if kind.in_all { "all".into() } else { String::new() },
            ]);
        }
        rows.push(row);
    }
    env.out(table::align(&table::rows(rows), table::GET));
    Ok(DONE)
}

fn versions(_: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let mut all: Vec<String> = KINDS.iter().map(|k| k.api_version()).collect();
    all.order();
    all.dedup();
    env.out(all.into_iter().map(|v| v + "\n").collect::<String>());
    Ok(DONE)
}
