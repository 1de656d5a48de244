//! In-place resize: which of a Pod's new resources are in force. Models `pkg/kubelet/allocation/allocation_manager.go` and `doPodResizeAction`.
//!
//! Deviation: what was allocated is remembered here alone; a kubelet also writes it to a file, to find it again after a restart.

use std::borrow::Cow;

use crate::api::object::{at, list_at, map_at, str_at};
use crate::api::order::SortedMap;
use crate::api::{Map, Quantity, Value, json};

use super::admission::{pod_amount, shortage};
use super::conditions::Condition;
use super::observed::SeenState;
use super::spec::{ContainerSpec, PodSpec, Role};
use super::worker::{PodTimer, Turn, Worker};

/// A resize that does not fit is tried again after this.
const DEFERRED_RETRY_MS: u64 = 30_000;

/// How far a resize has come.
#[derive(Clone, Debug, Default)]
pub struct Resize {
    /// What the kubelet has set aside, by container.
    allocated: SortedMap<String, Value>,
    /// What is in force, by container.
    actual: SortedMap<String, Value>,
    /// Why the wanted resources are not allocated.
    deferred: Option<String>,
    in_progress: bool,
    error: Option<String>,
    retrying: bool,
}

impl Resize {
    /// `PodResizePending` and `PodResizeInProgress`, while they hold.
    pub fn conditions(&self) -> Vec<Condition> {
        let mut out = Vec::new();
        if let Some(message) = &self.deferred {
            out.push(Condition::new("PodResizePending", true, "Deferred", message.clone()));
        }
        if self.in_progress {
            let reason = if self.error.is_some() { "Error" } else { "" };
            out.push(Condition::new("PodResizeInProgress", true, reason, self.error.clone().unwrap_or_default()));
        }
        out
    }

    /// The resources that a new instance of a container gets.
    pub fn allocated<'a>(&'a self, container: &'a ContainerSpec) -> &'a Value {
        self.allocated.get(&container.name).unwrap_or(&container.resources)
    }

    /// The resources in force.
    pub fn actual<'a>(&'a self, container: &'a ContainerSpec) -> &'a Value {
        self.actual.get(&container.name).unwrap_or(&container.resources)
    }

    pub fn is_deferred(&self) -> bool {
        self.deferred.is_some()
    }

    fn is_behind(&self, container: &ContainerSpec) -> bool {
        self.actual.get(&container.name) != self.allocated.get(&container.name)
    }

    /// Whether a resource that has changed may only change with a restart.
    pub fn wants_restart(&self, container: &ContainerSpec) -> bool {
        if !self.is_behind(container) {
            return false;
        }
        let (old, new) = (self.actual(container), self.allocated(container));
        list_at(&container.value, "resizePolicy").iter().any(|policy| {
            let resource = str_at(policy, "resourceName").unwrap_or("");
            let changed = |which: &str| str_at(old, &format!("{which}.{resource}")) != str_at(new, &format!("{which}.{resource}"));
            str_at(policy, "restartPolicy") == Some("RestartContainer") && (changed("requests") || changed("limits"))
        })
    }

    /// The Pod's effective requests or limits, `None` where there are none. A limit holds for the Pod only where every container has one.
    pub fn effective(&self, spec: &PodSpec, pod: &Value, which: &str) -> Option<Value> {
        let mut out = Map::new();
        for resource in ["cpu", "memory"] {
            let path = format!("{which}.{resource}");
            let regular = || spec.containers.iter().filter(|c| matches!(c.role, Role::Regular | Role::Sidecar));
            let written = regular().filter(|c| str_at(self.allocated(c), &path).is_some()).count();
            let whole = at(pod, &format!("spec.resources.{path}")).is_some();
            if !whole && (written == 0 || which == "limits" && written < regular().count()) {
                continue;
            }
            // One text that stands for all is kept as it was written.
            let text = match regular().next().and_then(|c| str_at(self.allocated(c), &path)) {
                Some(text) if spec.containers.len() == 1 && !whole => text.to_owned(),
                _ => quantity_text(resource, pod_amount(&self.allocated_pod(spec, pod), which, resource)),
            };
            out.insert(resource.into(), json!(text));
        }
        self.add_others(spec, which, &mut out);
        Some(Value::Object(out)).filter(|o| o.as_object().is_some_and(|m| !m.is_empty()))
    }

    /// What is asked for besides processors and memory, summed over the containers (`tests/recorded/kubectl/see-storage-limit.txt`).
    fn add_others(&self, spec: &PodSpec, which: &str, out: &mut Map<String, Value>) {
        let regular =
            || spec.containers.iter().filter(|c| matches!(c.role, Role::Regular | Role::Sidecar)).filter_map(|c| map_at(self.allocated(c), which));
        for (resource, text) in regular().flatten().filter(|(resource, _)| !matches!(resource.as_str(), "cpu" | "memory")) {
            let all: Vec<&str> = regular().filter_map(|m| m.get(resource)?.as_str()).collect();
            let sum = match all.as_slice() {
                [_] => text.clone(),
                all => json!(quantity_text(resource, all.iter().filter_map(|t| Quantity::parse(t)).map(Quantity::value).sum())),
            };
            out.insert(resource.clone(), sum);
        }
    }

    /// The Pod as it would be with what is allocated.
    fn allocated_pod<'a>(&self, spec: &PodSpec, pod: &'a Value) -> Cow<'a, Value> {
        if spec.containers.iter().all(|c| self.allocated.get(&c.name).is_none_or(|a| *a == c.resources)) {
            return Cow::Borrowed(pod);
        }
        let mut out = pod.clone();
        for list in ["containers", "initContainers"] {
            for container in out["spec"].get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(allocated) = str_at(container, "name").and_then(|name| self.allocated.get(name)).cloned() {
                    container["resources"] = allocated;
                }
            }
        }
        Cow::Owned(out)
    }

    /// A new instance runs with what is allocated.
    pub fn started(&mut self, container: &ContainerSpec) {
        if let Some(allocated) = self.allocated.get(&container.name) {
            self.actual.insert(container.name.clone(), allocated.clone());
        }
    }
}

impl Worker {
    /// At the beginning of a sync: takes up a change of resources, and notes what has been completed.
    pub fn consider_resize(&mut self, turn: &mut Turn) {
        let spec = self.spec.clone();
        if self.resize.allocated.is_empty() {
            let resources: SortedMap<String, Value> = spec.containers.iter().map(|c| (c.name.clone(), c.resources.clone())).collect();
            (self.resize.allocated, self.resize.actual) = (resources.clone(), resources);
            return;
        }
        if self.is_static {
            return;
        }
        let wanted = spec.containers.iter().any(|c| self.resize.allocated.get(&c.name).is_some_and(|a| *a != c.resources));
        if wanted {
            match shortage(&self.pod, &self.uid, turn) {
                None => {
                    self.resize.allocated = spec.containers.iter().map(|c| (c.name.clone(), c.resources.clone())).collect();
                    (self.resize.deferred, self.resize.in_progress, self.resize.error) = (None, true, None);
                    let message = format!("Pod resize started: {}", self.resize_summary());
                    self.event("", "Normal", "ResizeStarted", &message, turn);
                }
                Some((_, why)) => {
                    if self.resize.deferred.as_ref() != Some(&why) {
                        self.resize.deferred = Some(why);
                        let message = format!("Pod resize Deferred: {}", self.resize_summary());
                        self.event("", "Warning", "ResizeDeferred", &message, turn);
                    }
                    if !std::mem::replace(&mut self.resize.retrying, true) {
                        self.push(PodTimer::RetryResize, 0, turn.ctx.now + DEFERRED_RETRY_MS, turn);
                    }
                }
            }
        } else {
            self.resize.deferred = None;
        }
        let behind = spec.containers.iter().any(|c| self.resize.is_behind(c));
        if self.resize.in_progress && !behind {
            self.resize.in_progress = false;
            let message = format!("Pod resize completed: {}", self.resize_summary());
            self.event("", "Normal", "ResizeCompleted", &message, turn);
        }
    }

    /// Room may have come free.
    pub fn retry_resize(&mut self, turn: &mut Turn) {
        self.resize.retrying = false;
        if self.resize.deferred.is_some() {
            self.request_sync(turn.ctx.now, turn);
        }
    }

    /// Gives running containers their new limits, where that needs no restart.
    pub fn resize_in_place(&mut self, turn: &mut Turn) {
        let spec = self.spec.clone();
        for container in spec.containers.iter().filter(|c| c.role != Role::Ephemeral) {
            if !self.resize.is_behind(container) {
                continue;
            }
            let running = self.seen.newest(&container.name).filter(|c| matches!(c.state, SeenState::Running { .. }));
            let Some(id) = running.map(|c| c.id).filter(|_| !self.resize.wants_restart(container)) else { continue };
            let new = self.resize.allocated(container).clone();
            let (memory, cpu) = (amount(&new, "limits.memory", false), amount(&new, "limits.cpu", true));
            match turn.runtime.update_resources(id, memory, cpu) {
                Ok(()) => {
                    self.resize.actual.insert(container.name.clone(), new);
                    self.acted();
                }
                Err(why) => {
                    if self.resize.error.as_ref() != Some(&why) {
                        self.resize.error = Some(why);
                        let message = format!("Pod resize error: {}", self.resize_summary());
                        self.event("", "Warning", "ResizeError", &message, turn);
                    }
                    self.fail(None);
                }
            }
        }
        let behind = spec.containers.iter().any(|c| self.resize.is_behind(c));
        if self.resize.in_progress && !behind {
            // Seen as completed by the next sync, which comes at once.
            self.resize.error = None;
            self.acted();
            self.want_another_sync();
        }
    }

    /// The resources of every container as the events of a resize give them.
    fn resize_summary(&self) -> String {
        let list = |wanted: &dyn Fn(Role) -> bool| -> Vec<Value> {
            let of = self.spec.containers.iter().filter(|c| wanted(c.role));
            of.map(|c| json!({"name": c.name, "resources": if c.resources.is_null() { json!({}) } else { c.resources.clone() }})).collect()
        };
        // In the order of the fields of upstream's `podResourceSummary`.
        let mut out = Vec::new();
        let inits = list(&|r| matches!(r, Role::Init | Role::Sidecar));
        if !inits.is_empty() {
            out.push(format!("\"initContainers\":{}", Value::Array(inits)));
        }
        out.push(format!("\"containers\":{}", Value::Array(list(&|r| r == Role::Regular))));
        out.push(format!("\"generation\":{}", self.spec.generation));
        if let Some(error) = &self.resize.error {
            out.push(format!("\"error\":{}", json!(error)));
        }
        format!("{{{}}}", out.join(","))
    }
}

/// `1500m`, `2`, `96Mi`: an amount of cpu (thousandths) or of bytes as the API writes it.
pub(super) fn quantity_text(resource: &str, amount: i64) -> String {
    if resource == "cpu" {
        return if amount % 1000 == 0 { (amount / 1000).to_string() } else { format!("{amount}m") };
    }
    let (mut value, mut unit) = (amount, 0);
    while unit < 4 && value != 0 && value % 1024 == 0 {
        value /= 1024;
        unit += 1;
    }
    format!("{value}{}", ["", "Ki", "Mi", "Gi", "Ti"][unit])
}

/// A limit or request: cpu in thousandths (`milli`), else in units.
pub fn amount(resources: &Value, path: &str, milli: bool) -> Option<i64> {
    let quantity = Quantity::parse(str_at(resources, path)?)?;
    Some(if milli { quantity.milli() } else { quantity.value() }).filter(|n| *n > 0)
}
