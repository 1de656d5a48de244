//! Who a container's processes are and what they may do: user and groups, capabilities, whose processes they see, whom the kernel ends first.
//!
//! Models `pkg/kubelet/kuberuntime/{security_context,util/util}.go`, `pkg/kubelet/qos/policy.go` and what containerd makes of them
//! (`internal/cri/opts/spec_opts.go`). Deviations: of the capabilities only those for files count; requests of a whole Pod do not count for the score.

use crate::api::Value;
use crate::api::object::{at, bool_at, i64_at, list_at, str_at};
use crate::cluster::runtime::{DEFAULT_CAPABILITIES, Runtime, Sharing, access};
use crate::cluster::shell::owner::Credentials;

use super::resize::amount;
use super::spec::ContainerSpec;
use super::worker::Worker;

/// `USER` of the pause image (`build/pause/Dockerfile`).
const PAUSE_USER: u32 = 65535;

/// Linux's capabilities in the order of their bits (`include/uapi/linux/capability.h`).
const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];
const ALL: u64 = (1 << CAPABILITIES.len()) - 1;

/// Scores of the classes of service (`qos/policy.go`): what is guaranteed, what asked for nothing.
const GUARANTEED: i64 = -997;
const BEST_EFFORT: i64 = 1000;

fn bit(name: &str) -> u64 {
    CAPABILITIES.iter().position(|known| name.eq_ignore_ascii_case(known)).map_or(0, |at| 1 << at)
}

/// Whether the container's processes never get more rights than they have (`AddNoNewPrivileges`).
pub fn never_more(container: &ContainerSpec) -> bool {
    bool_at(&container.value, "securityContext.allowPrivilegeEscalation") == Some(false)
}

impl Worker {
    /// A setting of the container's, or of its Pod.
    fn security<'a>(&'a self, container: &'a ContainerSpec, path: &str) -> Option<&'a Value> {
        let own = at(&container.value, &format!("securityContext.{path}"));
        own.or_else(|| at(&self.pod, &format!("spec.securityContext.{path}")))
    }

    /// Models `verifyRunAsNonRoot`: `runAsNonRoot` against the user that the container would run as.
    pub fn user_error(&self, container: &ContainerSpec, runtime: &Runtime) -> Option<String> {
        if self.security(container, "runAsNonRoot").and_then(Value::as_bool) != Some(true) {
            return None;
        }
        let why = match self.security(container, "runAsUser").and_then(Value::as_i64) {
            Some(0) => "container's runAsUser breaks non-root policy",
            Some(_) => return None,
            None if runtime.image_user(&container.image) != 0 => return None,
            None => "container has runAsNonRoot and image will run as root",
        };
        Some(format!("{why} (pod: \"{}_{}({})\", container: {})", self.name, self.namespace, self.uid, container.name))
    }

    /// Who a container's processes are (`determineEffectiveSecurityContext`).
    pub fn credentials(&self, container: &ContainerSpec, runtime: &Runtime) -> Credentials {
        let number = |path: &str| self.security(container, path).and_then(Value::as_i64);
        let user = number("runAsUser").unwrap_or_else(|| runtime.image_user(&container.image));
        let more = list_at(&self.pod, "spec.securityContext.supplementalGroups").iter().filter_map(Value::as_i64);
        access::credentials(user, number("runAsGroup"), i64_at(&self.pod, "spec.securityContext.fsGroup").into_iter().chain(more))
    }

    /// Who the sandbox's pause program runs as: the user that the Pod names, otherwise its image's (`internal/cri/server/podsandbox` of containerd).
    pub fn sandbox_user(&self) -> u32 {
        let of_pod = i64_at(&self.pod, "spec.securityContext.runAsUser");
        of_pod.and_then(|user| u32::try_from(user).ok()).unwrap_or(PAUSE_USER)
    }

    /// Whose processes a container sees. Models `PidNamespaceForPod` and `getTargetID`.
    pub fn sharing(&self, container: &ContainerSpec, runtime: &Runtime) -> Result<Sharing, String> {
        if let Some(target) = str_at(&container.value, "targetContainerName").filter(|t| !t.is_empty()) {
            let found = self.sandboxes.iter().rev().flat_map(|s| runtime.containers_of(*s).collect::<Vec<_>>().into_iter().rev());
            let newest = found.into_iter().find(|c| c.config.name == target);
            return newest.map(|c| Sharing::Target(c.id)).ok_or_else(|| format!("unable to find target container {target}"));
        }
        let whole = bool_at(&self.pod, "spec.shareProcessNamespace") == Some(true);
        Ok(if whole { Sharing::Pod } else { Sharing::Own })
    }

    /// What root may do in the container.
    pub fn capabilities(&self, container: &ContainerSpec) -> u64 {
        if bool_at(&container.value, "securityContext.privileged") == Some(true) {
            return ALL;
        }
        let named = |path: &str| list_at(&container.value, path).iter().filter_map(Value::as_str).collect::<Vec<_>>();
        let (add, drop) = (named("securityContext.capabilities.add"), named("securityContext.capabilities.drop"));
        let everything = |names: &[&str]| names.contains(&"ALL");
        let first = match (everything(&add), everything(&drop)) {
            (_, true) => 0,
            (true, false) => ALL,
            (false, false) => DEFAULT_CAPABILITIES,
        };
        let with = add.iter().fold(first, |bits, name| bits | bit(name));
        drop.iter().fold(with, |bits, name| bits & !bit(name))
    }

    /// How soon the kernel ends the container for want of memory. Models `GetContainerOOMScoreAdjust`.
    pub fn oom_score_adj(&self, container: &ContainerSpec, node_memory: i64) -> i64 {
        if str_at(&self.pod, "spec.priorityClassName") == Some("system-node-critical") {
            return GUARANTEED;
        }
        let requested = amount(self.resize.allocated(container), "requests.memory", false).unwrap_or(0);
        match str_at(&self.pod, "status.qosClass") {
            Some("Guaranteed") => GUARANTEED,
            Some("BestEffort") => BEST_EFFORT,
            _ => (1000 - requested.saturating_mul(1000) / node_memory.max(1)).clamp(1000 + GUARANTEED, BEST_EFFORT - 1),
        }
    }
}
