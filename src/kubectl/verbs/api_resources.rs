//! `kubectl api-resources` and `kubectl api-versions`.

use super::top;
use crate::api::kinds::{API_SERVICE, KINDS};
use crate::api::order::InOrder as _;
use crate::api::{Kind, Value, json};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::{output, table};

pub const RESOURCES: Verb = Verb::new(
    "api-resources",
    "[flags] [options]",
    "output,o:s api-group:s namespaced verbs:c no-headers sort-by:s cached categories:c show-managed-fields",
    "Print the supported API resources on the server.",
    resources,
);
pub const VERSIONS: Verb =
    Verb::new("api-versions", "", "", "Print the supported API versions on the server, in the form of \"group/version\".", versions);

/// What a cluster of 1.36 serves beside the kinds of [`KINDS`], recorded: `plural shorts group/version n|c Kind [categories]`. The playground lists
/// them and does no more with them.
const OTHERS: &str = "bindings - v1 n Binding\ncomponentstatuses cs v1 c ComponentStatus\npodtemplates - v1 n PodTemplate\n\
    mutatingadmissionpolicies - admissionregistration.k8s.io/v1 c MutatingAdmissionPolicy api-extensions\n\
    mutatingadmissionpolicybindings - admissionregistration.k8s.io/v1 c MutatingAdmissionPolicyBinding api-extensions\n\
    mutatingwebhookconfigurations - admissionregistration.k8s.io/v1 c MutatingWebhookConfiguration api-extensions\n\
    validatingadmissionpolicies - admissionregistration.k8s.io/v1 c ValidatingAdmissionPolicy api-extensions\n\
    validatingadmissionpolicybindings - admissionregistration.k8s.io/v1 c ValidatingAdmissionPolicyBinding api-extensions\n\
    validatingwebhookconfigurations - admissionregistration.k8s.io/v1 c ValidatingWebhookConfiguration api-extensions\n\
    customresourcedefinitions crd,crds apiextensions.k8s.io/v1 c CustomResourceDefinition api-extensions\n\
    selfsubjectreviews - authentication.k8s.io/v1 c SelfSubjectReview\n\
    tokenreviews - authentication.k8s.io/v1 c TokenReview\nlocalsubjectaccessreviews - authorization.k8s.io/v1 n LocalSubjectAccessReview\n\
    selfsubjectaccessreviews - authorization.k8s.io/v1 c SelfSubjectAccessReview\nselfsubjectrulesreviews - authorization.k8s.io/v1 c SelfSubjectRulesReview\n\
    subjectaccessreviews - authorization.k8s.io/v1 c SubjectAccessReview\ncertificatesigningrequests csr certificates.k8s.io/v1 c CertificateSigningRequest\n\
    events ev events.k8s.io/v1 n Event\nflowschemas - flowcontrol.apiserver.k8s.io/v1 c FlowSchema\n\
    prioritylevelconfigurations - flowcontrol.apiserver.k8s.io/v1 c PriorityLevelConfiguration\n\
    ipaddresses ip networking.k8s.io/v1 c IPAddress\nservicecidrs - networking.k8s.io/v1 c ServiceCIDR\nruntimeclasses - node.k8s.io/v1 c RuntimeClass\n\
    deviceclasses - resource.k8s.io/v1 c DeviceClass\n\
    resourceclaims - resource.k8s.io/v1 n ResourceClaim\nresourceclaimtemplates - resource.k8s.io/v1 n ResourceClaimTemplate\n\
    resourceslices - resource.k8s.io/v1 c ResourceSlice\ncsidrivers - storage.k8s.io/v1 c CSIDriver\ncsinodes - storage.k8s.io/v1 c CSINode\n\
    csistoragecapacities - storage.k8s.io/v1 n CSIStorageCapacity\nvolumeattachments - storage.k8s.io/v1 c VolumeAttachment\n\
    volumeattributesclasses vac storage.k8s.io/v1 c VolumeAttributesClass";
const ALL_VERBS: &str = "create,delete,deletecollection,get,list,patch,update,watch";

/// Of these a cluster has some from the beginning, which the playground does not model.
const MODELLED_NOT: &str = "componentstatuses flowschemas prioritylevelconfigurations ipaddresses servicecidrs csinodes";

/// What `get` answers of a kind that the server has and the playground keeps nothing of: there is none.
pub fn none_of(name: &str, env: &Env) -> Option<Result<(String, bool), String>> {
    let lower = name.to_ascii_lowercase();
    let (plain, group) = lower.split_once('.').map_or((lower.as_str(), None), |(plain, group)| (plain, Some(group)));
    let named = |r: &Row| r.plural == plain || r.kind.eq_ignore_ascii_case(plain) || !r.shorts.is_empty() && r.shorts.split(',').any(|s| s == plain);
    let versioned = |r: &Row| r.version.split_once('/').map_or_else(|| format!("{}.", r.version), |(group, version)| format!("{version}.{group}"));
    let is = |r: &Row| named(r) && group.is_none_or(|g| g == r.group() || g == versioned(r));
    let row = rows(env).into_iter().find(|r| is(r) && r.verbs().contains("list"))?;
    if MODELLED_NOT.contains(row.plural) {
        return Some(Err(format!("{} are not part of this playground", row.plural)));
    }
    Some(Ok((format!("{}.{}", row.plural, row.group()).trim_end_matches('.').into(), row.namespaced)))
}

struct Row {
    plural: &'static str,
    shorts: String,
    version: String,
    namespaced: bool,
    kind: &'static str,
    categories: &'static str,
}

impl Row {
    fn group(&self) -> &str {
        self.version.split_once('/').map_or("", |(group, _)| group)
    }

    fn verbs(&self) -> &'static str {
        match self.kind {
            kind if kind.ends_with("Review") || kind == "Binding" => "create",
            "ComponentStatus" | "NodeMetrics" | "PodMetrics" => "get,list",
            "Namespace" => "create,delete,get,list,patch,update,watch",
            _ => ALL_VERBS,
        }
    }
}

/// What metrics-server adds while it can be asked.
const MEASURED: &str = "nodes - metrics.k8s.io/v1beta1 c NodeMetrics\npods - metrics.k8s.io/v1beta1 n PodMetrics";

fn rows(env: &Env) -> Vec<Row> {
    let mut rows: Vec<Row> = KINDS
        .iter()
        .map(|k| Row {
            plural: k.plural,
            shorts: k.short_names.join(","),
            version: k.api_version(),
            namespaced: k.namespaced,
            kind: k.kind,
            categories: if k.in_all {
                "all"
            } else if *k == *API_SERVICE {
                "api-extensions"
            } else {
                ""
            },
        })
        .collect();
    let measured = if top::is_served(env) { MEASURED } else { "" };
    for line in OTHERS.lines().chain(measured.lines()) {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or("");
        let (plural, shorts, version, scope, kind, categories) = (word(), word(), word(), word(), word(), word());
        rows.push(Row { plural, shorts: shorts.replace('-', ""), version: version.into(), namespaced: scope == "n", kind, categories });
    }
    rows.order_by(|a, b| (a.group(), a.plural).cmp(&(b.group(), b.plural)));
    rows
}

fn resources(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if !call.args.is_empty() {
        return Err(call.usage(format!("unexpected arguments: [{}]", call.args.join(" "))));
    }
    let output = call.text("output").unwrap_or("");
    if !matches!(output, "" | "wide" | "name" | "json" | "yaml" | "kyaml") {
        let formats = "json,kyaml,name,wide,yaml";
        return Err(Failure::error(format!("unable to match a printer suitable for the output format {output:?}, allowed formats are: {formats}")));
    }
    let mut all = rows(env);
    match call.filled("sort-by") {
        None | Some("name") => {}
        Some("kind") => all.order_by_key(|r| r.kind),
        Some(_) => return Err(Failure::error("--sort-by accepts only name or kind")),
    }
    if call.filled("sort-by") == Some("name") {
        all.order_by_key(|r| r.plural);
    }
    let has = |list: &str, wanted: &[String]| wanted.iter().all(|w| list.split(',').any(|one| one == w));
    all.retain(|r| {
        (!call.changed("api-group") || r.group() == call.text("api-group").unwrap_or(""))
            && (!call.changed("namespaced") || r.namespaced == call.is("namespaced"))
            && has(r.verbs(), call.texts("verbs"))
            && has(r.categories, call.texts("categories"))
    });
    let resource = |r: &Row| if r.group().is_empty() { r.plural.to_owned() } else { format!("{}.{}", r.plural, r.group()) };
    match output {
        "name" => {
            env.out(all.iter().map(|r| resource(r) + "\n").collect::<String>());
            return Ok(DONE);
        }
        "" | "wide" => {}
        _ => {
            // A member of a struct that is empty is left out, but for the names.
            let listed = |texts: &str| -> Vec<Value> { texts.split(',').filter(|t| !t.is_empty()).map(Value::from).collect() };
            let member = |r: &Row| {
                let singular = Kind::find(&r.version, r.kind).map_or_else(|| r.kind.to_ascii_lowercase(), |k| k.singular.to_owned());
                let version = r.version.rsplit('/').next().unwrap_or("");
                let mut value = json!({"name": r.plural, "singularName": singular, "namespaced": r.namespaced, "version": version, "kind": r.kind, "verbs": listed(r.verbs())});
                for (field, text) in [("group", r.group()), ("shortNames", r.shorts.as_str()), ("categories", r.categories)] {
                    if !text.is_empty() {
                        value[field] = if field == "group" { text.into() } else { Value::Array(listed(text)) };
                    }
                }
                value
            };
            let resources: Vec<Value> = all.iter().map(member).collect();
            let value = json!({"apiVersion": "v1", "groupVersion": "", "kind": "APIResourceList", "resources": resources});
            let form = output::form(call, env, false)?;
            env.out(output::print(&form, &value)?);
            return Ok(DONE);
        }
    }
    let wide = output == "wide";
    let mut lines: Vec<Vec<String>> = Vec::new();
    if !call.is("no-headers") {
        let titles = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES"];
        lines.push(titles[..if wide { 7 } else { 5 }].iter().map(|t| (*t).to_owned()).collect());
    }
    for r in all {
        let mut line = vec![r.plural.to_owned(), r.shorts.clone(), r.version.clone(), r.namespaced.to_string(), r.kind.into()];
        if wide {
            line.extend([r.verbs().to_owned(), r.categories.into()]);
        }
        lines.push(line);
    }
    env.out(table::align(&table::rows(lines), table::GET));
    Ok(DONE)
}

fn versions(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    if !call.args.is_empty() {
        return Err(call.usage(format!("unexpected arguments: [{}]", call.args.join(" "))));
    }
    let mut all: Vec<String> = rows(env).into_iter().map(|r| r.version).collect();
    all.push("autoscaling/v1".into());
    all.order();
    all.dedup();
    env.out(all.into_iter().map(|v| v + "\n").collect::<String>());
    Ok(DONE)
}
