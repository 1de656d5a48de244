//! What a verb works with: the cluster, the person's files and configuration, its standard streams; how it ends or goes on.

use std::ops::Deref;
use std::rc::Rc;

use super::OutputKind;
use super::Seat;
use super::call::Call;
use super::running::Running;
use crate::api::order::{SortedMap, SortedSet};
use crate::api::{Kind, SimTime, Status, Value, kinds};
use crate::cluster::Cluster;
use crate::cluster::apiserver::{DeleteOptions, Key, PatchKind, WriteOptions, Written};
use crate::cluster::shell::Machine;

/// A local port that leads into a Pod while `kubectl port-forward` runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    pub local: u16,
    pub namespace: String,
    pub pod: String,
    pub container: String,
    pub remote: u16,
}

/// What the person shall edit: a name to show and the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    pub name: String,
    pub text: String,
}

pub struct Env<'a> {
    pub cluster: &'a mut Cluster,
    pub files: &'a mut SortedMap<String, String>,
    /// What stays from line to line.
    pub seat: &'a mut Seat,
    /// The shell's variables, and where it is.
    pub variables: SortedMap<String, String>,
    pub directory: String,
    /// Standard input, whole; `None` where nothing is connected.
    pub stdin: Option<String>,
    /// Whether standard input and output are the person's terminal.
    pub terminal: bool,
    pub out: &'a mut Vec<(OutputKind, String)>,
    pub running: &'a mut Running,
    /// The node that the person is on; none on their own machine.
    pub node: Option<String>,
    /// Whether what runs just now has the person's keyboard, and what was typed on it.
    pub keyboard: bool,
    pub typed: String,
    /// As whom the command acts (`--as`), where that is not the person.
    pub user: Option<String>,
    /// What the server has warned of since the command began: kubectl tells the same only once.
    pub warned: SortedSet<String>,
}

/// How far a command came.
pub enum Flow {
    Done(i32),
    /// It waits for something in the cluster.
    Wait(Box<dyn Job>),
}

pub const DONE: Flow = Flow::Done(0);

impl Flow {
    /// Looks at once whether the job has anything to wait for.
    pub fn wait(job: impl Job + 'static) -> Self {
        Self::Wait(Box::new(job))
    }
}

/// How a look at a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    Done(i32),
    /// Look again after the cluster's next step, at this instant at the latest.
    Pending(Option<SimTime>),
}

/// A command that goes on: a value that is looked at whenever virtual time has moved.
pub trait Job: JobClone {
    fn poll(&mut self, env: &mut Env) -> Result<Poll, Failure>;

    /// Text typed while it runs in the foreground.
    fn input(&mut self, _text: &str, _env: &mut Env) {}

    /// The prompt of a shell that it has opened, while that waits for a line.
    fn prompt(&self) -> Option<&str> {
        None
    }

    fn forwards(&self) -> &[Forward] {
        &[]
    }

    /// A connection through this local port found nobody in the Pod.
    fn lose(&mut self, _port: u16) {}

    /// The shell that it runs.
    fn machine(&self) -> Option<&Machine> {
        None
    }

    /// Ctrl-C, where a shell that it has opened hears it and goes on.
    fn interrupt(&mut self, _env: &mut Env) -> bool {
        false
    }

    /// Ctrl-C, or the end of a `timeout`.
    fn stop(&mut self, _env: &mut Env) {}
}

pub trait JobClone {
    fn boxed(&self) -> Box<dyn Job>;
}

impl<T: Job + Clone + 'static> JobClone for T {
    fn boxed(&self) -> Box<dyn Job> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Job> {
    fn clone(&self) -> Self {
        self.as_ref().boxed()
    }
}

/// Why a command failed. It lies in a box, as most results that can hold one hold none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Box<Ending>);

/// What a command that failed leaves: what stands on its standard error, and its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub text: String,
    pub code: i32,
    /// The API server's answer behind it, where there is one.
    pub status: Option<Status>,
}

impl Deref for Failure {
    type Target = Ending;

    fn deref(&self) -> &Ending {
        &self.0
    }
}

impl Failure {
    /// `error: …`
    pub fn error(message: impl Into<String>) -> Self {
        Self::raw(line(format!("error: {}", message.into())), 1)
    }

    pub fn raw(text: String, code: i32) -> Self {
        Self(Box::new(Ending { text, code, status: None }))
    }

    pub fn with_code(mut self, code: i32) -> Self {
        self.0.code = code;
        self
    }

    pub fn into_ending(self) -> Ending {
        *self.0
    }

    /// Nothing more to say.
    pub fn silent(code: i32) -> Self {
        Self::raw(String::new(), code)
    }

    /// A refused request with what was tried: `Error from server (NotFound): error when deleting "pod.yaml": …`.
    pub fn when(verb: &str, source: &str, mut status: Status) -> Self {
        status.message = format!("error when {verb} {source:?}: {}", status.message);
        status.into()
    }

    /// What the server said, if it was the server.
    pub fn status(&self) -> Option<&Status> {
        self.0.status.as_ref()
    }

    /// Without the word in front.
    pub fn unnamed(mut self) -> Self {
        if let Some(plain) = self.0.text.strip_prefix("error: ") {
            self.0.text = plain.to_owned();
        }
        self
    }

    pub fn is_not_found(&self) -> bool {
        self.status.as_ref().is_some_and(|s| s.reason == "NotFound")
    }

    /// The failure of several: each says its own, and only one that is alone says that it is an error (`MultipleErrors` of kubectl's helpers).
    pub fn many(failures: Vec<Failure>) -> Option<Self> {
        let code = failures.iter().map(|f| f.code).max()?;
        let alone = failures.len() == 1;
        let text = |f: Failure| match &f.status {
            // A few commands write the word themselves; it is not said twice.
            _ if alone && f.text.starts_with("error: error: ") => line(f.text["error: ".len()..].trim_end().to_owned()),
            _ if alone => f.into_ending().text,
            // Only one that is alone is taken apart into its causes.
            Some(status) if status.reason == "Invalid" => line(format!("Error from server (Invalid): {}", status.message)),
            _ => f.text.strip_prefix("error: ").map_or_else(|| f.text.clone(), str::to_owned),
        };
        Some(Self::raw(failures.into_iter().map(text).collect(), code))
    }
}

fn line(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// `checkErr` of kubectl's `cmd/util/helpers.go`.
impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let text = if status.reason == "Invalid" {
            let kind = status.kind.split('.').next().unwrap_or("");
            let head = if kind.is_empty() && status.name.is_empty() {
                "The request is invalid".to_owned()
            } else {
                format!("The {kind} {:?} is invalid", status.name)
            };
            let mut causes: Vec<String> = Vec::new();
            for cause in &status.causes {
                let text = format!("{}: {}", cause.field, cause.message);
                if !causes.contains(&text) {
                    causes.push(text);
                }
            }
            match causes.as_slice() {
                [] if kind.is_empty() => format!("{head}: {}", status.message),
                [] => head,
                [one] => format!("{head}: {one}"),
                all => format!("{head}: \n{}", all.iter().map(|c| format!("* {c}\n")).collect::<String>()),
            }
        } else if status.reason.is_empty() {
            format!("Error from server: {}", status.message)
        } else {
            format!("Error from server ({}): {}", status.reason, status.message)
        };
        let warnings: String = status.warnings.iter().map(|w| format!("Warning: {w}\n")).collect();
        Self(Box::new(Ending { text: warnings + &line(text), code: 1, status: Some(status) }))
    }
}

impl Env<'_> {
    pub fn out(&mut self, text: impl Into<String>) {
        self.write(OutputKind::Stdout, text.into());
    }

    pub fn err(&mut self, text: impl Into<String>) {
        self.write(OutputKind::Stderr, text.into());
    }

    pub fn write(&mut self, kind: OutputKind, text: String) {
        if !text.is_empty() {
            self.out.push((kind, text));
        }
    }

    pub fn now(&self) -> SimTime {
        self.cluster.now()
    }

    /// The head of a line of klog.
    pub fn log_head(&self, level: char, place: &str) -> String {
        let stamp = self.now().rfc3339_micro();
        let (month, day, clock) = (stamp.get(5..7).unwrap_or(""), stamp.get(8..10).unwrap_or(""), stamp.get(11..26).unwrap_or(""));
        format!("{level}{month}{day} {clock}   30841 {place}] ")
    }

    pub fn log_warning(&mut self, place: &str, message: &str) {
        let head = self.log_head('W', place);
        self.err(format!("{head}{message}\n"));
    }

    /// The namespace that a command works in.
    pub fn namespace(&self, call: &Call) -> String {
        match call.filled("namespace") {
            Some(namespace) => namespace.into(),
            None => {
                let context = call.filled("context").and_then(|c| self.seat.config.context(c)).or_else(|| self.seat.config.current());
                context.map(|c| c.namespace.clone()).filter(|n| !n.is_empty()).unwrap_or_else(|| "default".into())
            }
        }
    }

    pub fn get(&self, kind: &'static Kind, namespace: &str, name: &str) -> Option<Rc<Value>> {
        self.cluster.api.get(kind, namespace, name).cloned()
    }

    pub fn require(&self, kind: &'static Kind, namespace: &str, name: &str) -> Result<Rc<Value>, Failure> {
        self.get(kind, namespace, name).ok_or_else(|| self.missing(kind, namespace, name).into())
    }

    /// What the server says of an object that is not there.
    pub fn missing(&self, kind: &'static Kind, namespace: &str, name: &str) -> Status {
        if kind.namespaced && self.get(kinds::NAMESPACE, "", namespace).is_none() {
            return Status::not_found("namespaces", namespace);
        }
        Status::not_found(&kind.resource(), name)
    }

    pub fn list(&self, kind: &'static Kind, namespace: Option<&str>) -> Vec<Rc<Value>> {
        self.cluster.api.list(kind, namespace).cloned().collect()
    }

    pub fn create(&mut self, kind: &'static Kind, namespace: &str, object: Value, options: &WriteOptions) -> Result<Rc<Value>, Status> {
        let answer = self.cluster.request(|api, caller| api.create(caller, kind, namespace, object, options));
        self.written(answer)
    }

    pub fn update(&mut self, kind: &'static Kind, namespace: &str, object: Value, options: &WriteOptions) -> Result<Rc<Value>, Status> {
        let answer = self.cluster.request(|api, caller| api.update(caller, kind, namespace, object, options));
        self.written(answer)
    }

    pub fn patch(&mut self, key: &Key, patch: &Value, how: PatchKind, options: &WriteOptions) -> Result<Rc<Value>, Status> {
        let answer = self.cluster.request(|api, caller| api.patch(caller, key, patch, how, options));
        self.written(answer)
    }

    pub fn apply(&mut self, kind: &'static Kind, ns: &str, object: Value, force: bool, options: &WriteOptions) -> Result<Rc<Value>, Status> {
        let answer = self.cluster.request(|api, caller| api.apply(caller, kind, ns, object, force, options));
        self.written(answer)
    }

    pub fn delete(&mut self, key: &Key, options: DeleteOptions) -> Result<Rc<Value>, Status> {
        self.cluster.request(|api, caller| api.delete(caller, key, options))
    }

    fn written(&mut self, answer: Result<Written, Status>) -> Result<Rc<Value>, Status> {
        let (warnings, answer) = match answer {
            Ok(written) => (written.warnings, Ok(written.object)),
            Err(mut status) => (std::mem::take(&mut status.warnings), Err(status)),
        };
        for warning in warnings {
            if self.warned.insert(warning.clone()) {
                self.err(format!("Warning: {warning}\n"));
            }
        }
        answer
    }
}

/// The options of a write by a person's kubectl.
pub fn write_options(manager: &str, dry_run: bool) -> WriteOptions {
    WriteOptions { dry_run, field_manager: manager.into(), ..WriteOptions::default() }
}
