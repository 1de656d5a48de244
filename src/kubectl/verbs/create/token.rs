//! `kubectl create token`: a token of a ServiceAccount, as the TokenRequest API gives it.

use super::one_name;
use crate::api::object::{name, str_at, uid};
use crate::api::{Kind, Value, json, kinds};
use crate::cluster::apiserver::token::{Claims, ISSUER, signed};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{DONE, Env, Failure, Flow};
use crate::kubectl::output::{self, Form};

pub const TOKEN: Verb = Verb::new(
    "token",
    "SERVICE_ACCOUNT_NAME [options]",
    "output,o:s audience:c duration:d bound-object-kind:s bound-object-name:s bound-object-uid:s @show",
    "Request a service account token.",
    token,
);

fn token(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let wanted = one_name(call, &call.args)?;
    let millis = call.duration("duration").unwrap_or(0);
    let refused = |why: &str| Failure::error(format!("failed to create token: {why}"));
    if millis < 0 {
        return Err(Failure::error("--duration must be greater than or equal to 0"));
    }
    if millis % 1000 != 0 {
        return Err(Failure::error("--duration cannot be expressed in units less than seconds"));
    }
    let bound = match (call.filled("bound-object-kind"), call.filled("bound-object-name"), call.filled("bound-object-uid")) {
        (None, Some(_), _) => return Err(Failure::error("--bound-object-name can only be set if --bound-object-kind is provided")),
        (None, None, Some(_)) => return Err(Failure::error("--bound-object-uid can only be set if --bound-object-kind is provided")),
        (None, None, None) => None,
        (Some(kind), named, _) => {
            let kind = ["Node", "Pod", "Secret"].into_iter().find(|known| *known == kind);
            let Some(kind) = kind else { return Err(Failure::error("supported --bound-object-kind values are Node, Pod, Secret")) };
            let Some(named) = named else { return Err(Failure::error("--bound-object-name is required if --bound-object-kind is provided")) };
            Some((kind, named.to_owned()))
        }
    };
    let form = output::form(call, env, false)?;
    let space = env.namespace(call);
    if env.get(kinds::NAMESPACE, "", &space).is_none() {
        return Err(refused(&format!("namespaces {space:?} not found")));
    }
    let account = env.get(kinds::SERVICE_ACCOUNT, &space, &wanted).ok_or_else(|| refused(&format!("serviceaccounts {wanted:?} not found")))?;
    let seconds = if millis == 0 { 3600 } else { millis.unsigned_abs() / 1000 };
    if seconds < 600 {
        let why = format!("Invalid value: {seconds}: may not specify a duration less than 10 minutes");
        return Err(refused(&format!("TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: {why}")));
    }
    let (mut reference, mut objects) = (Value::Null, Vec::new());
    if let Some((kind, named)) = bound {
        let (kind, claim): (&'static Kind, _) = match kind {
            "Node" => (kinds::NODE, "node"),
            "Pod" => (kinds::POD, "pod"),
            _ => (kinds::SECRET, "secret"),
        };
        let o = env
            .get(kind, if kind.namespaced { &space } else { "" }, &named)
            .ok_or_else(|| refused(&format!("{} {named:?} not found", kind.plural)))?;
        reference = json!({"apiVersion": "v1", "kind": kind.kind, "name": named});
        if let Some(given) = call.filled("bound-object-uid") {
            if given != uid(&o) {
                let why = format!(
                    "the UID in the bound object reference ({given}) does not match the UID in record. The object might have been deleted and then recreated"
                );
                return Err(refused(&format!("Operation cannot be fulfilled on {} {named:?}: {why}", kind.plural)));
            }
            reference["uid"] = json!(given);
        }
        // A Pod's token names its node, too.
        objects.extend(str_at(&o, "spec.nodeName").and_then(|node| env.get(kinds::NODE, "", node)).map(|node| ("node", node)));
        objects.push((claim, o));
    }
    let audiences = if call.texts("audience").is_empty() { vec![ISSUER.to_owned()] } else { call.texts("audience").to_vec() };
    let now = env.now();
    let text = signed(&Claims {
        account: &account,
        audiences: audiences.clone(),
        from: now,
        lifetime: seconds,
        bound: objects.iter().map(|(claim, o)| (*claim, &**o)).collect(),
        warn_after: None,
        id: env.cluster.request(|_, caller| caller.random.uid()),
    });
    match form {
        Form::Table { .. } => env.out(if env.terminal { text + "\n" } else { text }),
        Form::Name => env.out(format!("tokenrequest.authentication.k8s.io/{}\n", name(&account))),
        form => {
            let answer = json!({
                "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
                "metadata": {"name": name(&account), "namespace": space, "uid": uid(&account), "creationTimestamp": now.rfc3339()},
                "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": reference},
                "status": {"token": text, "expirationTimestamp": (now + seconds.saturating_mul(1000)).rfc3339()},
            });
            env.out(output::print(&form, &answer)?);
        }
    }
    Ok(DONE)
}
