//! What the API server does with an object once it is decoded: defaulting, admission, validation, in the order in which they really happen.

use super::{Admitted, ClusterFacts, admission, decode, defaults, prepare, validate, warnings};
use crate::api::{Kind, Quantity, Status, Value, json, object};

/// An object that passed, and with which warnings. The rest that the server adds to it nobody refuses, and most who want a verdict never look
/// at the object: it is added for those who do.
#[derive(Clone, Debug)]
pub struct Accepted {
    kind: &'static Kind,
    object: Value,
    has_empties: bool,
    pub warnings: Vec<String>,
}

impl Accepted {
    /// `has_empties`: the text had lists or maps with nothing in them.
    pub(super) fn new(kind: &'static Kind, admitted: Admitted, has_empties: bool) -> Self {
        Self { kind, object: admitted.object, has_empties, warnings: admitted.warnings }
    }

    /// The object as a dry run gives it back.
    pub fn object(&self) -> Value {
        let mut object = self.object.clone();
        complete(self.kind, &mut object, self.has_empties, true);
        object
    }
}

/// What is left to do for an object that somebody looks at. `dry_run`: it will not be stored.
pub(super) fn complete(kind: &Kind, object: &mut Value, has_empties: bool, dry_run: bool) {
    admission::give(kind, object);
    prepare::complete(kind, object);
    if dry_run {
        admission::dry_run::complete(kind, object);
    }
    if has_empties {
        decode::drop_empties(kind, object);
    }
}

/// A create: defaults → mutating admission → a Service's addresses → preparation (status reset, QoS class) → validation → warnings.
pub fn create(kind: &Kind, mut object: Value, facts: &dyn ClusterFacts, dry_run: bool) -> Result<Admitted, Status> {
    if !object.get("spec").is_some_and(Value::is_object) && matches!(kind.kind, "Pod") {
        // Go's zero value of a missing struct.
        object::set(&mut object, "spec", json!({}));
    }
    defaults::apply(kind, &mut object);
    admission::create(kind, &mut object, facts)?;
    if dry_run && name_as_drawn(&mut object) && kind.kind == "Namespace" {
        // `Canonicalize`: its label follows its name.
        defaults::apply(kind, &mut object);
    }
    if kind.kind == "Service" {
        admission::service::begin(kind, &mut object, dry_run)?;
    }
    let mut warnings = Vec::new();
    prepare::create(kind, &mut object, &mut warnings);
    generate_name(&mut object);
    let selecting = (kind.kind == "Job").then(|| admission::dry_run::selecting(&object));
    let errors = validate::create(kind, selecting.as_ref().unwrap_or(&object));
    if !errors.is_empty() {
        return Err(validate::invalid(kind, object::name(&object), &errors).with_warnings(warnings));
    }
    if kind.kind == "Pod" && object::map_at(&object, "spec.overhead").is_some() {
        let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
        return Err(Status::forbidden("pods", object::name(&object), why));
    }
    warnings.extend(warnings::create(kind, &object));
    Ok(Admitted { object, warnings })
}

/// `generateName` → a name with five letters, which the store draws anew: here they read `xxxxx`.
fn generate_name(object: &mut Value) {
    let prefix = object::str_at(object, "metadata.generateName").unwrap_or("");
    if object::name(object).is_empty() && !prefix.is_empty() {
        let base: String = prefix.chars().take(58).collect();
        object::set(object, "metadata.name", json!(format!("{base}xxxxx")));
    }
}

/// What the server would append to `generateName`: five letters, here always the same for the same name. Says whether it has done so.
fn name_as_drawn(object: &mut Value) -> bool {
    let base = object::str_at(object, "metadata.generateName").unwrap_or_default();
    if base.is_empty() || !object::name(object).is_empty() {
        return false;
    }
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let mut hash = base.bytes().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    // Names may have 63 characters.
    let mut name = base[..crate::text::floor_boundary(base, 58)].to_owned();
    for _ in 0..5 {
        name.push(char::from(LETTERS[(hash % LETTERS.len() as u64) as usize]));
        hash /= LETTERS.len() as u64;
    }
    object::set(object, "metadata.name", Value::String(name));
    true
}

/// Models `pkg/apis/core/v1/helper/qos`: only cpu and memory of containers and init containers count, zeros do not.
pub fn qos_class(pod: &Value) -> &'static str {
    let amount = |container: &Value, list: &str, name: &str| -> i128 {
        let text = container.get("resources").and_then(|r| r.get(list)?.get(name)?.as_str());
        text.and_then(Quantity::parse).map_or(0, Quantity::nano)
    };
    let spec = pod.get("spec").unwrap_or(&Value::Null);
    let containers: Vec<&Value> = if spec.get("resources").is_some_and(|r| r.as_object().is_some_and(|m| !m.is_empty())) {
        vec![spec]
    } else {
        object::list_at(spec, "containers").iter().chain(object::list_at(spec, "initContainers")).collect()
    };
    let (mut any, mut guaranteed) = (false, true);
    for name in ["cpu", "memory"] {
        let (mut requests, mut limits) = (0, 0);
        for container in &containers {
            let (request, limit) = (amount(container, "requests", name), amount(container, "limits", name));
            any |= request > 0 || limit > 0;
            guaranteed &= limit > 0;
            requests += request;
            limits += limit;
        }
        guaranteed &= requests == limits;
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
