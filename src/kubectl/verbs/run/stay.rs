//! What `kubectl run -i` does after the Pod is made: waits for its container, attaches, tells how it ended, removes.

use crate::api::object::{is_deleting, name, namespace, str_at};
use crate::api::{SimTime, kinds};
use crate::cluster::PodRef;
use crate::cluster::apiserver::{DeleteOptions, Key};
use crate::cluster::runtime::State;
use crate::kubectl::call::DryRun;
use crate::kubectl::env::{Env, Failure, Job, Poll};
use crate::kubectl::verbs::attach::{Attached, HINT};
use crate::kubectl::verbs::delete::{Gone, deleted_line};
use crate::kubectl::verbs::exec::Seat;

/// How far `run -i` came.
#[derive(Clone)]
pub enum Stage {
    /// Until the container runs (or has ended already).
    Starting(String),
    Attached(Attached),
    /// Until the Pod's status tells how it ended.
    Ended(Attached),
    Removing(Gone),
}

#[derive(Clone)]
pub struct Staying {
    pub key: Key,
    pub uid: String,
    pub restart: String,
    pub remove: bool,
    pub quiet: bool,
    pub seat: Seat,
    pub give_up: SimTime,
    pub stage: Stage,
}

impl Staying {
    fn remove(&mut self, env: &mut Env, result: Option<(i64, String)>) -> Result<Stage, Failure> {
        let code = result.as_ref().map_or(0, |r| r.0 as i32);
        let mut waiting = Vec::new();
        if self.remove {
            let before = env.get(kinds::POD, &self.key.namespace, &self.key.name);
            if let Some(before) = before {
                env.delete(&self.key, DeleteOptions::default())?;
                if !self.quiet {
                    env.out(deleted_line(kinds::POD, &before, "deleted", DryRun::None));
                }
                waiting.push((self.key.clone(), self.uid.clone()));
            }
        }
        if let Some((_, reason)) = result.filter(|r| r.0 != 0 && self.restart != "Always") {
            env.err(format!("pod {}/{} terminated ({reason})\n", self.key.namespace, self.key.name));
        }
        Ok(Stage::Removing(Gone { waiting, timeout: None, code: if self.restart == "Always" { 0 } else { code } }))
    }
}

impl Job for Staying {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure> {
        loop {
            let pod = env.get(kinds::POD, &self.key.namespace, &self.key.name);
            match &mut self.stage {
                Stage::Starting(container) => {
                    let Some(pod) = pod.filter(|p| !is_deleting(p)) else { return Err(Failure::error("pod was deleted")) };
                    let phase = str_at(&pod, "status.phase").unwrap_or("");
                    let place = PodRef { namespace: namespace(&pod), name: name(&pod) };
                    let started = env.cluster.container(place, container, false).is_some_and(|r| !matches!(r.state, State::Created));
                    if started && matches!(phase, "Running" | "Succeeded" | "Failed") {
                        if !self.quiet {
                            env.err(HINT);
                        }
                        self.stage = Stage::Attached(Attached::new(&pod, container.clone(), 0, self.seat));
                    } else if env.now() >= self.give_up {
                        return Err(Failure::error("timed out waiting for the condition"));
                    } else {
                        return Ok(Poll::Pending(Some(self.give_up)));
                    }
                }
                Stage::Attached(attached) => {
                    if !attached.follow(env) {
                        return Ok(Poll::Pending(None));
                    }
                    self.stage = Stage::Ended(attached.clone());
                }
                Stage::Ended(attached) => {
                    let phase = pod.as_ref().and_then(|p| str_at(p, "status.phase"));
                    let done = matches!(phase, Some("Succeeded" | "Failed") | None) || self.restart == "Always";
                    if !done {
                        return Ok(Poll::Pending(None));
                    }
                    let result = attached.exit_code(env);
                    self.stage = self.remove(env, result)?;
                }
                Stage::Removing(gone) => return gone.poll(env),
            }
        }
    }

    fn input(&mut self, text: &str, env: &mut Env) {
        if let Stage::Attached(attached) = &self.stage {
            attached.type_in(text, env);
        }
    }

    fn interrupt(&mut self, env: &mut Env) -> bool {
        matches!(&self.stage, Stage::Attached(attached) if attached.interrupt(env))
    }

    fn prompt(&self) -> Option<&str> {
        match &self.stage {
            Stage::Attached(attached) => attached.prompt(),
            Stage::Starting(_) | Stage::Ended(_) | Stage::Removing(_) => None,
        }
    }
}
