//! Volumes that are images: pulled like a container's image before the container is made, mounted read-only.
//!
//! Models `getImageVolumes` and `toKubeContainerImageVolumes` of `pkg/kubelet/kuberuntime/kuberuntime_manager.go`. Deviations: pulls take no
//! time, and the image is looked at when a container that mounts it starts, not in every sync.

use crate::api::Value;
use crate::api::object::{at, list_at, str_at};
use crate::cluster::log::Fact;

use super::images::{self, Plan};
use super::spec::{ContainerSpec, PullPolicy};
use super::worker::{Turn, Worker};

impl Worker {
    /// Why a container cannot have the image volumes that it mounts: reason and message. Events of the pulls are the Pod's.
    pub fn image_volume_error(&mut self, index: usize, container: &ContainerSpec, turn: &mut Turn) -> Option<(String, String)> {
        let mounted: Vec<(String, PullPolicy)> = list_at(&container.value, "volumeMounts")
            .iter()
            .filter_map(|mount| list_at(&self.pod, "spec.volumes").iter().find(|v| str_at(v, "name") == str_at(mount, "name")))
            .filter_map(|volume| at(volume, "image"))
            .filter_map(|image| Some((str_at(image, "reference")?.to_owned(), pull_policy(image))))
            .collect();
        for (image, policy) in mounted {
            if let Some((reason, message)) = self.image_volume(&image, policy, turn) {
                self.container_event(index, "Warning", "Failed", &format!("Error: {reason}"), turn);
                return Some((reason, message));
            }
        }
        None
    }

    fn image_volume(&mut self, image: &str, policy: PullPolicy, turn: &mut Turn) -> Option<(String, String)> {
        if let Some(error) = images::name_error(image) {
            let message = format!("Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: {error}");
            self.event("", "Warning", "InspectFailed", &message, turn);
            return Some(("InvalidImageName".into(), message));
        }
        match images::plan(policy, turn.runtime.image(image).is_some()) {
            Plan::UsePresent => {
                self.event(
                    "",
                    "Normal",
                    "Pulled",
                    &format!("Container image {image:?} already present on machine and can be accessed by the pod"),
                    turn,
                );
                None
            }
            Plan::Missing => {
                let message = format!("Container image {image:?} is not present with pull policy of Never");
                self.event("", "Warning", "ErrImageNeverPull", &message, turn);
                Some(("ErrImageNeverPull".into(), message))
            }
            Plan::Pull => {
                if self.pulls.until_since_update(image, turn.ctx.now).is_some() {
                    let message = format!("Back-off pulling image {image:?}");
                    self.event("", "Normal", "BackOff", &message, turn);
                    let before = self.pull_errors.get(image).map(|(reason, text)| format!(": {reason}: {text}")).unwrap_or_default();
                    return Some(("ImagePullBackOff".into(), format!("{message}{before}")));
                }
                self.event("", "Normal", "Pulling", &format!("Pulling image {image:?}"), turn);
                turn.ctx.fact(Fact::ImagePullStarted { node: turn.node.name.clone(), image: image.to_owned() });
                match turn.runtime.pull_image(image) {
                    Ok(info) => {
                        let size = info.size_bytes;
                        let text = format!("Successfully pulled image {image:?} in 50ms (50ms including waiting). Image size: {size} bytes.");
                        self.event("", "Normal", "Pulled", &text, turn);
                        turn.ctx.fact(Fact::ImagePulled { node: turn.node.name.clone(), image: image.to_owned() });
                        self.pulls.clear(image);
                        None
                    }
                    Err(error) => {
                        let now = turn.ctx.now;
                        self.pulls.next(image, now, now);
                        self.pull_errors.insert(image.to_owned(), ("ErrImagePull".into(), error.clone()));
                        self.event("", "Warning", "Failed", &format!("Failed to pull image {image:?}: {error}"), turn);
                        Some(("ErrImagePull".into(), error))
                    }
                }
            }
        }
    }
}

fn pull_policy(image: &Value) -> PullPolicy {
    match str_at(image, "pullPolicy") {
        Some("Always") => PullPolicy::Always,
        Some("Never") => PullPolicy::Never,
        Some(_) | None => PullPolicy::IfNotPresent,
    }
}
