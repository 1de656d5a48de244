//! Create, update and patch: names and uids, generation, resourceVersion conflicts, subresources.
//!
//! Models `apiserver/pkg/registry/generic/registry/store.go` and the strategies of `pkg/registry`.

use std::rc::Rc;

use super::{ApiServer, Caller, Key, PatchKind, Verb, WriteOptions, Written, apply, json_patch, pod_security, strategic};
use crate::api::{Kind, Status, Value, json, kinds, object};
use crate::manifest;

/// The name that admission gives the token volume, its letters still to be drawn.
const TOKEN_VOLUME: &str = "kube-api-access-xxxxx";

/// What only the server writes into metadata.
const SERVER_FIELDS: [&str; 7] =
    ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "selfLink"];

/// How many Pods the store takes. etcd has a quota of bytes (`--quota-backend-bytes`) and refuses in these words what is beyond it, whatever the kind, and updates
/// too (kubernetes/kubernetes issues 45037, 94029); this store goes on with those.
const MOST_PODS: usize = 2000;

impl ApiServer {
    /// Stores a new object, admitted. `generateName` gets its random letters.
    pub fn create(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        mut object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.refuse_if_stopped()?;
        if kind.namespaced {
            let own = object::namespace(&object).to_owned();
            if !own.is_empty() && !namespace.is_empty() && own != namespace {
                let why = "the namespace of the provided object does not match the namespace sent on the request";
                return Err(Status::new(400, "BadRequest", why));
            }
            let chosen = if own.is_empty() { namespace } else { &own };
            if let Some(space) = self.get(kinds::NAMESPACE, "", chosen)
                && object::is_deleting(space)
                && !options.dry_run
            {
                let name = object::str_at(&object, "metadata.name").unwrap_or("");
                let why = format!("unable to create new content in namespace {chosen} because it is being terminated");
                return Err(Status::forbidden(&kind.resource(), name, &why));
            }
            object::set(&mut object, "metadata.namespace", json!(chosen));
        }
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in SERVER_FIELDS {
                metadata.remove(field);
            }
        }
        let generated = object::name(&object).is_empty();
        // What admission adds belongs to nobody: the handler counts before it (`endpoints/handlers/create.go`).
        let owned = options.field_manager.starts_with("kubectl").then(|| apply::owned(kind, &object));
        super::limits::set_defaults(self, kind, &mut object);
        let admitted = manifest::admit_create(kind, options.root.as_ref(), object, self)?;
        let (mut object, mut warnings) = (admitted.object, admitted.warnings);
        if generated {
            self.draw_name(caller, kind, &mut object);
        }
        let key = Key::new(kind, object::namespace(&object), object::name(&object));
        let refused = super::limits::check(self, kind, &object).and_then(|()| pod_security::check(self, kind, "", None, &object)).and_then(|more| {
            warnings.extend(more);
            super::quota::check(self, kind, &object)
        });
        if let Err(status) = refused {
            return Err(status.with_warnings(warnings));
        }
        if self.at(&key).is_some() {
            return Err(Status::already_exists(&kind.resource(), &key.name).with_warnings(warnings));
        }
        if kind == kinds::POD && !options.dry_run && self.list(kind, None).count() >= MOST_PODS {
            return Err(Status::new(500, "", "etcdserver: mvcc: database space exceeded").with_warnings(warnings));
        }
        object::set(&mut object, "metadata.uid", json!(caller.random.uid()));
        object::set(&mut object, "metadata.creationTimestamp", json!(caller.now.rfc3339()));
        self.prepare_create(caller, kind, &mut object, options.dry_run)?;
        let object = if options.dry_run {
            Rc::new(with_type(kind, object))
        } else {
            if let Some(paths) = owned {
                self.ownership.created(&key, paths, caller.now, options);
            }
            // A Job that is read back from the store is defaulted once more, and then its template has labels to take over (`SetDefaults_Job`);
            // the answer to its creation does not have them yet.
            let unlabelled = kind.kind == "Job" && object::labels(&object).is_none_or(|labels| labels.is_empty());
            if unlabelled && let Some(labels) = object::at(&object, "spec.template.metadata.labels").cloned() {
                object::set(&mut object, "metadata.labels", labels);
            }
            let stored = self.store(caller, key, object, Verb::Added, &options.field_manager);
            if unlabelled {
                let mut answer = stored.as_ref().clone();
                object::remove(&mut answer, "metadata.labels");
                Rc::new(answer)
            } else {
                stored
            }
        };
        Ok(Written { object, warnings })
    }

    /// `generateName` with five letters; drawn anew where somebody has the name (`RetryGenerateName`).
    fn draw_name(&self, caller: &mut Caller, kind: &'static Kind, object: &mut Value) {
        const LONGEST_BASE: usize = 58;
        let prefix = object::str_at(object, "metadata.generateName").unwrap_or("").chars().take(LONGEST_BASE).collect::<String>();
        for _ in 0..8 {
            let name = format!("{prefix}{}", caller.random.suffix(5));
            let free = self.get(kind, object::namespace(object), &name).is_none();
            object::set(object, "metadata.name", json!(name));
            if free {
                return;
            }
        }
    }

    /// What the strategies fill in that admission cannot know: addresses, random names, labels that carry the uid.
    fn prepare_create(&mut self, caller: &mut Caller, kind: &Kind, object: &mut Value, dry_run: bool) -> Result<(), Status> {
        match kind.kind {
            "PersistentVolumeClaim" => protect(object, "kubernetes.io/pvc-protection"),
            "Pod" => {
                let now = json!(caller.now.rfc3339());
                for condition in object.pointer_mut("/status/conditions").and_then(Value::as_array_mut).into_iter().flatten() {
                    condition["lastTransitionTime"] = now.clone();
                }
                let letters = caller.random.suffix(5);
                rename_token_volume(object, &format!("kube-api-access-{letters}"));
            }
            "PersistentVolume" => {
                protect(object, "kubernetes.io/pv-protection");
                object::set(object, "status.lastPhaseTransitionTime", json!(caller.now.rfc3339()));
            }
            "Service" => self.addresses.assign(caller.random, None, object, dry_run)?,
            "Job" => job_labels(object),
            "Namespace" => {
                let name = object::name(object).to_owned();
                let mut labels = object::labels(object).cloned().unwrap_or_default();
                labels.insert("kubernetes.io/metadata.name".into(), json!(name));
                object::set(object, "metadata.labels", Value::Object(labels));
            }
            _ => {}
        }
        Ok(())
    }

    /// PUT. A `metadata.resourceVersion` that is not the stored one is a conflict.
    pub fn update(
        &mut self,
        caller: &mut Caller,
        kind: &'static Kind,
        namespace: &str,
        object: Value,
        options: &WriteOptions,
    ) -> Result<Written, Status> {
        self.refuse_if_stopped()?;
        let key = Key::new(kind, namespace, object::name(&object));
        let old = self.at(&key).cloned().ok_or_else(|| Status::not_found(&kind.resource(), &key.name))?;
        if let Some(version) = object::str_at(&object, "metadata.resourceVersion")
            && !version.is_empty()
            && object::str_at(&old, "metadata.resourceVersion") != Some(version)
        {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(&kind.resource(), &key.name, why));
        }
        if let Some(given) = object::str_at(&object, "metadata.uid").filter(|u| !u.is_empty() && *u != object::uid(&old)) {
            let why = format!("Precondition failed: UID in precondition: {given}, UID in object meta: {}", object::uid(&old));
            return Err(Status::conflict(&kind.resource(), &key.name, &why));
        }
        self.replace(caller, key, &old, object, options)
    }

    /// Stores what an update or a patch makes of an object.
    fn replace(&mut self, caller: &mut Caller, key: Key, old: &Rc<Value>, mut new: Value, options: &WriteOptions) -> Result<Written, Status> {
        keep_server_fields(old, &mut new);
        let mut warnings = Vec::new();
        match options.subresource {
            "status" => {
                let (status, annotations) = (new.get("status").cloned(), object::at(&new, "metadata.annotations").cloned());
                new = (**old).clone();
                match status {
                    Some(status) => new["status"] = status,
                    None => drop(object::remove(&mut new, "status")),
                }
                // The deployment controller writes its revision annotation with the status.
                if let (Some(annotations), "Deployment") = (annotations, key.kind.kind) {
                    object::set(&mut new, "metadata.annotations", annotations);
                }
            }
            "binding" => {}
            subresource => {
                match old.get("status") {
                    Some(status) => new["status"] = status.clone(),
                    None => drop(object::remove(&mut new, "status")),
                }
                if subresource == "scale" {
                    let replicas = object::at(&new, "spec.replicas").cloned().unwrap_or_else(|| json!(0));
                    new = (**old).clone();
                    object::set(&mut new, "spec.replicas", replicas);
                }
                if subresource == "resize" || subresource == "ephemeralcontainers" {
                    let spec = new.get("spec").cloned().unwrap_or(Value::Null);
                    let mut whole = (**old).clone();
                    whole["spec"] = spec;
                    new = whole;
                }
                let admitted = manifest::admit_update(key.kind, subresource, old, new, self)?;
                (new, warnings) = (admitted.object, admitted.warnings);
                match pod_security::check(self, key.kind, subresource, Some(old), &new) {
                    Ok(more) => warnings.extend(more),
                    Err(status) => return Err(status.with_warnings(warnings)),
                }
                if subresource == "resize" {
                    self.refuse_beyond_node(&key, &new)?;
                }
                if key.kind.kind == "Service" {
                    self.addresses.assign(caller.random, Some(old), &mut new, options.dry_run)?;
                }
                if key.kind.kind == "DaemonSet" {
                    count_template(old, &mut new);
                }
                if let Some(generation) = object::i64_at(old, "metadata.generation") {
                    let annotated =
                        key.kind.kind == "Deployment" && object::at(&new, "metadata.annotations") != object::at(old, "metadata.annotations");
                    let step = i64::from(new.get("spec") != old.get("spec") || annotated || slice_differs(key.kind, old, &new));
                    object::set(&mut new, "metadata.generation", json!(generation + step));
                }
            }
        }
        let new = with_type(key.kind, new);
        if new == **old {
            return Ok(Written { object: Rc::clone(old), warnings });
        }
        if options.dry_run {
            return Ok(Written { object: Rc::new(new), warnings });
        }
        self.ownership.updated(&key, old, &new, caller.now, options);
        let verb = if super::delete::may_go(key.kind, &new) { Verb::Deleted } else { Verb::Modified };
        if verb == Verb::Deleted {
            self.forget(&key, &new);
        }
        Ok(Written { object: self.store(caller, key, new, verb, &options.field_manager), warnings })
    }

    /// A resize may not ask for more than the whole node gives. Models `plugin/pkg/admission/podresize` (1.36).
    fn refuse_beyond_node(&self, key: &Key, pod: &Value) -> Result<(), Status> {
        let node = object::str_at(pod, "spec.nodeName").unwrap_or("");
        let Some(node) = self.get(kinds::NODE, "", node) else { return Ok(()) };
        let beyond = ["cpu", "memory"].into_iter().filter_map(|resource| {
            let whole = object::str_at(node, &format!("status.allocatable.{resource}")).and_then(crate::api::Quantity::parse)?;
            let whole = if resource == "cpu" { whole.milli() } else { whole.value() };
            let asked = super::quota::pod_request(pod, resource);
            (asked > whole).then(|| format!("{resource}, requested: {asked}, allocatable: {whole}"))
        });
        let beyond: Vec<String> = beyond.collect();
        if beyond.is_empty() {
            return Ok(());
        }
        let why = format!("node didn't have enough allocatable resources: {}", beyond.join("; "));
        Err(Status::forbidden(&key.kind.resource(), &key.name, &why))
    }

    /// A patch of any of the three kinds; on the scale subresource, of the Scale.
    pub fn patch(&mut self, caller: &mut Caller, key: &Key, patch: &Value, how: PatchKind, options: &WriteOptions) -> Result<Written, Status> {
        self.refuse_if_stopped()?;
        let old = self.at(key).cloned().ok_or_else(|| Status::not_found(&key.kind.resource(), &key.name))?;
        let mut new = patched(key.kind, &old, patch, how)?;
        let sent = |path| object::str_at(patch, path).map(str::to_owned);
        if how != PatchKind::Json
            && let Some(version) = sent("metadata.resourceVersion")
            && object::str_at(&old, "metadata.resourceVersion") != Some(&version)
        {
            let why = "the object has been modified; please apply your changes to the latest version and try again";
            return Err(Status::conflict(&key.kind.resource(), &key.name, why));
        }
        let renamed = object::name(&new);
        if renamed != key.name && !renamed.is_empty() {
            let why = format!("the name of the object ({renamed}) does not match the name on the URL ({})", key.name);
            return Err(Status::new(400, "BadRequest", why));
        }
        // `ValidateObjectMetaUpdate`; one that is left empty is filled in (`BeforeUpdate`).
        if let Some(uid) = object::str_at(&new, "metadata.uid").filter(|uid| !uid.is_empty() && *uid != object::uid(&old)) {
            return Err(super::refusal::invalid(key.kind, &key.name, "metadata.uid", format!("Invalid value: {uid:?}: field is immutable")));
        }
        if options.field_manager.starts_with("kubectl") && options.subresource.is_empty() {
            new = manifest::decode::decode_with(key.kind, new, true).map_err(|error| super::refusal::undecodable(patch, how, &error.detail))?;
        }
        self.replace(caller, key.clone(), &old, new, options)
    }

    /// Binds a Pod to a node (the binding subresource): the node and the condition in one write.
    pub fn bind(&mut self, caller: &mut Caller, key: &Key, node: &str) -> Result<Written, Status> {
        self.refuse_if_stopped()?;
        let old = self.at(key).cloned().ok_or_else(|| Status::not_found("pods", &key.name))?;
        if object::is_deleting(&old) {
            let why = format!("pod {} is being deleted, cannot be assigned to a host", key.name);
            return Err(Status::conflict("pods/binding", &key.name, &why));
        }
        if let Some(bound) = object::str_at(&old, "spec.nodeName").filter(|n| !n.is_empty()) {
            let why = format!("pod {} is already assigned to node \"{bound}\"", key.name);
            return Err(Status::conflict("pods/binding", &key.name, &why));
        }
        let mut new = (*old).clone();
        object::set(&mut new, "spec.nodeName", json!(node));
        // `ClearingNominatedNodeNameAfterBinding`
        object::remove(&mut new, "status.nominatedNodeName");
        let condition = json!({"type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": caller.now.rfc3339()});
        set_condition(&mut new, condition);
        let options = WriteOptions { subresource: "binding", field_manager: "kube-scheduler".into(), ..WriteOptions::default() };
        let written = self.replace(caller, key.clone(), &old, new, &options)?;
        let fact = crate::cluster::log::Fact::PodBound { pod: format!("{}/{}", key.namespace, key.name), node: node.into() };
        caller.log.push(caller.now, fact);
        Ok(written)
    }
}

/// The object as a patch leaves it, stored or not.
pub fn patched(kind: &Kind, object: &Value, patch: &Value, how: PatchKind) -> Result<Value, Status> {
    let mut new = object.clone();
    match how {
        PatchKind::Json => json_patch::apply(&mut new, patch)?,
        PatchKind::Merge => strategic::merge_patch(&mut new, patch),
        PatchKind::Strategic => {
            if let Some((item, key)) = strategic::without_key(kind, object, patch) {
                let what = format!("map: {} does not contain declared merge key: {key}", super::refusal::shown(item));
                return Err(Status::new(500, "", what));
            }
            strategic::apply(kind, &mut new, patch);
        }
    }
    Ok(new)
}

/// Puts a condition in place of the one of its type, keeping the time of its last change where the status is the same.
pub fn set_condition(object: &mut Value, mut condition: Value) {
    let mut conditions = object::list_at(object, "status.conditions").to_vec();
    match conditions.iter_mut().find(|c| c.get("type") == condition.get("type")) {
        Some(present) => {
            if present.get("status") == condition.get("status") {
                condition["lastTransitionTime"] = present.get("lastTransitionTime").cloned().unwrap_or(Value::Null);
            }
            *present = condition;
        }
        None => conditions.push(condition),
    }
    object::set(object, "status.conditions", Value::Array(conditions));
}

fn with_type(kind: &Kind, mut object: Value) -> Value {
    object["apiVersion"] = json!(kind.api_version());
    object["kind"] = json!(kind.kind);
    object
}

fn keep_server_fields(old: &Value, new: &mut Value) {
    let Some(from) = object::map_at(old, "metadata") else { return };
    if !new.get("metadata").is_some_and(Value::is_object) {
        object::set(new, "metadata", json!({}));
    }
    let Some(metadata) = new.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    for field in SERVER_FIELDS.into_iter().chain(["name", "namespace"]) {
        match from.get(field) {
            Some(value) => drop(metadata.insert(field.into(), value.clone())),
            None => drop(metadata.remove(field)),
        }
    }
}

fn rename_token_volume(pod: &mut Value, name: &str) {
    let Some(spec) = pod.get_mut("spec") else { return };
    let rename = |items: Option<&mut Value>| {
        for item in items.and_then(Value::as_array_mut).into_iter().flatten() {
            if object::str_at(item, "name") == Some(TOKEN_VOLUME) {
                item["name"] = json!(name);
            }
        }
    };
    rename(spec.get_mut("volumes"));
    for list in ["initContainers", "containers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            rename(container.get_mut("volumeMounts"));
        }
    }
}

/// A Job chooses its Pods by its own uid, unless the person says otherwise. Models `pkg/registry/batch/job/strategy.go`.
fn job_labels(job: &mut Value) {
    if object::bool_at(job, "spec.manualSelector") == Some(true) {
        return;
    }
    let (name, uid) = (object::name(job).to_owned(), object::uid(job).to_owned());
    let mut labels = object::map_at(job, "spec.template.metadata.labels").cloned().unwrap_or_default();
    for (key, value) in [("job-name", &name), ("controller-uid", &uid)] {
        labels.insert(format!("batch.kubernetes.io/{key}"), json!(value));
        labels.insert(key.into(), json!(value));
    }
    object::set(job, "spec.template.metadata.labels", Value::Object(labels));
    object::set(job, "spec.selector", json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
}

/// A slice has no spec: its content and its labels count (`PrepareForUpdate` of `pkg/registry/discovery/endpointslice`).
fn slice_differs(kind: &Kind, old: &Value, new: &Value) -> bool {
    kind.kind == "EndpointSlice"
        && (object::labels(old) != object::labels(new) || ["endpoints", "ports", "addressType"].iter().any(|field| old.get(field) != new.get(field)))
}

/// Keeps what is in use from going (the admission plugin `storageobjectinuseprotection`).
fn protect(object: &mut Value, finalizer: &str) {
    let mut finalizers = object::list_at(object, "metadata.finalizers").to_vec();
    if !finalizers.iter().any(|f| f == finalizer) {
        finalizers.push(json!(finalizer));
        object::set(object, "metadata.finalizers", Value::Array(finalizers));
    }
}

/// A DaemonSet's templates are counted in an annotation, once a field (`PrepareForUpdate` of `pkg/registry/apps/daemonset`).
fn count_template(old: &Value, new: &mut Value) {
    const COUNT: &str = "deprecated.daemonset.template.generation";
    let before = object::map_at(old, "metadata.annotations").and_then(|a| a.get(COUNT)?.as_str()?.parse().ok()).unwrap_or(1_i64);
    let count = before + i64::from(object::at(old, "spec.template") != object::at(new, "spec.template"));
    let mut annotations = object::map_at(new, "metadata.annotations").cloned().unwrap_or_default();
    annotations.insert(COUNT.into(), json!(count.to_string()));
    object::set(new, "metadata.annotations", Value::Object(annotations));
}
