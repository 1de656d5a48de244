//! `kubectl get`: one look at objects, as tables or in other forms.

mod raw;
mod sort;
mod tables;
mod watch;

use std::rc::Rc;

use super::api_resources::none_of;
use crate::api::{Status, Value, json};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::output::{self, Form};
use crate::kubectl::resources::{self, Rules, Wanted};
use tables::{Show, tables};

pub const VERB: Verb = Verb::new(
    "get",
    "[(-o|--output=)json|yaml|kyaml|name|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file|custom-columns|custom-columns-file|wide] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE[.VERSION][.GROUP]/NAME ...) [flags] [options]",
    "output,o:s watch,w watch-only output-watch-events selector,l:s field-selector:s all-namespaces,A filename,f:c recursive,R kustomize,k:s \
     label-columns,L:c show-labels show-kind no-headers ignore-not-found sort-by:s subresource:s chunk-size:i raw:s server-print @show",
    "Display one or many resources.",
    run,
);

/// What the server warns of where Endpoints are asked for.
pub const OLD_ENDPOINTS: &str = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";

fn run(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if let Some(path) = call.filled("raw") {
        if !call.args.is_empty() {
            return Err(Failure::error("arguments may not be passed when --raw is specified"));
        }
        if !path.starts_with('/') {
            return Err(Failure::error(format!("--raw must be a valid URL path: parse {path:?}: invalid URI for request")));
        }
        return raw::raw(path, env);
    }
    let output = call.filled("output").unwrap_or("");
    if call.is("show-labels") && !matches!(output, "" | "wide") {
        return Err(Failure::error(format!("--show-labels option cannot be used with {output} printer")));
    }
    if call.args.is_empty() && !call.changed("filename") && !call.changed("kustomize") {
        env.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n");
        return Err(call.usage("Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods)."));
    }
    let form = output::form(call, env, true)?;
    if let Some((types, names)) = call.args.split_first()
        && !types.contains([',', '/'])
        && crate::api::Kind::by_name(types).is_none()
        && types != "all"
        && let Some(known) = none_of(types, env)
    {
        let (resource, namespaced) = known.map_err(Failure::error)?;
        let missing = names.iter().map(|name| Failure::from(Status::not_found(&resource, name))).collect();
        if let Some(failure) = Failure::many(missing) {
            return Err(failure);
        }
        let space = env.namespace(call);
        let everywhere = !namespaced || call.is("all-namespaces");
        match form {
            Form::Name => {}
            Form::Table { .. } => {
                env.err(if everywhere { "No resources found\n".into() } else { format!("No resources found in {space} namespace.\n") })
            }
            form => env.out(output::print(&form, &json!({"apiVersion": "v1", "items": [], "kind": "List", "metadata": {"resourceVersion": ""}}))?),
        }
        return Ok(DONE);
    }
    let mut request = resources::request(call, &call.args, env, Rules::TYPES)?;
    let watch = call.is("watch") || call.is("watch-only");
    if call.is("output-watch-events") && !watch {
        return Err(Failure::error("--output-watch-events option can only be used with --watch or --watch-only"));
    }
    let mut show = Show {
        plain: call.text("server-print") == Some("false"),
        wide: matches!(form, Form::Table { wide: true }),
        headers: !call.is("no-headers"),
        labels: call.is("show-labels"),
        label_columns: call.texts("label-columns").to_vec(),
        namespaces: request.all_namespaces,
        kinds: call.is("show-kind") || request.several_kinds,
        subresource: call.text("subresource").unwrap_or("").into(),
        events: call.is("output-watch-events"),
    };
    if request.kinds().iter().any(|k| k.kind == "Endpoints") {
        env.err(OLD_ENDPOINTS);
    }
    if !show.subresource.is_empty() && matches!(request.wanted, Wanted::Listed(_)) {
        return Err(Failure::error("subresource cannot be used when bulk resources are specified"));
    }
    if watch {
        return watch::start_watch(call, request, form, show, env);
    }
    // Of one file nothing but its failures is printed, unless it is a table (`printGeneric`).
    if !matches!(form, Form::Table { .. }) && call.texts("filename").len() == 1 && !request.failures.is_empty() {
        return Failure::many(request.failures).map_or(Ok(DONE), Err);
    }
    request.unname();
    let (mut found, mut failures) = request.fetch(env)?;
    if call.is("ignore-not-found") {
        failures.retain(|f| !f.is_not_found());
    }
    if !show.subresource.is_empty() {
        for (kind, object) in &mut found {
            *object = Rc::new(raw::subresource(kind, object, &show.subresource)?);
        }
    }
    if let Some(path) = call.filled("sort-by") {
        let answers = if let Wanted::Listed(kinds) = &request.wanted { kinds.len() } else { found.len() };
        sort::sort(&mut found, path, matches!(form, Form::Table { .. }), answers, env)?;
    }
    // One object that was asked for alone is not printed as an empty List, and of those that may be missing nothing is (`printGeneric`).
    let nothing = found.is_empty() && (call.is("ignore-not-found") || request.single && !failures.is_empty());
    match &form {
        Form::Table { .. } => {
            if found.is_empty() && failures.is_empty() && !call.is("ignore-not-found") {
                let in_namespace = !request.all_namespaces && request.kinds().iter().all(|k| k.namespaced);
                env.err(if in_namespace {
                    format!("No resources found in {} namespace.\n", request.namespace)
                } else {
                    "No resources found\n".into()
                });
            }
            // NAME carries its kind where several were found (`MultipleGVKsRequested`).
            let lists = matches!(&request.wanted, Wanted::Listed(kinds) if kinds.len() > 1);
            show.kinds = call.is("show-kind") || lists || found.iter().any(|(kind, _)| *kind != found[0].0);
            let text = tables(&found, &show, env, &mut Vec::new());
            env.out(text);
        }
        Form::Name => {
            let text: String = found.iter().map(|(kind, o)| output::name_of(kind, o) + "\n").collect();
            env.out(text);
        }
        _ if nothing => {}
        form => {
            let objects: Vec<Value> = found.iter().map(|(_, o)| output::shown(call, o)).collect();
            let text = match (form, objects.as_slice()) {
                (Form::Columns(columns), objects) => columns.print(objects, show.headers),
                (form, [one]) if request.single => output::print(form, one)?,
                (form, _) => {
                    output::print(form, &json!({"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}))?
                }
            };
            env.out(text);
            if let Form::Columns(columns) = form
                && let Some(problem) = &columns.problem
            {
                return Err(Failure::error(problem.clone()));
            }
        }
    }
    Failure::many(failures).map_or(Ok(DONE), Err)
}
