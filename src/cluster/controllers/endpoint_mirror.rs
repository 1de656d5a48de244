//! Models `pkg/controller/endpointslicemirroring`: slices for the Endpoints that somebody wrote for a Service without a selector.

use super::endpoints::reconcile;
use super::owned::delete;
use crate::api::{Status, Value, json, kinds, object};
use crate::cluster::Context;
use crate::cluster::apiserver::Key;

const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";

/// Brings the mirrored slices of a Service to what its Endpoints say; a Service with a selector has none.
#[inline(never)]
pub fn sync(key: &Key, service: &Value, ctx: &mut Context) -> Result<(), Status> {
    let label = |of: &Value, name: &str| object::labels(of).and_then(|l| l.get(name)).and_then(Value::as_str).unwrap_or("").to_owned();
    let own = object::at(service, "spec.selector").is_none();
    let endpoints =
        ctx.api.get(kinds::ENDPOINTS, &key.namespace, &key.name).filter(|e| label(e, "endpointslice.kubernetes.io/skip-mirror") != "true");
    let Some(endpoints) = endpoints.filter(|_| own).cloned() else {
        let mirrored = |slice: &Value| {
            label(slice, "endpointslice.kubernetes.io/managed-by") == MANAGER && label(slice, "kubernetes.io/service-name") == key.name
        };
        let slices: Vec<_> = ctx.api.list(kinds::ENDPOINT_SLICE, Some(&key.namespace)).filter(|s| mirrored(s)).cloned().collect();
        return slices.iter().try_for_each(|slice| delete(ctx, kinds::ENDPOINT_SLICE, slice));
    };
    let mut labels = object::labels(&endpoints).cloned().unwrap_or_default();
    labels.insert("kubernetes.io/service-name".into(), json!(key.name));
    labels.insert("endpointslice.kubernetes.io/managed-by".into(), json!(MANAGER));
    let wanted = object::list_at(&endpoints, "subsets").iter().map(|subset| {
        let of = |list: &str, ready: bool| -> Vec<Value> {
            let one = |address: &Value| {
                let mut one = json!({"addresses": [address.get("ip")], "conditions": {"ready": ready}});
                for field in ["hostname", "nodeName", "targetRef"] {
                    if let Some(value) = address.get(field) {
                        one[field] = value.clone();
                    }
                }
                one
            };
            object::list_at(subset, list).iter().map(one).collect()
        };
        let mut all = of("addresses", true);
        all.extend(of("notReadyAddresses", false));
        let named = |port: &Value| {
            let mut port = port.clone();
            if port.get("name").is_none() {
                port["name"] = json!("");
            }
            port
        };
        (Value::Array(object::list_at(subset, "ports").iter().map(named).collect()), Value::Array(all))
    });
    reconcile(&endpoints, key, &Value::Object(labels), wanted.collect(), None, ctx)
}
