//! Build-time: k8s-openapi's schema of 1.36 → the field table in `OUT_DIR/schema.txt`, its kinds in `schema.rs`, its documentation in `schema_docs.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use k8s_openapi::api::{
    admissionregistration, apps, authentication, authorization, autoscaling, batch, certificates, coordination, core, discovery, networking, node,
    policy, rbac, resource, scheduling, storage,
};
use k8s_openapi::apimachinery::pkg::apis::meta;
use serde_json::Value;

#[path = "mark.rs"]
mod mark;
#[path = "words.rs"]
mod words;

/// `group, version, Kind => Rust type` of every kind that has a row in the table.
macro_rules! roots {
    ($generator:ident: $($group:literal, $version:literal, $kind:literal => $type:ty;)*) => {
        vec![$(($group, $version, $kind, reference(&serde_json::to_value($generator.subschema_for::<$type>()).expect("a schema is JSON")))),*]
    };
}

pub fn generate(out: &Path) {
    println!("cargo:rerun-if-changed=src/schema/generate.rs");
    println!("cargo:rerun-if-changed=src/schema/words.rs");
    println!("cargo:rerun-if-changed=src/schema/values.txt");
    println!("cargo:rerun-if-changed=src/schema/mark.rs");
    let mut generator = schemars::SchemaGenerator::default();
    let kinds = roots! { generator:
        "", "v1", "Pod" => core::v1::Pod;
        "", "v1", "Node" => core::v1::Node;
        "", "v1", "Service" => core::v1::Service;
        "", "v1", "Namespace" => core::v1::Namespace;
        "", "v1", "ConfigMap" => core::v1::ConfigMap;
        "", "v1", "Secret" => core::v1::Secret;
        "", "v1", "ServiceAccount" => core::v1::ServiceAccount;
        "", "v1", "Event" => core::v1::Event;
        "", "v1", "Endpoints" => core::v1::Endpoints;
        "", "v1", "PersistentVolumeClaim" => core::v1::PersistentVolumeClaim;
        "", "v1", "PersistentVolume" => core::v1::PersistentVolume;
        "", "v1", "ReplicationController" => core::v1::ReplicationController;
        "", "v1", "LimitRange" => core::v1::LimitRange;
        "", "v1", "ResourceQuota" => core::v1::ResourceQuota;
        "", "v1", "Binding" => core::v1::Binding;
        "", "v1", "Status" => meta::v1::Status;
        "", "v1", "PodTemplate" => core::v1::PodTemplate;
        "", "v1", "ComponentStatus" => core::v1::ComponentStatus;
        "apps", "v1", "DaemonSet" => apps::v1::DaemonSet;
        "apps", "v1", "Deployment" => apps::v1::Deployment;
        "apps", "v1", "ReplicaSet" => apps::v1::ReplicaSet;
        "apps", "v1", "StatefulSet" => apps::v1::StatefulSet;
        "apps", "v1", "ControllerRevision" => apps::v1::ControllerRevision;
        "autoscaling", "v2", "HorizontalPodAutoscaler" => autoscaling::v2::HorizontalPodAutoscaler;
        "autoscaling", "v1", "HorizontalPodAutoscaler" => autoscaling::v1::HorizontalPodAutoscaler;
        "batch", "v1", "CronJob" => batch::v1::CronJob;
        "batch", "v1", "Job" => batch::v1::Job;
        "discovery.k8s.io", "v1", "EndpointSlice" => discovery::v1::EndpointSlice;
        "scheduling.k8s.io", "v1", "PriorityClass" => scheduling::v1::PriorityClass;
        "coordination.k8s.io", "v1", "Lease" => coordination::v1::Lease;
        "policy", "v1", "PodDisruptionBudget" => policy::v1::PodDisruptionBudget;
        "networking.k8s.io", "v1", "NetworkPolicy" => networking::v1::NetworkPolicy;
        "networking.k8s.io", "v1", "Ingress" => networking::v1::Ingress;
        "networking.k8s.io", "v1", "IngressClass" => networking::v1::IngressClass;
        "storage.k8s.io", "v1", "StorageClass" => storage::v1::StorageClass;
        "node.k8s.io", "v1", "RuntimeClass" => node::v1::RuntimeClass;
        "rbac.authorization.k8s.io", "v1", "Role" => rbac::v1::Role;
        "rbac.authorization.k8s.io", "v1", "RoleBinding" => rbac::v1::RoleBinding;
        "rbac.authorization.k8s.io", "v1", "ClusterRole" => rbac::v1::ClusterRole;
        "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding" => rbac::v1::ClusterRoleBinding;
        "storage.k8s.io", "v1", "CSIDriver" => storage::v1::CSIDriver;
        "storage.k8s.io", "v1", "CSINode" => storage::v1::CSINode;
        "storage.k8s.io", "v1", "VolumeAttachment" => storage::v1::VolumeAttachment;
        "storage.k8s.io", "v1", "CSIStorageCapacity" => storage::v1::CSIStorageCapacity;
        "storage.k8s.io", "v1", "VolumeAttributesClass" => storage::v1::VolumeAttributesClass;
        "networking.k8s.io", "v1", "ServiceCIDR" => networking::v1::ServiceCIDR;
        "networking.k8s.io", "v1", "IPAddress" => networking::v1::IPAddress;
        "resource.k8s.io", "v1", "ResourceClaim" => resource::v1::ResourceClaim;
        "resource.k8s.io", "v1", "ResourceClaimTemplate" => resource::v1::ResourceClaimTemplate;
        "resource.k8s.io", "v1", "DeviceClass" => resource::v1::DeviceClass;
        "certificates.k8s.io", "v1", "CertificateSigningRequest" => certificates::v1::CertificateSigningRequest;
        "authentication.k8s.io", "v1", "TokenReview" => authentication::v1::TokenReview;
        "authentication.k8s.io", "v1", "SelfSubjectReview" => authentication::v1::SelfSubjectReview;
        "authorization.k8s.io", "v1", "SubjectAccessReview" => authorization::v1::SubjectAccessReview;
        "authorization.k8s.io", "v1", "LocalSubjectAccessReview" => authorization::v1::LocalSubjectAccessReview;
        "authorization.k8s.io", "v1", "SelfSubjectAccessReview" => authorization::v1::SelfSubjectAccessReview;
        "authorization.k8s.io", "v1", "SelfSubjectRulesReview" => authorization::v1::SelfSubjectRulesReview;
        "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration" => admissionregistration::v1::ValidatingWebhookConfiguration;
        "admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration" => admissionregistration::v1::MutatingWebhookConfiguration;
    };
    let definitions: BTreeMap<String, Value> = generator.take_definitions(true).into_iter().collect();
    let mut table = Table::new(&definitions);
    let (packed, rust) = table.write(&kinds);
    for (name, text) in [("schema.txt", packed), ("schema.rs", rust), ("schema_docs.txt", table.docs.join("\0"))] {
        std::fs::write(out.join(name), text).expect("OUT_DIR is writable");
    }
}

/// The definition that a schema refers to, bare or wrapped in `allOf`.
fn reference(schema: &Value) -> Option<String> {
    let direct = schema.get("$ref").or_else(|| schema.get("allOf")?.get(0)?.get("$ref"));
    Some(direct?.as_str()?.rsplit('/').next()?.to_owned())
}

/// Kinds of these groups are read and checked, but not explained: the model does not keep them. Their documentation stays out.
const SILENT: [&str; 6] =
    [".api.resource.", ".api.certificates.", ".api.authentication.", ".api.authorization.", ".api.admissionregistration.", ".api.storage."];
/// …but for this one.
const EXPLAINED: [&str; 1] = ["StorageClass"];

struct Table<'a> {
    definitions: &'a BTreeMap<String, Value>,
    /// Definitions that are structs, in the order of the table.
    structs: Vec<&'a str>,
    docs: Vec<String>,
    /// While it goes through structs that nobody is told about.
    silent: bool,
    doc_numbers: BTreeMap<String, usize>,
}

impl<'a> Table<'a> {
    fn new(definitions: &'a BTreeMap<String, Value>) -> Self {
        let structs = definitions.iter().filter(|(_, d)| d.get("properties").is_some()).map(|(name, _)| name.as_str()).collect();
        Self { definitions, structs, docs: Vec::new(), silent: false, doc_numbers: BTreeMap::new() }
    }

    /// The next description. The table numbers them as they come, so one that came before is named by its number here, not there: the table
    /// is downloaded first.
    fn doc(&mut self, schema: &Value) {
        let text = schema.get("description").and_then(Value::as_str).filter(|_| !self.silent).unwrap_or_default();
        assert!(!text.contains(['\0', mark::SAME]), "descriptions are kept between zeros");
        let number = self.docs.len();
        let first = *self.doc_numbers.entry(text.to_owned()).or_insert(number);
        self.docs.push(if text.is_empty() || first == number { text.to_owned() } else { format!("{}{first}", mark::SAME) });
    }

    /// The shape of a value as the packed table writes it.
    fn shape(&self, schema: &Value) -> String {
        if let Some(target) = reference(schema) {
            return match target.rsplit('.').next().unwrap_or_default() {
                "Quantity" => "q".into(),
                "IntOrString" => "n".into(),
                "Time" => "t".into(),
                "MicroTime" => "u".into(),
                _ => match self.structs.binary_search(&target.as_str()) {
                    Ok(index) => format!("o{index}"),
                    Err(_) => "x".into(),
                },
            };
        }
        let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
        match (text("type"), text("format")) {
            ("string", "byte") => "y".into(),
            ("string", "date-time") => "t".into(),
            ("string", _) => "s".into(),
            ("boolean", _) => "b".into(),
            ("integer", "int64") => "l".into(),
            ("integer", _) => "i".into(),
            ("number", _) => "f".into(),
            ("array", _) => format!("[{}", self.shape(schema.get("items").unwrap_or(&Value::Null))),
            ("object", _) => match schema.get("additionalProperties") {
                Some(inner @ Value::Object(_)) => format!("{{{}", self.shape(inner)),
                _ => "x".into(),
            },
            _ => "x".into(),
        }
    }

    /// The packed table, and the Rust that stands beside it.
    fn write(&mut self, kinds: &[(&str, &str, &str, Option<String>)]) -> (String, String) {
        let mut packed = String::new();
        let mut prefixes: Vec<&str> = Vec::new();
        for id in self.structs.clone() {
            let definition = &self.definitions[id];
            let (prefix, name) = id.rsplit_once('.').expect("an id has a last part");
            let number = prefixes.iter().position(|p| *p == prefix).unwrap_or_else(|| {
                prefixes.push(prefix);
                prefixes.len() - 1
            });
            self.silent = SILENT.iter().any(|group| prefix.contains(group)) && !EXPLAINED.contains(&name);
            self.doc(definition);
            writeln!(packed, "={number}\t{name}").expect("a String takes all");
            let required: Vec<&str> =
                definition.get("required").and_then(Value::as_array).map(|r| r.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
            let properties: BTreeMap<&String, &Value> = definition["properties"].as_object().expect("structs have properties").iter().collect();
            for (field, schema) in properties {
                let shape = self.shape(schema);
                let (go, values) = words::named(name, field);
                let always = words::always(name, field) && (field != "metadata" || shape.starts_with('o'));
                let mut line = format!("{field}\t{shape}");
                let flags = [
                    ("r", words::required(name, field).unwrap_or(required.contains(&field.as_str()))),
                    ("p", words::pointer(name, field)),
                    ("a", always),
                ];
                flags.iter().filter(|(_, is)| *is).for_each(|(mark, _)| line.extend(["\t", mark]));
                let texts = [("e", words::embedded(name, field)), ("g", go), ("m", words::merge(name, field))];
                texts.iter().filter(|(_, text)| !text.is_empty()).for_each(|(mark, text)| line.extend(["\t", mark, text]));
                assert!(!line.contains('=') && !values.iter().any(|value| value.contains(['=', ',', '\t', '\n'])), "{name}.{field} cannot be packed");
                if !values.is_empty() {
                    line.extend(["\tv", &values.join(",")]);
                }
                self.doc(schema);
                packed.push_str(&line);
                packed.push('\n');
            }
        }
        self.silent = false;
        // Types of Go that are no structs, in the order in which `Field::wrapper_doc` counts them from the end.
        for wrapper in ["Quantity", "IntOrString", "Time", "MicroTime", "FieldsV1"] {
            let found = self.definitions.iter().find(|(id, _)| id.rsplit('.').next() == Some(wrapper));
            self.doc(found.map_or(&Value::Null, |(_, definition)| definition));
        }
        // What the values of enumerations mean comes last.
        self.docs.push(include_str!("values.txt").to_owned());
        let mut rust = format!("static PREFIXES: &[&str] = &{prefixes:?};\n");
        let mark = mark::mark(&self.docs.join("\0"));
        writeln!(rust, "pub(super) const DOC_MARK: u64 = {mark};").expect("a String takes all");
        rust.push_str("static KINDS: &[KindRow] = &[\n");
        for (group, version, kind, target) in kinds {
            let index = target.as_deref().and_then(|t| self.structs.binary_search(&t).ok()).expect("a kind is a struct");
            writeln!(rust, "KindRow {{ group: {group:?}, version: {version:?}, kind: {kind:?}, type_index: {index} }},").expect("a String takes all");
        }
        rust.push_str("];\n");
        (packed, rust)
    }
}
