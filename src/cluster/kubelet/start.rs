//! Starting one container: back-off, image, configuration, create, start, postStart. Models `startContainer` of `kuberuntime_container.go`.

use crate::api::object::{bool_at, str_at};
use crate::cluster::log::Fact;
use crate::cluster::runtime::{ContainerConfig, ContainerId, State};

use super::environment::expand;
use super::hooks::{HookRun, Progress};
use super::images::{self, Plan};
use super::privileges;
use super::resize::amount;
use super::spec::{ContainerSpec, Role};
use super::sync::{Next, Step};
use super::termination::RESTARTING;
use super::volumes;
use super::worker::{RELIST_MS, Turn, Worker, stretched};

const CREATE_MS: u64 = 50;
const START_MS: u64 = 190;
/// Between two containers of one sync.
const PAUSE_MS: u64 = 20;
const FAILED_PULL_MS: u64 = 20;

/// A container on its way to its start.
#[derive(Clone, Debug)]
pub struct Start {
    pub container: usize,
    stage: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    BackOff,
    Pulled { began: crate::api::SimTime },
    Create,
    Run(ContainerId),
    PostStart(ContainerId, HookRun),
}

impl Start {
    pub fn begin(container: usize) -> Self {
        Self { container, stage: Stage::BackOff }
    }

    fn at(self, stage: Stage) -> Step {
        Step::Start(Self { stage, ..self })
    }
}

impl Worker {
    pub fn start(&mut self, start: Start, turn: &mut Turn) -> Next {
        let spec = self.spec.clone();
        let Some(container) = spec.containers.get(start.container) else { return Next::Now };
        match start.stage.clone() {
            Stage::BackOff => {
                if self.is_backing_off(start.container, container, turn) {
                    return self.start_failed(container);
                }
                self.look_for_image(start, container, turn)
            }
            Stage::Pulled { began } => self.finish_pull(start, container, began, turn),
            Stage::Create => self.create(start, container, turn),
            Stage::Run(id) => self.run(start, container, id, turn),
            Stage::PostStart(id, hook) => self.tend_post_start(start, container, id, hook, turn),
        }
    }

    /// A failed init container holds up everything after it; a failed regular one nobody.
    fn start_failed(&mut self, container: &ContainerSpec) -> Next {
        if container.role == Role::Init
            && let Some(job) = &mut self.job
        {
            job.steps.retain(|s| !matches!(s, Step::Start(_)));
        }
        Next::Now
    }

    fn record_failure(&mut self, container: &ContainerSpec, reason: &str, message: impl Into<String>) -> Next {
        self.reasons.insert(container.name.clone(), (reason.into(), message.into()));
        self.fail(None);
        self.start_failed(container)
    }

    /// Models `doBackOff`: looks at the newest end that was known when the sync began.
    fn is_backing_off(&mut self, index: usize, container: &ContainerSpec, turn: &mut Turn) -> bool {
        let Some(ended) = self.seen.newest_ended(&container.name) else { return false };
        let finished = ended.finished_at.unwrap_or(turn.ctx.now);
        let key = format!("{}/{}", container.name, container.hash);
        let now = turn.ctx.now;
        let Some(until) = self.restarts.until(&key, finished, now) else {
            self.restarts.next(&key, finished, now);
            return false;
        };
        let delay_ms = self.restarts.delay_ms(&key);
        let pod = format!("{}_{}({})", self.name, self.namespace, self.uid);
        let message = format!("Back-off restarting failed container {} in pod {pod}", container.name);
        self.container_event(index, "Warning", "BackOff", &message, turn);
        let delay = super::backoff::go_duration(delay_ms);
        let message = format!("back-off {delay} restarting failed container={} pod={pod}", container.name);
        self.reasons.insert(container.name.clone(), ("CrashLoopBackOff".into(), message));
        let of = self.container_ref(turn, &container.name);
        turn.ctx.fact(Fact::BackOff { container: of, delay_ms, until: stretched(now, until) });
        self.fail(Some(until));
        true
    }

    // ---------------------------------------------------------------------------------------------------------------- image

    fn look_for_image(&mut self, start: Start, container: &ContainerSpec, turn: &mut Turn) -> Next {
        let index = start.container;
        let image = container.image.clone();
        if let Some(error) = images::name_error(&image) {
            let message = format!("Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: {error}");
            self.container_event(index, "Warning", "InspectFailed", &message, turn);
            self.container_event(index, "Warning", "Failed", "Error: InvalidImageName", turn);
            return self.record_failure(container, "InvalidImageName", message);
        }
        let present = turn.runtime.image(&image).is_some();
        match images::plan(container.pull, present) {
            Plan::UsePresent => {
                let message = format!("Container image {image:?} already present on machine and can be accessed by the pod");
                self.container_event(index, "Normal", "Pulled", &message, turn);
                self.configure(start, container, turn)
            }
            Plan::Missing => {
                let message = format!("Container image {image:?} is not present with pull policy of Never");
                self.container_event(index, "Warning", "ErrImageNeverPull", &message, turn);
                self.container_event(index, "Warning", "Failed", "Error: ErrImageNeverPull", turn);
                self.record_failure(container, "ErrImageNeverPull", message)
            }
            Plan::Pull => {
                if self.pulls.until_since_update(&image, turn.ctx.now).is_some() {
                    let mut message = format!("Back-off pulling image {image:?}");
                    self.container_event(index, "Normal", "BackOff", &message, turn);
                    self.container_event(index, "Warning", "Failed", "Error: ImagePullBackOff", turn);
                    if let Some((reason, text)) = self.pull_errors.get(&image) {
                        message = format!("{message}: {reason}: {text}");
                    }
                    return self.record_failure(container, "ImagePullBackOff", message);
                }
                self.container_event(index, "Normal", "Pulling", &format!("Pulling image {image:?}"), turn);
                turn.ctx.fact(Fact::ImagePullStarted { node: turn.node.name.clone(), image: image.clone() });
                let began = turn.ctx.now;
                match turn.runtime.pull_image(&image) {
                    Ok(info) => {
                        self.pull_errors.remove(&image);
                        self.first([start.at(Stage::Pulled { began })].into_iter());
                        Next::After(images::pull_ms(present, info.size_bytes, turn.ctx.random))
                    }
                    Err(error) => {
                        self.pull_errors.insert(image, ("ErrImagePull".into(), error));
                        self.first([start.at(Stage::Pulled { began })].into_iter());
                        Next::After(FAILED_PULL_MS)
                    }
                }
            }
        }
    }

    fn finish_pull(&mut self, start: Start, container: &ContainerSpec, began: crate::api::SimTime, turn: &mut Turn) -> Next {
        let index = start.container;
        let image = &container.image;
        if let Some((reason, error)) = self.pull_errors.get(image).cloned() {
            let now = turn.ctx.now;
            self.pulls.next(image, now, now);
            self.container_event(index, "Warning", "Failed", &format!("Failed to pull image {image:?}: {error}"), turn);
            self.container_event(index, "Warning", "Failed", &format!("Error: {reason}"), turn);
            return self.record_failure(container, &reason, error);
        }
        let took = super::backoff::go_duration(turn.ctx.now.since(began));
        let size = turn.runtime.image(image).map_or(0, |i| i.size_bytes);
        let message = format!("Successfully pulled image {image:?} in {took} ({took} including waiting). Image size: {size} bytes.");
        self.container_event(index, "Normal", "Pulled", &message, turn);
        turn.ctx.fact(Fact::ImagePulled { node: turn.node.name.clone(), image: image.clone() });
        self.pulls.clear(image);
        self.configure(start, container, turn)
    }

    // ---------------------------------------------------------------------------------------------------------------- create and start

    fn configure(&mut self, start: Start, container: &ContainerSpec, turn: &mut Turn) -> Next {
        let index = start.container;
        if let Some((reason, message)) = self.image_volume_error(index, container, turn) {
            return self.record_failure(container, &reason, message);
        }
        let refusal = self.container_config(container, 0, turn).err().or_else(|| self.user_error(container, turn.runtime));
        if let Some(message) = refusal {
            self.container_event(index, "Warning", "Failed", &format!("Error: {message}"), turn);
            return self.record_failure(container, "CreateContainerConfigError", message);
        }
        self.first([start.at(Stage::Create)].into_iter());
        Next::After(CREATE_MS)
    }

    fn container_config(&self, container: &ContainerSpec, attempt: u32, turn: &Turn) -> Result<ContainerConfig, String> {
        let processes = self.sharing(container, turn.runtime)?;
        let env = self.surroundings(turn).environment(container)?;
        let lookup = |name: &str| env.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let expanded = |text: &str| expand(text, &lookup);
        let words = |key: &str| {
            let list = container.value.get(key)?.as_array()?;
            Some(list.iter().filter_map(|w| Some(expanded(w.as_str()?))).collect::<Vec<_>>()).filter(|w| !w.is_empty())
        };
        let resources = self.resize.allocated(container);
        let mounts = volumes::mounts(&self.pod, &container.value, &lookup)?;
        Ok(ContainerConfig {
            name: container.name.clone(),
            attempt,
            image: container.image.clone(),
            command: words("command"),
            args: words("args"),
            mounts,
            working_dir: str_at(&container.value, "workingDir").unwrap_or("").to_owned(),
            memory_limit: amount(resources, "limits.memory", false),
            cpu_limit_milli: amount(resources, "limits.cpu", true),
            cpu_request_milli: amount(resources, "requests.cpu", true).unwrap_or(0),
            user: self.credentials(container, turn.runtime),
            processes,
            capabilities: self.capabilities(container),
            no_new_privileges: privileges::never_more(container),
            oom_score_adj: self.oom_score_adj(container, turn.node.config.memory_bytes),
            read_only_root: bool_at(&container.value, "securityContext.readOnlyRootFilesystem") == Some(true),
            stdin: bool_at(&container.value, "stdin") == Some(true),
            stdin_once: bool_at(&container.value, "stdinOnce") == Some(true),
            tty: bool_at(&container.value, "tty") == Some(true),
            termination_message_path: container.message_path.clone(),
            hosts: self.hosts(self.sandboxes.last().and_then(|s| turn.runtime.sandbox(*s)).map_or("", |s| s.ip.as_str()), &turn.node.name),
            env,
        })
    }

    /// One more than the newest instance's; where the runtime has forgotten it, than the status'.
    fn next_attempt(&self, container: &ContainerSpec, turn: &Turn) -> u32 {
        let known = self.sandboxes.iter().flat_map(|s| turn.runtime.containers_of(*s)).filter(|c| c.config.name == container.name);
        if let Some(newest) = known.map(|c| c.config.attempt).max() {
            return newest + 1;
        }
        let old = self.status.containers.iter().find(|s| s.name == container.name);
        match old.map(|s| (s.id, &s.last, s.restart_count)) {
            // A rule's removal has counted already.
            Some((None, Some(last), count)) if last.reason == RESTARTING => count,
            Some((Some(_), _, count) | (None, Some(_), count)) => count + 1,
            Some((None, None, _)) | None => 0,
        }
    }

    fn create(&mut self, start: Start, container: &ContainerSpec, turn: &mut Turn) -> Next {
        let index = start.container;
        let Some(sandbox) = self.sandboxes.last().copied() else { return Next::Now };
        let attempt = self.next_attempt(container, turn);
        self.forget_old_instances(container, turn);
        let config = match self.container_config(container, attempt, turn) {
            Ok(config) => config,
            Err(message) => {
                self.container_event(index, "Warning", "Failed", &format!("Error: {message}"), turn);
                return self.record_failure(container, "CreateContainerConfigError", message);
            }
        };
        match turn.runtime.create_container(sandbox, config, turn.ctx) {
            Ok(id) => {
                self.hashes.insert(id, container.hash);
                self.acted();
                self.container_event(index, "Normal", "Created", "Container created", turn);
                let of = self.container_ref(turn, &container.name);
                turn.ctx.fact(Fact::ContainerCreated { container: of, attempt });
                self.first([start.at(Stage::Run(id))].into_iter());
                Next::After(START_MS)
            }
            Err(message) => {
                self.container_event(index, "Warning", "Failed", &format!("Error: {message}"), turn);
                self.record_failure(container, "CreateContainerError", message)
            }
        }
    }

    /// At most two dead instances of a container are kept.
    fn forget_old_instances(&mut self, container: &ContainerSpec, turn: &mut Turn) {
        let mut dead: Vec<ContainerId> = Vec::new();
        for sandbox in &self.sandboxes {
            dead.extend(turn.runtime.containers_of(*sandbox).filter(|c| c.config.name == container.name).map(|c| c.id));
        }
        let surplus = dead.len().saturating_sub(2);
        for id in dead.into_iter().take(surplus) {
            turn.runtime.remove_container(id, turn.ctx);
            self.forget(id);
        }
    }

    pub fn forget(&mut self, id: ContainerId) {
        self.hashes.remove(&id);
        self.ended.remove(&id);
        self.results.retain(|(of, _), _| *of != id);
    }

    fn run(&mut self, start: Start, container: &ContainerSpec, id: ContainerId, turn: &mut Turn) -> Next {
        let index = start.container;
        if let Err(message) = turn.runtime.start_container(id, turn.ctx) {
            self.container_event(index, "Warning", "Failed", &format!("Error: {message}"), turn);
            return self.record_failure(container, "RunContainerError", message);
        }
        self.container_event(index, "Normal", "Started", "Container started", turn);
        self.resize.started(container);
        let attempt = turn.runtime.container(id).map_or(0, |c| c.config.attempt);
        let of = self.container_ref(turn, &container.name);
        turn.ctx.fact(Fact::ContainerStarted { container: of, attempt });
        if let Some(handler) = &container.post_start {
            let hook = self.begin_hook(container, id, handler, turn);
            return self.tend_post_start(start, container, id, hook, turn);
        }
        self.started(container)
    }

    fn started(&mut self, container: &ContainerSpec) -> Next {
        self.reasons.remove(&container.name);
        Next::After(PAUSE_MS)
    }

    fn tend_post_start(&mut self, start: Start, container: &ContainerSpec, id: ContainerId, hook: HookRun, turn: &mut Turn) -> Next {
        match self.tend_hook(&hook, turn) {
            Progress::Look(ms) => {
                self.first([start.at(Stage::PostStart(id, hook))].into_iter());
                Next::After(ms)
            }
            Progress::Done(Ok(())) => self.started(container),
            Progress::Done(Err(error)) => {
                let index = start.container;
                self.container_event(index, "Warning", "FailedPostStartHook", "PostStartHook failed", turn);
                self.kill(id, index, "FailedPostStartHook", None, turn);
                let began = turn.runtime.container(id).and_then(|c| match c.state {
                    State::Running { started_at } | State::Exited { started_at, .. } => Some(started_at),
                    State::Created => None,
                });
                // Start and end are two events where a look at the runtime fell between them.
                if began.is_some_and(|at| turn.ctx.now.since(at) > RELIST_MS) {
                    self.want_another_sync();
                }
                let message = self.hook_message(container, &error);
                let next = self.record_failure(container, "PostStartHookError", message);
                self.first([Step::AwaitKills].into_iter());
                next
            }
        }
    }
}
