//! What OpenAPI does not tell of 1.36: Go's embedded structs, its names for string types, their values, and patch merge keys.
//!
//! Read by `generate.rs` only. Modelled on `staging/src/k8s.io/api/*/types.go`.

/// The embedded Go struct through which a field comes; empty for a field of the struct itself.
pub fn embedded(name: &str, field: &str) -> &'static str {
    match (name, field) {
        ("Probe", "exec" | "httpGet" | "tcpSocket" | "grpc") => "ProbeHandler",
        ("Volume", field) if field != "name" => "VolumeSource",
        (
            "ConfigMapEnvSource"
            | "SecretEnvSource"
            | "ConfigMapKeySelector"
            | "SecretKeySelector"
            | "ConfigMapVolumeSource"
            | "ConfigMapProjection"
            | "SecretProjection",
            "name",
        ) => "LocalObjectReference",
        ("EphemeralContainer", field) if field != "targetContainerName" => "EphemeralContainerCommon",
        ("PersistentVolumeSpec", field) if words(PERSISTENT_VOLUME_SOURCES).any(|w| w == field) => "PersistentVolumeSource",
        ("IngressRule", "http") => "IngressRuleValue",
        ("PersistentVolumeClaim", "apiVersion" | "kind") => "TypeMeta",
        _ => "",
    }
}

/// Where the server's OpenAPI says another thing of a field's being required than the crate: an embedded reference may go without its name.
pub fn required(name: &str, field: &str) -> Option<bool> {
    match (name, field) {
        ("LocalObjectReference", "name") => Some(false),
        ("Event", "metadata") => Some(true),
        _ => (embedded(name, field) == "LocalObjectReference").then_some(false),
    }
}

const PERSISTENT_VOLUME_SOURCES: &str = "gcePersistentDisk awsElasticBlockStore hostPath glusterfs nfs rbd iscsi cinder cephfs fc flocker flexVolume azureFile vsphereVolume \
    quobyte azureDisk photonPersistentDisk portworxVolume scaleIO local storageos csi";

fn words(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split_ascii_whitespace()
}

/// The Go name of a string type (of a list: of its elements), with the values that it can have where they are a closed set.
pub fn named(name: &str, field: &str) -> (&'static str, Vec<&'static str>) {
    let key = format!("{name}.{field}");
    for line in NAMED.lines() {
        let mut parts = words(line);
        if parts.next().is_some_and(|paths| paths.split(',').any(|p| p == key || p.strip_prefix('*').is_some_and(|f| f == field))) {
            return (parts.next().expect("each line names a type"), parts.map(|v| if v == "\"\"" { "" } else { v }).collect());
        }
    }
    ("", Vec::new())
}

/// `Struct.field,…  package.Type  values…`; `*field` stands for a field of any struct.
const NAMED: &str = "\
Container.imagePullPolicy,EphemeralContainer.imagePullPolicy,ImageVolumeSource.pullPolicy v1.PullPolicy Always IfNotPresent Never
Container.terminationMessagePolicy,EphemeralContainer.terminationMessagePolicy v1.TerminationMessagePolicy FallbackToLogsOnError File
Container.restartPolicy,EphemeralContainer.restartPolicy v1.ContainerRestartPolicy
ContainerPort.protocol,ServicePort.protocol,EndpointPort.protocol,NetworkPolicyPort.protocol,PortStatus.protocol,IngressPortStatus.protocol v1.Protocol SCTP TCP UDP
PodSpec.restartPolicy v1.RestartPolicy Always Never OnFailure
PodSpec.dnsPolicy v1.DNSPolicy ClusterFirst ClusterFirstWithHostNet Default None
PodSpec.preemptionPolicy,PriorityClass.preemptionPolicy v1.PreemptionPolicy Never PreemptLowerPriority
PodOS.name v1.OSName
HTTPGetAction.scheme v1.URIScheme HTTP HTTPS
EmptyDirVolumeSource.medium v1.StorageMedium
HostPathVolumeSource.type v1.HostPathType \"\" BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket
VolumeMount.mountPropagation v1.MountPropagationMode Bidirectional HostToContainer None
VolumeMount.recursiveReadOnly,VolumeMountStatus.recursiveReadOnly v1.RecursiveReadOnlyMode
SeccompProfile.type v1.SeccompProfileType Localhost RuntimeDefault Unconfined
AppArmorProfile.type v1.AppArmorProfileType Localhost RuntimeDefault Unconfined
SecurityContext.procMount v1.ProcMountType Default Unmasked
Capabilities.add,Capabilities.drop v1.Capability
PodSecurityContext.fsGroupChangePolicy v1.PodFSGroupChangePolicy Always OnRootMismatch
PodSecurityContext.supplementalGroupsPolicy v1.SupplementalGroupsPolicy Merge Strict
PodSecurityContext.seLinuxChangePolicy v1.PodSELinuxChangePolicy
ModifyVolumeStatus.status v1.PersistentVolumeClaimModifyVolumeStatus InProgress Infeasible Pending
ManagedFieldsEntry.fieldsV1 v1.FieldsV1
ControllerRevision.data runtime.RawExtension
Toleration.operator v1.TolerationOperator Equal Exists Gt Lt
Toleration.effect,Taint.effect v1.TaintEffect NoExecute NoSchedule PreferNoSchedule
TopologySpreadConstraint.whenUnsatisfiable v1.UnsatisfiableConstraintAction DoNotSchedule ScheduleAnyway
TopologySpreadConstraint.nodeAffinityPolicy,TopologySpreadConstraint.nodeTaintsPolicy v1.NodeInclusionPolicy Honor Ignore
NodeSelectorRequirement.operator v1.NodeSelectorOperator DoesNotExist Exists Gt In Lt NotIn
LabelSelectorRequirement.operator v1.LabelSelectorOperator
ContainerResizePolicy.resourceName v1.ResourceName
ContainerResizePolicy.restartPolicy v1.ResourceResizeRestartPolicy
ContainerRestartRule.action v1.ContainerRestartRuleAction
ContainerRestartRuleOnExitCodes.operator v1.ContainerRestartRuleOnExitCodesOperator
Lifecycle.stopSignal,ContainerStatus.stopSignal v1.Signal SIGABRT SIGALRM SIGBUS SIGCHLD SIGCLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE SIGPOLL SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMAX-1 SIGRTMAX-10 SIGRTMAX-11 SIGRTMAX-12 SIGRTMAX-13 SIGRTMAX-14 SIGRTMAX-2 SIGRTMAX-3 SIGRTMAX-4 SIGRTMAX-5 SIGRTMAX-6 SIGRTMAX-7 SIGRTMAX-8 SIGRTMAX-9 SIGRTMIN SIGRTMIN+1 SIGRTMIN+10 SIGRTMIN+11 SIGRTMIN+12 SIGRTMIN+13 SIGRTMIN+14 SIGRTMIN+15 SIGRTMIN+2 SIGRTMIN+3 SIGRTMIN+4 SIGRTMIN+5 SIGRTMIN+6 SIGRTMIN+7 SIGRTMIN+8 SIGRTMIN+9 SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ
PersistentVolumeClaimSpec.accessModes,PersistentVolumeSpec.accessModes,PersistentVolumeClaimStatus.accessModes v1.PersistentVolumeAccessMode ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod
PersistentVolumeClaimSpec.volumeMode,PersistentVolumeSpec.volumeMode v1.PersistentVolumeMode Block Filesystem
PersistentVolumeSpec.persistentVolumeReclaimPolicy,StorageClass.reclaimPolicy v1.PersistentVolumeReclaimPolicy Delete Recycle Retain
PersistentVolumeClaimStatus.phase v1.PersistentVolumeClaimPhase Bound Lost Pending
PersistentVolumeStatus.phase v1.PersistentVolumePhase Available Bound Failed Pending Released
StorageClass.volumeBindingMode v1.VolumeBindingMode Immediate WaitForFirstConsumer
AzureDiskVolumeSource.cachingMode v1.AzureDataDiskCachingMode None ReadOnly ReadWrite
AzureDiskVolumeSource.kind v1.AzureDataDiskKind Dedicated Managed Shared
ServiceSpec.type v1.ServiceType ClusterIP ExternalName LoadBalancer NodePort
ServiceSpec.sessionAffinity v1.ServiceAffinity ClientIP None
ServiceSpec.externalTrafficPolicy v1.ServiceExternalTrafficPolicy Cluster Local
ServiceSpec.internalTrafficPolicy v1.ServiceInternalTrafficPolicy Cluster Local
ServiceSpec.ipFamilyPolicy v1.IPFamilyPolicy PreferDualStack RequireDualStack SingleStack
ServiceSpec.ipFamilies v1.IPFamily \"\" IPv4 IPv6
Secret.type v1.SecretType
NamespaceSpec.finalizers v1.FinalizerName
NamespaceStatus.phase v1.NamespacePhase Active Terminating
LimitRangeItem.type v1.LimitType
ResourceQuotaSpec.scopes v1.ResourceQuotaScope BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating VolumeAttributesClass
ScopedResourceSelectorRequirement.scopeName v1.ResourceQuotaScope BestEffort CrossNamespacePodAffinity NotBestEffort NotTerminating PriorityClass Terminating VolumeAttributesClass
ScopedResourceSelectorRequirement.operator v1.ScopeSelectorOperator DoesNotExist Exists In NotIn
PodStatus.phase v1.PodPhase Failed Pending Running Succeeded Unknown
PodStatus.qosClass v1.PodQOSClass BestEffort Burstable Guaranteed
PodStatus.resize v1.PodResizeStatus
PodCondition.type v1.PodConditionType
NodeCondition.type v1.NodeConditionType
NodeAddress.type v1.NodeAddressType
NodeStatus.phase v1.NodePhase Pending Running Terminated
PodCondition.status,NodeCondition.status,DeploymentCondition.status,ReplicaSetCondition.status,JobCondition.status,NamespaceCondition.status,PersistentVolumeClaimCondition.status,Condition.status v1.ConditionStatus
PodReadinessGate.conditionType v1.PodConditionType
DeploymentStrategy.type v1.DeploymentStrategyType Recreate RollingUpdate
DaemonSetUpdateStrategy.type v1.DaemonSetUpdateStrategyType OnDelete RollingUpdate
StatefulSetUpdateStrategy.type v1.StatefulSetUpdateStrategyType OnDelete RollingUpdate
StatefulSetSpec.podManagementPolicy v1.PodManagementPolicyType OrderedReady Parallel
StatefulSetPersistentVolumeClaimRetentionPolicy.whenDeleted,StatefulSetPersistentVolumeClaimRetentionPolicy.whenScaled v1.PersistentVolumeClaimRetentionPolicyType
JobSpec.completionMode v1.CompletionMode Indexed NonIndexed
JobSpec.podReplacementPolicy v1.PodReplacementPolicy Failed TerminatingOrFailed
PodFailurePolicyRule.action v1.PodFailurePolicyAction Count FailIndex FailJob Ignore
PodFailurePolicyOnExitCodesRequirement.operator v1.PodFailurePolicyOnExitCodesOperator In NotIn
PodFailurePolicyOnPodConditionsPattern.type v1.PodConditionType
PodFailurePolicyOnPodConditionsPattern.status v1.ConditionStatus
CronJobSpec.concurrencyPolicy v1.ConcurrencyPolicy Allow Forbid Replace
MetricSpec.type v2.MetricSourceType
MetricTarget.type v2.MetricTargetType
ResourceMetricSource.name,ContainerResourceMetricSource.name v1.ResourceName
HTTPIngressPath.pathType v1.PathType Exact ImplementationSpecific Prefix
NetworkPolicySpec.policyTypes v1.PolicyType Egress Ingress
EndpointSlice.addressType v1.AddressType FQDN IPv4 IPv6
PodDisruptionBudgetSpec.unhealthyPodEvictionPolicy v1.UnhealthyPodEvictionPolicyType AlwaysAllow IfHealthyBudget
ObjectMeta.uid,OwnerReference.uid,ObjectReference.uid,ConfigMapNodeConfigSource.uid,Preconditions.uid,StatusDetails.uid types.UID
ManagedFieldsEntry.operation v1.ManagedFieldsOperationType
Status.reason v1.StatusReason
ResourceStatus.name v1.ResourceName
ResourceHealth.resourceID v1.ResourceID
ResourceHealth.health v1.ResourceHealthStatus
LoadBalancerIngress.ipMode v1.LoadBalancerIPMode
NodeStatus.volumesInUse,AttachedVolume.name v1.UniqueVolumeName
PersistentVolumeClaimCondition.type v1.PersistentVolumeClaimConditionType
DeploymentCondition.type v1.DeploymentConditionType
ReplicaSetCondition.type v1.ReplicaSetConditionType
JobCondition.type v1.JobConditionType
NamespaceCondition.type v1.NamespaceConditionType
HPAScalingPolicy.type v2.HPAScalingPolicyType
HPAScalingRules.selectPolicy v2.ScalingPolicySelect
LeaseSpec.strategy v1.CoordinatedLeaseStrategy
";

/// `merge key / strategies` of a strategic merge patch: `name`, `-` for a list that is a set, `retainKeys`, …; empty for atomic lists.
pub fn merge(name: &str, field: &str) -> &'static str {
    match (name, field) {
        ("PodSpec", "volumes") | ("PodSpec", "resourceClaims") | ("PodStatus", "resourceClaimStatuses") => "name,retainKeys",
        ("PodSpec", "containers" | "initContainers" | "ephemeralContainers" | "imagePullSecrets" | "schedulingGates") => "name",
        ("PodSpec", "hostAliases") | ("PodStatus", "podIPs" | "hostIPs") => "ip",
        ("PodSpec", "topologySpreadConstraints") => "topologyKey",
        ("Container" | "EphemeralContainer", "env") => "name",
        ("Container" | "EphemeralContainer", "ports") => "containerPort",
        ("Container" | "EphemeralContainer", "volumeMounts") => "mountPath",
        ("Container" | "EphemeralContainer", "volumeDevices") => "devicePath",
        ("ContainerStatus", "volumeMounts") => "mountPath",
        ("ServiceSpec", "ports") => "port",
        ("ServiceAccount", "secrets") => "name",
        ("ObjectMeta", "ownerReferences") => "uid",
        ("ObjectMeta", "finalizers") | ("NodeSpec", "podCIDRs") => "-",
        ("NodeStatus", "addresses") => "type",
        ("DeploymentSpec", "strategy") => ",retainKeys",
        (name, "conditions") if name.ends_with("Status") => "type",
        _ => "",
    }
}

/// Whether Go keeps a scalar that is zero, because its field is a pointer: `replicas: 0` stays, `hostNetwork: false` does not.
pub fn pointer(name: &str, field: &str) -> bool {
    POINTERS.lines().any(|line| {
        let mut parts = words(line);
        parts.next().is_some_and(|names| names.split(',').any(|n| n == name)) && parts.any(|f| f == field || f == "*")
    })
}

/// `Struct,…  fields…`; `*` stands for all of them.
const POINTERS: &str = "\
Container,EphemeralContainer restartPolicy
ConfigMapKeySelector,SecretKeySelector,ConfigMapEnvSource,SecretEnvSource,FileKeySelector,ConfigMapProjection,SecretProjection optional
ConfigMapVolumeSource,SecretVolumeSource,DownwardAPIVolumeSource,ProjectedVolumeSource defaultMode optional
KeyToPath,DownwardAPIVolumeFile mode
ServiceAccountTokenProjection expirationSeconds
ClusterTrustBundleProjection name signerName optional
PodCertificateProjection maxExpirationSeconds
EmptyDirVolumeSource sizeLimit
HostPathVolumeSource type
CSIVolumeSource readOnly fsType
ISCSIVolumeSource,ISCSIPersistentVolumeSource initiatorName
AzureDiskVolumeSource cachingMode fsType readOnly kind
FCVolumeSource lun
PodSpec terminationGracePeriodSeconds activeDeadlineSeconds automountServiceAccountToken shareProcessNamespace priority preemptionPolicy enableServiceLinks runtimeClassName setHostnameAsFQDN hostUsers hostnameOverride
Probe terminationGracePeriodSeconds
GRPCAction service
SecurityContext privileged runAsUser runAsGroup runAsNonRoot readOnlyRootFilesystem allowPrivilegeEscalation procMount
PodSecurityContext runAsUser runAsGroup runAsNonRoot fsGroup fsGroupChangePolicy supplementalGroupsPolicy seLinuxChangePolicy
WindowsSecurityContextOptions *
SeccompProfile,AppArmorProfile localhostProfile
VolumeMount mountPropagation recursiveReadOnly
Toleration tolerationSeconds
TopologySpreadConstraint minDomains nodeAffinityPolicy nodeTaintsPolicy
PodDNSConfigOption value
Lifecycle stopSignal
ObjectMeta deletionGracePeriodSeconds
OwnerReference controller blockOwnerDeletion
PodResourceClaim resourceClaimName resourceClaimTemplateName
PersistentVolumeClaimSpec storageClassName volumeMode volumeAttributesClassName
TypedLocalObjectReference,TypedObjectReference apiGroup namespace
PersistentVolumeSpec volumeMode volumeAttributesClassName
ServiceSpec allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy ipFamilyPolicy trafficDistribution
ServicePort,EndpointPort appProtocol
EndpointPort name protocol port
Endpoint hostname nodeName zone
EndpointConditions ready serving terminating
ClientIPConfig timeoutSeconds
ConfigMap,Secret immutable
ServiceAccount automountServiceAccountToken
DeploymentSpec replicas revisionHistoryLimit progressDeadlineSeconds
ReplicaSetSpec,ReplicationControllerSpec replicas
StatefulSetSpec replicas revisionHistoryLimit
DaemonSetSpec revisionHistoryLimit
RollingUpdateStatefulSetStrategy partition
JobSpec parallelism completions activeDeadlineSeconds backoffLimit backoffLimitPerIndex maxFailedIndexes manualSelector ttlSecondsAfterFinished completionMode suspend podReplacementPolicy managedBy
CronJobSpec timeZone startingDeadlineSeconds suspend successfulJobsHistoryLimit failedJobsHistoryLimit
HorizontalPodAutoscalerSpec minReplicas
MetricTarget averageUtilization value averageValue
HPAScalingRules stabilizationWindowSeconds selectPolicy tolerance
IngressSpec ingressClassName
IngressClassParametersReference apiGroup namespace scope
HTTPIngressPath pathType
NetworkPolicyPort protocol endPort
PriorityClass preemptionPolicy
LeaseSpec *
StorageClass reclaimPolicy allowVolumeExpansion volumeBindingMode
PodDisruptionBudgetSpec unhealthyPodEvictionPolicy
NodeSwapStatus capacity
GlusterfsPersistentVolumeSource endpointsNamespace
SuccessPolicyRule succeededIndexes succeededCount
PodFailurePolicyOnExitCodesRequirement containerName
ContainerStatus started
ResourceFieldSelector divisor
AllocatedDeviceStatus shareID
CSIDriverSpec attachRequired podInfoOnMount storageCapacity fsGroupPolicy requiresRepublish seLinuxMount nodeAllocatableUpdatePeriodSeconds serviceAccountTokenInSecrets preventPodSchedulingIfMissing
TokenRequest,CertificateSigningRequestSpec expirationSeconds
DeviceClassSpec extendedResourceName
DeviceConstraint matchAttribute distinctAttribute
ExactDeviceRequest,DeviceRequestAllocationResult adminAccess shareID
DeviceToleration tolerationSeconds
MutatingWebhook,ValidatingWebhook failurePolicy matchPolicy sideEffects timeoutSeconds reinvocationPolicy
RuleWithOperations scope
ServiceReference path port
VolumeAttachmentSource persistentVolumeName
VolumeError errorCode
VolumeNodeResources count
WebhookClientConfig url
";

/// Whether Go always writes a field that OpenAPI does not require: structs that are no pointers, and what has no `omitempty`.
pub fn always(name: &str, field: &str) -> bool {
    match (name, field) {
        // Of any kind.
        (_, "metadata") => true,
        ("Pod" | "PodTemplateSpec" | "JobTemplateSpec" | "PersistentVolumeClaimTemplate", "spec") => true,
        ("Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet" | "ReplicationController" | "Job" | "CronJob", "spec") => true,
        ("Service" | "Namespace" | "Node" | "PersistentVolume" | "PersistentVolumeClaim" | "LimitRange" | "ResourceQuota", "spec") => true,
        ("HorizontalPodAutoscaler" | "PodDisruptionBudget" | "NetworkPolicy" | "Ingress" | "IngressClass" | "Lease", "spec") => true,
        ("DeploymentSpec" | "ReplicaSetSpec" | "DaemonSetSpec" | "StatefulSetSpec" | "JobSpec" | "PodTemplate", "template") => true,
        ("CronJobSpec", "jobTemplate") => true,
        ("CertificateSigningRequest" | "ServiceCIDR" | "VolumeAttachment" | "ResourceClaim", "spec" | "status") => true,
        (
            "SubjectAccessReview" | "LocalSubjectAccessReview" | "SelfSubjectAccessReview" | "SelfSubjectRulesReview" | "TokenReview",
            "spec" | "status",
        ) => true,
        ("CSIDriver" | "CSINode" | "DeviceClass" | "IPAddress" | "ResourceClaimTemplate" | "ResourceClaimTemplateSpec", "spec") => true,
        ("ResourceClaimSpec" | "AllocationResult", "devices") | ("VolumeAttachmentSpec", "source") => true,
        ("ValidatingWebhook" | "MutatingWebhook", "clientConfig") | ("DeviceClaim", "requests") | ("CSINodeDriver", "topologyKeys") => true,
        ("Container" | "EphemeralContainer" | "PersistentVolumeClaimSpec", "resources") => true,
        ("DeploymentSpec", "strategy") | ("DaemonSetSpec" | "StatefulSetSpec", "updateStrategy") => true,
        ("HorizontalPodAutoscalerSpec", "scaleTargetRef") | ("RoleBinding" | "ClusterRoleBinding", "roleRef") | ("RoleRef", "apiGroup") => true,
        ("Role" | "ClusterRole", "rules")
        | ("EndpointSlice", "endpoints" | "ports")
        | ("PriorityClass", "value")
        | ("StatefulSetOrdinals", "start")
        | ("Endpoint", "conditions") => true,
        ("NetworkPolicySpec", "podSelector") | ("PreferredSchedulingTerm", "preference") | ("WeightedPodAffinityTerm", "podAffinityTerm") => true,
        _ => false,
    }
}
