//! How things stand, in one glance: a colour and, because colour never speaks alone, an icon.

use crate::api::{Value, object};
use crate::kubectl::pod_row::PodRow;

/// Which of the tokens colours a shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    Running,
    #[default]
    Waiting,
    Failed,
    Done,
    /// Not applied yet.
    Draft,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Icon {
    /// A full disc: running and ready.
    Ready,
    /// A half disc: running, not ready.
    NotReady,
    /// A clock.
    #[default]
    Clock,
    /// A clock that turns back.
    BackOff,
    Check,
    Cross,
    /// A cross with a full bar: killed for its memory.
    OutOfMemory,
    /// A fading disc: being stopped.
    Leaving,
    /// A pencil.
    Draft,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mood {
    pub tone: Tone,
    pub icon: Icon,
}

impl Mood {
    pub const READY: Mood = Mood { tone: Tone::Running, icon: Icon::Ready };
    pub const NOT_READY: Mood = Mood { tone: Tone::Waiting, icon: Icon::NotReady };
    pub const WAITING: Mood = Mood { tone: Tone::Waiting, icon: Icon::Clock };
    pub const BACK_OFF: Mood = Mood { tone: Tone::Failed, icon: Icon::BackOff };
    pub const DONE: Mood = Mood { tone: Tone::Done, icon: Icon::Check };
    pub const FAILED: Mood = Mood { tone: Tone::Failed, icon: Icon::Cross };
    pub const OUT_OF_MEMORY: Mood = Mood { tone: Tone::Failed, icon: Icon::OutOfMemory };
    pub const LEAVING: Mood = Mood { tone: Tone::Done, icon: Icon::Leaving };
    pub const DRAFT: Mood = Mood { tone: Tone::Draft, icon: Icon::Draft };
}

/// Waiting reasons that are no mere waiting: something is wrong and will be tried again.
pub fn is_trouble(reason: &str) -> bool {
    reason.contains("Err") || reason.contains("BackOff") || matches!(reason, "InvalidImageName" | "CreateContainerConfigError" | "Unschedulable")
}

/// A Pod's mood, from what `kubectl get pods` would say of it.
pub fn of_pod(pod: &Value, row: &PodRow) -> Mood {
    let status = row.status.rsplit(':').next().unwrap_or(&row.status);
    match status {
        "Running" if is_ready(pod) => Mood::READY,
        "Running" => Mood::NOT_READY,
        "Completed" | "Succeeded" => Mood::DONE,
        "Terminating" => Mood::LEAVING,
        "OOMKilled" => Mood::OUT_OF_MEMORY,
        _ if status.contains("BackOff") => Mood::BACK_OFF,
        "Pending" | "ContainerCreating" | "PodInitializing" | "SchedulingGated" | "" => Mood::WAITING,
        // `Init:0/2`
        _ if status.starts_with(|c: char| c.is_ascii_digit()) => Mood::WAITING,
        _ => Mood::FAILED,
    }
}

/// The condition Ready, or every container ready where no kubelet has written one yet.
pub fn is_ready(pod: &Value) -> bool {
    let conditions = object::list_at(pod, "status.conditions");
    conditions.iter().any(|c| object::str_at(c, "type") == Some("Ready") && object::str_at(c, "status") == Some("True"))
}
