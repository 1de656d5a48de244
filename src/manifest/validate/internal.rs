//! A Pod's spec as the server's own Go types print it, where a refusal shows what changed.
//!
//! Models the declarations of `pkg/apis/core/types.go`: their order and names differ from those of the published API, and nothing is left out.

use std::fmt::Write;

use crate::api::Value;

/// One type a line: its fields in order. A mark says what stands where nothing was said and what is inside: `$` empty text, `#` zero, `!` false,
/// `=T` a struct, `*T` a struct or null, `[T` a list of structs or null, `+T` a struct that is printed as part of this one; without a mark: null.
const TYPES: &str = "\
PodSpec Volumes[Volume InitContainers[Container Containers[Container EphemeralContainers[EphemeralContainer RestartPolicy$ TerminationGracePeriodSeconds \
ActiveDeadlineSeconds DNSPolicy$ NodeSelector ServiceAccountName$ AutomountServiceAccountToken NodeName$ SecurityContext*PodSecurityContext \
ImagePullSecrets[Named Hostname$ Subdomain$ SetHostnameAsFQDN Affinity*Affinity SchedulerName$ Tolerations[Toleration HostAliases[HostAlias PriorityClassName$ \
Priority PreemptionPolicy DNSConfig*PodDNSConfig ReadinessGates[Condition RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints[Spread \
OS*Named SchedulingGates[Named ResourceClaims[PodResourceClaim Resources*ResourceRequirements HostnameOverride SchedulingGroup*SchedulingGroup
SchedulingGroup PodGroupName
Named Name$
Condition ConditionType$
PodSecurityContext HostNetwork! HostPID! HostIPC! ShareProcessNamespace HostUsers SELinuxOptions*SELinuxOptions WindowsOptions*WindowsOptions RunAsUser \
RunAsGroup RunAsNonRoot SupplementalGroups SupplementalGroupsPolicy FSGroup FSGroupChangePolicy Sysctls[Pair SeccompProfile*Profile AppArmorProfile*Profile \
SELinuxChangePolicy
SELinuxOptions User$ Role$ Type$ Level$
WindowsOptions GMSACredentialSpecName GMSACredentialSpec RunAsUserName HostProcess
Pair Name$ Value$
Profile Type$ LocalhostProfile
Volume Name$ HostPath*HostPath EmptyDir*EmptyDir GCEPersistentDisk AWSElasticBlockStore GitRepo*GitRepo Secret*SecretVolume NFS*NFS ISCSI Glusterfs \
PersistentVolumeClaim*Claim RBD Quobyte FlexVolume Cinder CephFS Flocker DownwardAPI*DownwardAPIVolume FC AzureFile ConfigMap*ConfigMapVolume VsphereVolume \
AzureDisk PhotonPersistentDisk Projected*Projected PortworxVolume ScaleIO StorageOS CSI*CSI Ephemeral Image*ImageVolume
HostPath Path$ Type
EmptyDir Medium$ SizeLimit
GitRepo Repository$ Revision$ Directory$
SecretVolume SecretName$ Items[KeyToPath DefaultMode Optional
NFS Server$ Path$ ReadOnly!
Claim ClaimName$ ReadOnly!
DownwardAPIVolume Items[DownwardAPIFile DefaultMode
DownwardAPIFile Path$ FieldRef*FieldRef ResourceFieldRef*ResourceFieldRef Mode
ConfigMapVolume Name$ Items[KeyToPath DefaultMode Optional
KeyToPath Key$ Path$ Mode
Projected Sources[Source DefaultMode
Source Secret*SecretSource DownwardAPI*DownwardAPISource ConfigMap*SecretSource ServiceAccountToken*TokenSource ClusterTrustBundle PodCertificate
SecretSource Name$ Items[KeyToPath Optional
DownwardAPISource Items[DownwardAPIFile
TokenSource Audience$ ExpirationSeconds# Path$
CSI Driver$ ReadOnly FSType VolumeAttributes NodePublishSecretRef*Named
ImageVolume Reference$ PullPolicy$
Container Name$ Image$ Command Args WorkingDir$ Ports[Port EnvFrom[EnvFrom Env[EnvVar Resources=ResourceRequirements ResizePolicy[ResizePolicy RestartPolicy \
RestartPolicyRules[RestartRule VolumeMounts[VolumeMount VolumeDevices[VolumeDevice LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe \
Lifecycle*Lifecycle TerminationMessagePath$ TerminationMessagePolicy$ ImagePullPolicy$ SecurityContext*SecurityContext Stdin! StdinOnce! TTY!
EphemeralContainer +Container TargetContainerName$
Port Name$ HostPort# ContainerPort# Protocol$ HostIP$
EnvFrom Prefix$ ConfigMapRef*Reference SecretRef*Reference
Reference Name$ Optional
EnvVar Name$ Value$ ValueFrom*EnvVarSource
EnvVarSource FieldRef*FieldRef ResourceFieldRef*ResourceFieldRef ConfigMapKeyRef*KeyRef SecretKeyRef*KeyRef FileKeyRef*FileKeyRef
FieldRef APIVersion$ FieldPath$
ResourceFieldRef ContainerName$ Resource$ Divisor
KeyRef Name$ Key$ Optional
FileKeyRef VolumeName$ Path$ Key$ Optional
ResourceRequirements Limits Requests Claims[ResourceClaim
ResourceClaim Name$ Request$
ResizePolicy ResourceName$ RestartPolicy$
RestartRule Action$ ExitCodes*ExitCodes
ExitCodes Operator$ Values
VolumeMount Name$ ReadOnly! RecursiveReadOnly MountPath$ SubPath$ MountPropagation SubPathExpr$
VolumeDevice Name$ DevicePath$
Probe +Handler InitialDelaySeconds# TimeoutSeconds# PeriodSeconds# SuccessThreshold# FailureThreshold# TerminationGracePeriodSeconds
Handler Exec*Exec HTTPGet*HTTPGet TCPSocket*TCPSocket GRPC*GRPC
Exec Command
HTTPGet Path$ Port Host$ Scheme$ HTTPHeaders[Pair
TCPSocket Port Host$
GRPC Port# Service
Lifecycle PostStart*Hook PreStop*Hook StopSignal
Hook Exec*Exec HTTPGet*HTTPGet TCPSocket*TCPSocket Sleep*Sleep
Sleep Seconds#
SecurityContext Capabilities*Capabilities Privileged SELinuxOptions*SELinuxOptions WindowsOptions*WindowsOptions RunAsUser RunAsGroup RunAsNonRoot \
ReadOnlyRootFilesystem AllowPrivilegeEscalation ProcMount SeccompProfile*Profile AppArmorProfile*Profile
Capabilities Add Drop
Affinity NodeAffinity*NodeAffinity PodAffinity*PodAffinity PodAntiAffinity*PodAffinity
NodeAffinity RequiredDuringSchedulingIgnoredDuringExecution*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution[PreferredTerm
NodeSelector NodeSelectorTerms[Term
Term MatchExpressions[Expression MatchFields[Expression
Expression Key$ Operator$ Values
PreferredTerm Weight# Preference=Term
PodAffinity RequiredDuringSchedulingIgnoredDuringExecution[AffinityTerm PreferredDuringSchedulingIgnoredDuringExecution[WeightedTerm
WeightedTerm Weight# PodAffinityTerm=AffinityTerm
AffinityTerm LabelSelector Namespaces TopologyKey$ NamespaceSelector MatchLabelKeys MismatchLabelKeys
Toleration Key$ Operator$ Value$ Effect$ TolerationSeconds
HostAlias IP$ Hostnames
PodDNSConfig Nameservers Searches Options[DNSOption
DNSOption Name$ Value
Spread MaxSkew# TopologyKey$ WhenUnsatisfiable$ LabelSelector MinDomains NodeAffinityPolicy NodeTaintsPolicy MatchLabelKeys
ClaimSpec AccessModes Selector Resources=VolumeResources VolumeName$ StorageClassName VolumeMode DataSource DataSourceRef VolumeAttributesClassName
VolumeResources Limits Requests
PodResourceClaim Name$ ResourceClaimName ResourceClaimTemplateName
";

/// A struct in many lines, one blank for each level (`json.MarshalIndent`).
pub fn lines(type_name: &str, value: &Value) -> String {
    let mut out = String::new();
    structure(&mut out, type_name, value, value, Some(0));
    out
}

/// A struct in one line.
pub fn line(type_name: &str, value: &Value) -> String {
    let mut out = String::new();
    structure(&mut out, type_name, value, value, None);
    out
}

fn fields(type_name: &str) -> impl Iterator<Item = &'static str> {
    let found = TYPES.lines().find_map(|line| line.strip_prefix(type_name)?.strip_prefix(' '));
    found.unwrap_or("").split_whitespace()
}

/// `parent` is where a few fields stand that the published API keeps one level higher.
fn structure(out: &mut String, type_name: &str, value: &Value, parent: &Value, depth: Option<usize>) {
    out.push('{');
    let mut first = true;
    members(out, type_name, value, parent, depth.map(|d| d + 1), &mut first);
    if !first {
        fresh_line(out, depth);
    }
    out.push('}');
}

fn members(out: &mut String, type_name: &str, value: &Value, parent: &Value, depth: Option<usize>, first: &mut bool) {
    for field in fields(type_name) {
        if let Some(part) = field.strip_prefix('+') {
            members(out, part, value, parent, depth, first);
            continue;
        }
        let end = field.find(['$', '#', '!', '=', '*', '[']).unwrap_or(field.len());
        let (name, mark, inner) = (&field[..end], field[end..].chars().next(), field.get(end + 1..).unwrap_or(""));
        if !std::mem::replace(first, false) {
            out.push(',');
        }
        fresh_line(out, depth);
        out.push_str(&format!("\"{name}\":{}", if depth.is_some() { " " } else { "" }));
        let key = published(name);
        let given = value.get(&key).or_else(|| above(type_name, name).and_then(|_| parent.get(&key))).filter(|v| !v.is_null());
        match (mark, given) {
            (Some('*' | '='), Some(given)) => structure(out, inner, given, value, depth),
            (Some('='), None) => structure(out, inner, &Value::Null, value, depth),
            (Some('['), Some(Value::Array(items))) if !items.is_empty() => {
                out.push('[');
                let deeper = depth.map(|d| d + 1);
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    fresh_line(out, deeper);
                    structure(out, inner, item, item, deeper);
                }
                fresh_line(out, depth);
                out.push(']');
            }
            (Some('$'), None) => out.push_str("\"\""),
            (Some('#'), None) => out.push('0'),
            (Some('!'), None) => out.push_str("false"),
            (Some('['), _) => out.push_str("null"),
            (_, None) => out.push_str("null"),
            (_, Some(given)) => plain(out, given, depth),
        }
    }
}

/// The fields of the host are part of a Pod's security context inside of the server, and stand beside it outside.
fn above(type_name: &str, field: &str) -> Option<()> {
    (type_name == "PodSecurityContext" && matches!(field, "HostNetwork" | "HostPID" | "HostIPC" | "ShareProcessNamespace" | "HostUsers"))
        .then_some(())
}

fn plain(out: &mut String, value: &Value, depth: Option<usize>) {
    let deeper = depth.map(|d| d + 1);
    match value {
        Value::Array(items) if !items.is_empty() => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                fresh_line(out, deeper);
                plain(out, item, deeper);
            }
            fresh_line(out, depth);
            out.push(']');
        }
        Value::Object(map) if !map.is_empty() => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                fresh_line(out, deeper);
                write!(out, "{}:{}", Value::from(key.as_str()), if depth.is_some() { " " } else { "" }).expect("writing to a String never fails");
                plain(out, item, deeper);
            }
            fresh_line(out, depth);
            out.push('}');
        }
        other => out.push_str(&super::super::field::escape_html(&other.to_string())),
    }
}

fn fresh_line(out: &mut String, depth: Option<usize>) {
    if let Some(depth) = depth {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth));
    }
}

/// The name in the published API: `HTTPGet` → `httpGet`, `TTY` → `tty`, `Name` → `name`.
fn published(go: &str) -> String {
    match go {
        "CephFS" => return "cephfs".into(),
        "StorageOS" => return "storageos".into(),
        _ => {}
    }
    let upper = go.bytes().take_while(u8::is_ascii_uppercase).count();
    let head = if upper == go.len() { upper } else { upper.saturating_sub(1).max(1) };
    format!("{}{}", go[..head].to_ascii_lowercase(), &go[head..])
}

/// What changed between two structs, as the server shows it.
pub fn changes(type_name: &str, old: &Value, new: &Value) -> String {
    crate::text::unified(&lines(type_name, old), &lines(type_name, new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::json;

    #[test]
    fn every_type_that_is_named_is_declared() {
        for line in TYPES.lines() {
            for field in line.split_whitespace().skip(1) {
                if let Some((_, inner)) = field.split_once(['=', '*', '[', '+']) {
                    assert!(fields(inner).next().is_some(), "{inner} of {field}");
                }
            }
        }
    }

    #[test]
    fn names_are_those_of_the_published_api() {
        for (go, name) in [
            ("HTTPGet", "httpGet"),
            ("TTY", "tty"),
            ("Name", "name"),
            ("SELinuxOptions", "seLinuxOptions"),
            ("GCEPersistentDisk", "gcePersistentDisk"),
        ] {
            assert_eq!(published(go), name);
        }
    }

    #[test]
    fn a_change_stands_between_three_lines() {
        let (old, new) = (json!({"restartPolicy": "Always"}), json!({"restartPolicy": "Never"}));
        assert_eq!(
            changes("PodSpec", &old, &new),
            "@@ -3,7 +3,7 @@\n  \"InitContainers\": null,\n  \"Containers\": null,\n  \"EphemeralContainers\": null,\n- \"RestartPolicy\": \"Always\",\n+ \"RestartPolicy\": \"Never\",\n  \"TerminationGracePeriodSeconds\": null,\n  \"ActiveDeadlineSeconds\": null,\n  \"DNSPolicy\": \"\",\n"
        );
    }
}
