//! Objects as the server's own Go types print them: Go's field names in the order of declaration, with all that is empty.
//!
//! The server shows these in what it says of updates (`diff.Diff`, `field.Invalid`). The order is that of the structs in `pkg/apis/core/types.go`.

use crate::api::{Map, Value, json, object};

/// A struct and its fields. `Name` alone is a pointer, list or map of plain values, `null` where there is none; `:s`, `:i`, `:b`, `:q` a text, number,
/// truth or amount that is always there; `:T` a struct, `:*T` one that may be missing, `:[]T` a list of them. Where the manifest's name is not Go's with a
/// small beginning, it stands behind `=`. A name with a small beginning belongs to a type with JSON tags, and is left out where it is empty.
const SHAPES: &[(&str, &str)] = &[
    (
        "PodSpec",
        "Volumes:[]Volume InitContainers:[]Container Containers:[]Container EphemeralContainers:[]EphemeralContainer RestartPolicy:s \
         TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy:s NodeSelector ServiceAccountName:s AutomountServiceAccountToken NodeName:s \
         SecurityContext:*PodSecurityContext ImagePullSecrets:[]Named Hostname:s Subdomain:s SetHostnameAsFQDN Affinity:*Affinity SchedulerName:s \
         Tolerations:[]Toleration HostAliases:[]HostAlias PriorityClassName:s Priority PreemptionPolicy DNSConfig:*DNSConfig \
         ReadinessGates:[]ReadinessGate RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints:[]Spread OS:*Named \
         SchedulingGates:[]Named ResourceClaims:[]ResourceClaim Resources:*Resources HostnameOverride SchedulingGroup",
    ),
    (
        "Volume",
        "Name:s HostPath:*HostPath EmptyDir:*EmptyDir GCEPersistentDisk:*GCE AWSElasticBlockStore:*AWS GitRepo:*GitRepo Secret:*SecretVolume NFS:*NFS \
         ISCSI Glusterfs PersistentVolumeClaim:*Claim RBD Quobyte FlexVolume Cinder CephFS=cephfs Flocker DownwardAPI:*Downward FC AzureFile \
         ConfigMap:*Files VsphereVolume AzureDisk PhotonPersistentDisk Projected:*Projected PortworxVolume ScaleIO StorageOS=storageos CSI:*CSI \
         Ephemeral:*Ephemeral Image:*Image",
    ),
    ("HostPath", "Path:s Type"),
    ("EmptyDir", "Medium:s SizeLimit"),
    ("GCE", "PDName:s FSType:s Partition:i ReadOnly:b"),
    ("AWS", "VolumeID:s FSType:s Partition:i ReadOnly:b"),
    ("GitRepo", "Repository:s Revision:s Directory:s"),
    ("SecretVolume", "SecretName:s Items:[]File DefaultMode Optional"),
    ("NFS", "Server:s Path:s ReadOnly:b"),
    ("Claim", "ClaimName:s ReadOnly:b"),
    ("Downward", "Items:[]DownwardFile DefaultMode"),
    ("DownwardItems", "Items:[]DownwardFile"),
    ("DownwardFile", "Path:s FieldRef:*FieldRef ResourceFieldRef:*ResourceFieldRef Mode"),
    ("Files", "Name:s Items:[]File DefaultMode Optional"),
    ("FilesItems", "Name:s Items:[]File Optional"),
    ("File", "Key:s Path:s Mode"),
    ("Projected", "Sources:[]Projection DefaultMode"),
    (
        "Projection",
        "Secret:*FilesItems DownwardAPI:*DownwardItems ConfigMap:*FilesItems ServiceAccountToken:*Token ClusterTrustBundle PodCertificate",
    ),
    ("Token", "Audience:s ExpirationSeconds:i Path:s"),
    ("CSI", "Driver:s ReadOnly FSType VolumeAttributes NodePublishSecretRef:*Named"),
    ("Ephemeral", "VolumeClaimTemplate:*ClaimTemplate"),
    ("ClaimTemplate", "labels annotations Spec:ClaimSpec"),
    (
        "ClaimSpec",
        "AccessModes Selector:*LabelSelector Resources:ClaimResources VolumeName:s StorageClassName VolumeMode DataSource:*DataSource \
         DataSourceRef:*DataSourceRef VolumeAttributesClassName",
    ),
    ("ClaimResources", "Limits Requests"),
    ("DataSource", "APIGroup Kind:s Name:s"),
    ("DataSourceRef", "APIGroup Kind:s Name:s Namespace"),
    ("Image", "Reference:s PullPolicy:s"),
    (
        "Container",
        "Name:s Image:s Command Args WorkingDir:s Ports:[]Port EnvFrom:[]EnvFrom Env:[]Env Resources:Resources ResizePolicy:[]Resize RestartPolicy \
         RestartPolicyRules:[]Rule VolumeMounts:[]Mount VolumeDevices:[]Device LivenessProbe:*Probe ReadinessProbe:*Probe StartupProbe:*Probe \
         Lifecycle:*Lifecycle TerminationMessagePath:s TerminationMessagePolicy:s ImagePullPolicy:s SecurityContext:*SecurityContext Stdin:b \
         StdinOnce:b TTY:b",
    ),
    ("Port", "Name:s HostPort:i ContainerPort:i Protocol:s HostIP:s"),
    ("EnvFrom", "Prefix:s ConfigMapRef:*Reference SecretRef:*Reference"),
    ("Reference", "Name:s Optional"),
    ("Env", "Name:s Value:s ValueFrom:*EnvSource"),
    ("EnvSource", "FieldRef:*FieldRef ResourceFieldRef:*ResourceFieldRef ConfigMapKeyRef:*KeyRef SecretKeyRef:*KeyRef FileKeyRef:*FileKey"),
    ("FieldRef", "APIVersion:s FieldPath:s"),
    ("ResourceFieldRef", "ContainerName:s Resource:s Divisor:q"),
    ("KeyRef", "Name:s Key:s Optional"),
    ("FileKey", "VolumeName:s Path:s Key:s Optional"),
    ("Resources", "Limits Requests Claims:[]ClaimName"),
    ("ClaimName", "Name:s Request:s"),
    ("Resize", "ResourceName:s RestartPolicy:s"),
    ("Rule", "Action:s ExitCodes:*ExitCodes"),
    ("ExitCodes", "Operator:s Values"),
    ("Mount", "Name:s ReadOnly:b RecursiveReadOnly MountPath:s SubPath:s MountPropagation SubPathExpr:s"),
    ("Device", "Name:s DevicePath:s"),
    (
        "Probe",
        "Exec:*Exec HTTPGet:*HTTPGet TCPSocket:*TCPSocket GRPC:*GRPC InitialDelaySeconds:i TimeoutSeconds:i PeriodSeconds:i SuccessThreshold:i \
         FailureThreshold:i TerminationGracePeriodSeconds",
    ),
    ("Lifecycle", "PostStart:*Handler PreStop:*Handler StopSignal"),
    ("Handler", "Exec:*Exec HTTPGet:*HTTPGet TCPSocket:*TCPSocket Sleep:*Sleep"),
    ("Exec", "Command"),
    ("HTTPGet", "Path:s Port:i Host:s Scheme:s HTTPHeaders:[]NameValue"),
    ("NameValue", "Name:s Value:s"),
    ("TCPSocket", "Port:i Host:s"),
    ("GRPC", "Port:i Service"),
    ("Sleep", "Seconds:i"),
    (
        "SecurityContext",
        "Capabilities:*Capabilities Privileged SELinuxOptions:*SELinux WindowsOptions:*Windows RunAsUser RunAsGroup RunAsNonRoot \
         ReadOnlyRootFilesystem AllowPrivilegeEscalation ProcMount SeccompProfile:*Profile AppArmorProfile:*Profile",
    ),
    ("Capabilities", "Add Drop"),
    ("SELinux", "User:s Role:s Type:s Level:s"),
    ("Windows", "GMSACredentialSpecName GMSACredentialSpec RunAsUserName HostProcess"),
    ("Profile", "Type:s LocalhostProfile"),
    (
        "PodSecurityContext",
        "HostNetwork:b HostPID:b HostIPC:b ShareProcessNamespace HostUsers SELinuxOptions:*SELinux WindowsOptions:*Windows RunAsUser RunAsGroup \
         RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup FSGroupChangePolicy Sysctls:[]NameValue SeccompProfile:*Profile \
         AppArmorProfile:*Profile SELinuxChangePolicy",
    ),
    ("Named", "Name:s"),
    ("Affinity", "NodeAffinity:*NodeAffinity PodAffinity:*PodAffinity PodAntiAffinity:*PodAffinity"),
    ("NodeAffinity", "RequiredDuringSchedulingIgnoredDuringExecution:*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredNode"),
    ("VolumeAffinity", "Required:*NodeSelector"),
    ("NodeSelector", "NodeSelectorTerms:[]NodeTerm"),
    ("NodeTerm", "MatchExpressions:[]NodeRequirement MatchFields:[]NodeRequirement"),
    ("NodeRequirement", "Key:s Operator:s Values"),
    ("PreferredNode", "Weight:i Preference:NodeTerm"),
    ("PodAffinity", "RequiredDuringSchedulingIgnoredDuringExecution:[]PodTerm PreferredDuringSchedulingIgnoredDuringExecution:[]PreferredPod"),
    ("PodTerm", "LabelSelector:*LabelSelector Namespaces TopologyKey:s NamespaceSelector:*LabelSelector MatchLabelKeys MismatchLabelKeys"),
    ("PreferredPod", "Weight:i PodAffinityTerm:PodTerm"),
    ("DisruptionSpec", "MinAvailable Selector:*LabelSelector MaxUnavailable UnhealthyPodEvictionPolicy"),
    ("LabelSelector", "matchLabels matchExpressions:[]Requirement"),
    ("Requirement", "key operator values"),
    ("Toleration", "Key:s Operator:s Value:s Effect:s TolerationSeconds"),
    ("HostAlias", "IP:s Hostnames"),
    ("DNSConfig", "Nameservers Searches Options:[]DNSOption"),
    ("DNSOption", "Name:s Value"),
    ("ReadinessGate", "ConditionType:s"),
    (
        "Spread",
        "MaxSkew:i TopologyKey:s WhenUnsatisfiable:s LabelSelector:*LabelSelector MinDomains NodeAffinityPolicy NodeTaintsPolicy MatchLabelKeys",
    ),
    ("ResourceClaim", "Name:s ResourceClaimName ResourceClaimTemplateName"),
    ("PodTemplate", "name generateName namespace labels annotations finalizers Spec:PodSpec"),
];

/// A container that is looked in with: the fields of a container and one more.
const EPHEMERAL: &str = "EphemeralContainer";
const TARGET: &str = "TargetContainerName:s";

fn shape_of(name: &str) -> Option<(&'static str, &'static str)> {
    let own = if name == EPHEMERAL { "Container" } else { name };
    let (found, fields) = SHAPES.iter().find(|(known, _)| *known == own)?;
    Some((if name == EPHEMERAL { EPHEMERAL } else { found }, fields))
}

/// On one line, as in `Invalid value: {…}`.
pub fn compact(value: &Value, shape: &str) -> String {
    print(value, shape, false)
}

/// Indented by one blank for each level, as in diffs.
pub fn pretty(value: &Value, shape: &str) -> String {
    print(value, shape, true)
}

fn print(value: &Value, shape: &str, pretty: bool) -> String {
    let mut printer = Printer { out: String::new(), depth: 0, pretty };
    printer.one(Some(value), shape);
    printer.out
}

/// A Pod's spec as [`SHAPES`] has it: what belongs to the host stands in the security context.
pub fn pod_spec(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(value) = object::remove(&mut spec, field) {
            if !spec.get("securityContext").is_some_and(Value::is_object) {
                object::set(&mut spec, "securityContext", json!({}));
            }
            spec["securityContext"][field] = value;
        }
    }
    spec
}

/// A template as [`SHAPES`] has it: its metadata stands beside the spec.
pub fn template(template: &Value) -> Value {
    let mut whole = object::map_at(template, "metadata").cloned().unwrap_or_default();
    whole.insert("spec".into(), pod_spec(template.get("spec").unwrap_or(&Value::Null)));
    Value::Object(whole)
}

/// The manifest's name of a Go field: a run of capitals becomes small, but for the last one before a small letter (`DNSPolicy` → `dnsPolicy`).
fn manifest_name(go: &str) -> String {
    let capitals = go.chars().take_while(char::is_ascii_uppercase).count();
    let small = if capitals > 1 && capitals < go.len() { capitals - 1 } else { capitals };
    format!("{}{}", go[..small].to_ascii_lowercase(), &go[small..])
}

struct Printer {
    out: String,
    depth: usize,
    pretty: bool,
}

impl Printer {
    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(' ', self.depth));
        }
    }

    /// Brackets around what `inside` prints; it is told to call [`Printer::item`] before each.
    fn between(&mut self, brackets: [char; 2], empty: bool, inside: impl FnOnce(&mut Self)) {
        self.out.push(brackets[0]);
        if !empty {
            self.depth += 1;
            inside(self);
            self.depth -= 1;
            self.line();
        }
        self.out.push(brackets[1]);
    }

    fn item(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(',');
        }
        self.line();
    }

    fn text(&mut self, text: &str) {
        let quoted = Value::from(text).to_string();
        self.out.push_str(&crate::manifest::field::escape_html(&quoted));
    }

    fn name(&mut self, name: &str) {
        self.text(name);
        self.out.push_str(if self.pretty { ": " } else { ":" });
    }

    fn one(&mut self, value: Option<&Value>, shape: &str) {
        let value = value.filter(|v| !v.is_null());
        if let Some(of) = shape.strip_prefix("[]") {
            match value.and_then(Value::as_array) {
                None => self.out.push_str("null"),
                Some(items) => self.between(['[', ']'], items.is_empty(), |printer| {
                    let mut first = true;
                    for item in items {
                        printer.item(&mut first);
                        printer.one(Some(item), of);
                    }
                }),
            }
            return;
        }
        let (shape, optional) = shape.strip_prefix('*').map_or((shape, false), |shape| (shape, true));
        let zero = match shape {
            "s" => "\"\"",
            "i" => "0",
            "b" => "false",
            "q" => "\"0\"",
            _ => "null",
        };
        match (value, shape_of(shape)) {
            (None, Some(_)) if optional => self.out.push_str("null"),
            (value, Some((name, fields))) => self.fields(value.and_then(Value::as_object), fields, if name == EPHEMERAL { TARGET } else { "" }),
            (Some(value), None) => self.raw(value),
            (None, None) => self.out.push_str(zero),
        }
    }

    fn fields(&mut self, map: Option<&Map<String, Value>>, fields: &str, more: &str) {
        let mut wanted = fields.split_ascii_whitespace().chain(more.split_ascii_whitespace()).filter_map(|field| {
            let (name, shape) = field.split_once(':').unwrap_or((field, ""));
            let (go, json) = name.split_once('=').map_or_else(|| (name, manifest_name(name)), |(go, json)| (go, json.to_owned()));
            let value = map.and_then(|map| map.get(&json)).filter(|v| !v.is_null());
            (value.is_some() || go.starts_with(|c: char| c.is_ascii_uppercase())).then_some((go, shape, value))
        });
        let Some(head) = wanted.next() else {
            self.out.push_str("{}");
            return;
        };
        self.between(['{', '}'], false, |printer| {
            let mut first = true;
            for (go, shape, value) in std::iter::once(head).chain(wanted) {
                printer.item(&mut first);
                printer.name(go);
                printer.one(value, shape);
            }
        });
    }

    /// A value whose type has no Go names of its own.
    fn raw(&mut self, value: &Value) {
        match value {
            Value::Array(items) => self.between(['[', ']'], items.is_empty(), |printer| {
                let mut first = true;
                for item in items {
                    printer.item(&mut first);
                    printer.raw(item);
                }
            }),
            Value::Object(map) => self.between(['{', '}'], map.is_empty(), |printer| {
                let mut first = true;
                for (key, value) in map {
                    printer.item(&mut first);
                    printer.name(key);
                    printer.raw(value);
                }
            }),
            Value::String(text) => self.text(text),
            plain => self.out.push_str(&plain.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_names_become_the_manifests() {
        for (go, json) in [
            ("DNSPolicy", "dnsPolicy"),
            ("OS", "os"),
            ("GCEPersistentDisk", "gcePersistentDisk"),
            ("SELinuxOptions", "seLinuxOptions"),
            ("SetHostnameAsFQDN", "setHostnameAsFQDN"),
            ("Name", "name"),
        ] {
            assert_eq!(manifest_name(go), json);
        }
    }

    #[test]
    fn every_shape_that_is_named_is_there_and_every_field_is_a_manifests() {
        for (name, fields) in SHAPES {
            for field in fields.split_ascii_whitespace() {
                let shape = field.split_once(':').map_or("", |(_, shape)| shape.trim_start_matches("[]").trim_start_matches('*'));
                let known = matches!(shape, "" | "s" | "i" | "b" | "q") || shape_of(shape).is_some();
                assert!(known, "{name}: {field}");
            }
        }
        let spec = crate::schema::kind("v1", "Pod").and_then(|pod| pod.at("spec")).and_then(|field| field.object()).expect("a Pod has a spec");
        for (shape, of) in [("PodSpec", spec), ("Container", spec.at("containers").and_then(|f| f.object()).expect("a list of containers"))] {
            let (_, fields) = SHAPES.iter().find(|(name, _)| *name == shape).expect("a shape");
            for field in fields.split_ascii_whitespace() {
                let name = manifest_name(field.split(':').next().unwrap_or(field));
                assert!(of.field(&name).is_some() || name == "schedulingGroup", "{shape}: {name}");
            }
        }
    }

    #[test]
    fn a_context_prints_as_go_prints_it() {
        let context = json!({"privileged": true, "capabilities": {"add": ["A<B"]}});
        let expected = "{\"Capabilities\":{\"Add\":[\"A\\u003cB\"],\"Drop\":null},\"Privileged\":true,\"SELinuxOptions\":null,";
        assert!(compact(&context, "SecurityContext").starts_with(expected), "{}", compact(&context, "SecurityContext"));
        assert_eq!(pretty(&json!({"name": "a"}), "Device"), "{\n \"Name\": \"a\",\n \"DevicePath\": \"\"\n}");
    }
}
