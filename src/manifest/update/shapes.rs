//! The structs that the server shows as Go prints them. The order of fields is that of the structs in `pkg/apis/core/types.go`.
//!
//! A struct and its fields. `Name` alone is a pointer, list or map of plain values, `null` where there is none; `:s`, `:i`, `:b`, `:q` a text, number,
//! truth or amount that is always there; `:T` a struct, `:*T` one that may be missing, `:[]T` a list of them. Where the manifest's name is not Go's with a
//! small beginning, it stands behind `=`. A name with a small beginning belongs to a type with JSON tags, and is left out where it is empty.

pub type Shapes = &'static [(&'static str, &'static str)];

/// Those that an object may show when it is created.
pub const OF_VALIDATION: Shapes = &[
    (
        "SecurityContext",
        "Capabilities:*Capabilities Privileged SELinuxOptions:*SELinux WindowsOptions:*Windows RunAsUser RunAsGroup RunAsNonRoot \
         ReadOnlyRootFilesystem AllowPrivilegeEscalation ProcMount SeccompProfile:*Profile AppArmorProfile:*Profile",
    ),
    ("Capabilities", "Add Drop"),
    ("SELinux", "User:s Role:s Type:s Level:s"),
    ("Windows", "GMSACredentialSpecName GMSACredentialSpec RunAsUserName HostProcess"),
    ("Profile", "Type:s LocalhostProfile"),
    ("DisruptionSpec", "MinAvailable Selector:*LabelSelector MaxUnavailable UnhealthyPodEvictionPolicy"),
    ("LabelSelector", "matchLabels matchExpressions:[]Requirement"),
    ("Requirement", "key operator values"),
];

/// Those that only an update shows: apart, so that a program that never updates goes without them.
pub const OF_UPDATES: Shapes = &[
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
