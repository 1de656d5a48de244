//! What a PodDisruptionBudget asks for and what there is: the evictions' and the disruption controller's common sum.
//!
//! Models `getExpectedPodCount` and `countHealthyPods` of `pkg/controller/disruption`.

use crate::api::order::SortedMap;
use std::rc::Rc;

use super::ApiServer;
use crate::api::{Kind, Selector, Value, kinds, object};

/// The Pods that a budget chooses, counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    pub pods: i64,
    pub healthy: i64,
    pub needed: i64,
    /// As many as their controllers want; with a plain `minAvailable`, as many as there are.
    pub expected: i64,
    /// Some Pod has no controller, though the controllers' wishes are asked for.
    pub unmanaged: bool,
    /// Why the wishes of a Pod's controller cannot be asked for.
    pub unscalable: Option<String>,
}

impl ApiServer {
    pub(in crate::cluster) fn budget(&self, budget: &Value) -> Budget {
        let selector = object::at(budget, "spec.selector").map(Selector::from_value).unwrap_or_default();
        let pods: Vec<&Rc<Value>> = self.list(kinds::POD, Some(object::namespace(budget))).filter(|p| selector.matches(object::labels(p))).collect();
        let ready = |c: &Value| object::str_at(c, "type") == Some("Ready") && object::str_at(c, "status") == Some("True");
        let healthy = pods.iter().filter(|p| !object::is_deleting(p) && object::list_at(p, "status.conditions").iter().any(ready)).count() as i64;
        let mut out = Budget { pods: pods.len() as i64, healthy, needed: 0, expected: pods.len() as i64, unmanaged: false, unscalable: None };
        let amount = |value: &Value, of: i64| match value {
            Value::String(text) => text.trim_end_matches('%').parse::<i64>().map_or(0, |percent| (of * percent + 99) / 100),
            other => other.as_i64().unwrap_or(0),
        };
        if let Some(most) = object::at(budget, "spec.maxUnavailable").filter(|v| !v.is_null()) {
            self.expect(&pods, &mut out);
            out.needed = (out.expected - amount(most, out.expected)).max(0);
        } else if let Some(least) = object::at(budget, "spec.minAvailable").filter(|v| !v.is_null()) {
            if least.is_string() {
                self.expect(&pods, &mut out);
            }
            out.needed = amount(least, out.expected);
        }
        out
    }

    /// How many Pods their controllers want in all.
    fn expect(&self, pods: &[&Rc<Value>], out: &mut Budget) {
        let mut scales: SortedMap<String, i64> = SortedMap::new();
        for pod in pods {
            let Some(owner) = object::controller_of(pod) else {
                out.unmanaged = true;
                continue;
            };
            let found = |owner: &Value| {
                let kinds = [kinds::REPLICATION_CONTROLLER, kinds::DEPLOYMENT, kinds::REPLICA_SET, kinds::STATEFUL_SET];
                let kind = kinds.into_iter().find(|kind| object::str_at(owner, "kind") == Some(kind.kind))?;
                self.get(kind, object::namespace(pod), object::str_at(owner, "name").unwrap_or(""))
            };
            let Some(set) = found(owner) else {
                let kind = Kind::find(object::str_at(owner, "apiVersion").unwrap_or(""), object::str_at(owner, "kind").unwrap_or(""));
                let why = || match kind {
                    Some(kind) => format!("{} does not implement the scale subresource", kind.resource()),
                    None => format!("found no controllers for pod {:?}", object::name(pod)),
                };
                out.unscalable.get_or_insert_with(why);
                continue;
            };
            let whole = object::controller_of(set).and_then(found).unwrap_or(set);
            scales.insert(object::uid(whole).to_owned(), object::i64_at(whole, "spec.replicas").unwrap_or(1));
        }
        out.expected = scales.values().sum();
    }
}
