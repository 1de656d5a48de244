//! `kubectl create deployment | job | cronjob`.

use super::{generate, one_name};
use crate::api::{Value, json, kinds, object};
use crate::kubectl::call::{Call, Verb};
use crate::kubectl::env::{Env, Failure, Flow};
use crate::kubectl::resources::{self, Rules};

const OUTPUT: &str = "image:c port:i replicas,r:i @make";

pub const DEPLOYMENT: Verb = Verb::new(
    "deployment",
    "NAME --image=image -- [COMMAND] [args...] [options]",
    OUTPUT,
    "Create a deployment with the specified name.",
    deployment,
)
.requires(&["image"])
.alias(&["deploy"]);
pub const JOB: Verb = Verb::new(
    "job",
    "NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]",
    "image:s from:s @make",
    "Create a job with the specified name.",
    job,
);
pub const CRON_JOB: Verb = Verb::new(
    "cronjob",
    "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [flags] [options]",
    "image:s schedule:s restart:s @make",
    "Create a cron job with the specified name.",
    cron_job,
)
.requires(&["image", "schedule"])
.alias(&["cj"]);

/// The name, and what stands after `--` (or after the name).
fn name_and_command(call: &Call) -> Result<(String, Vec<String>), Failure> {
    let at = call.dash.unwrap_or(call.args.len());
    let (names, rest) = call.args.split_at(at.min(call.args.len()));
    match names {
        [name] => Ok((name.clone(), rest.to_vec())),
        names => one_name(call, names).map(|name| (name, rest.to_vec())),
    }
}

fn deployment(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (name, command) = name_and_command(call)?;
    let images = call.texts("image");
    if images.len() > 1 && !command.is_empty() {
        return Err(Failure::error("cannot specify multiple --image options and command"));
    }
    let replicas = call.int("replicas").unwrap_or(1);
    let port = call.int("port");
    let containers: Vec<Value> = images
        .iter()
        .filter(|image| !image.is_empty())
        .map(|image| {
            // `sanitize` of the image's last part, without tag and digest.
            let base = image.rsplit('/').next().unwrap_or(image);
            let base = base.split([':', '@']).next().unwrap_or(base);
            let clean: String = base.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect();
            // A name that had to be changed gets five letters of chance (`sanitizeAndUniquify`); here the image decides them.
            let clean = if base.contains(['_', '.']) { format!("{clean}-{}", letters(image)) } else { clean };
            let mut container = json!({"image": image, "name": clean, "resources": {}});
            if let Some(port) = port.filter(|p| *p >= 0) {
                container["ports"] = json!([{"containerPort": port}]);
            }
            if !command.is_empty() {
                container["command"] = json!(command);
            }
            container
        })
        .collect();
    let value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"labels": {"app": name}, "name": name},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}}, "strategy": {},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}},
        },
        "status": {},
    });
    generate(call, env, kinds::DEPLOYMENT, value, "failed to create deployment: ")
}

fn letters(text: &str) -> String {
    let seed = text.bytes().fold(0x811c_9dc5_u32, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (0..5).map(|i| char::from(b"bcdfghjklmnpqrstvwxz2456789"[(seed >> (i * 6)) as usize % 27])).collect()
}

fn container(name: &str, call: &Call, command: &[String]) -> Value {
    let mut container = json!({"image": call.text("image").unwrap_or(""), "name": name, "resources": {}});
    if !command.is_empty() {
        container["command"] = json!(command);
    }
    container
}

fn job(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (name, command) = name_and_command(call)?;
    let image = call.filled("image").is_some();
    if image == call.filled("from").is_some() {
        return Err(Failure::error("either --image or --from must be specified"));
    }
    if let Some(from) = call.filled("from") {
        if !command.is_empty() {
            return Err(Failure::error("cannot specify --from and command"));
        }
        let request = resources::request(&Call::default(), &[from.to_owned()], env, Rules::TYPES)?;
        let namespace = env.namespace(call);
        let source = from.split_once('/').map_or("", |(_, name)| name);
        let kind = request.kinds().first().copied().unwrap_or(kinds::CRON_JOB);
        let cron = env.require(kind, &namespace, source)?;
        if kind != kinds::CRON_JOB {
            return Err(Failure::error("from must be an existing cronjob"));
        }
        let template = object::at(&cron, "spec.jobTemplate").cloned().unwrap_or_default();
        let mut annotations = object::at(&template, "metadata.annotations").cloned().unwrap_or_else(|| json!({}));
        annotations["cronjob.kubernetes.io/instantiate"] = json!("manual");
        let owner =
            json!([{"apiVersion": "batch/v1", "kind": "CronJob", "name": object::name(&cron), "uid": object::uid(&cron), "controller": true}]);
        let mut metadata = json!({"annotations": annotations, "name": name, "ownerReferences": owner});
        if let Some(labels) = object::at(&template, "metadata.labels") {
            metadata["labels"] = labels.clone();
        }
        let value = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template["spec"], "status": {}});
        return generate(call, env, kinds::JOB, value, "failed to create job: ");
    }
    let spec = json!({"containers": [container(&name, call, &command)], "restartPolicy": "Never"});
    let value = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"template": {"metadata": {}, "spec": spec}}, "status": {},
    });
    generate(call, env, kinds::JOB, value, "failed to create job: ")
}

fn cron_job(call: &Call, env: &mut Env) -> Result<Flow, Failure> {
    let (name, command) = name_and_command(call)?;
    let restart = call.filled("restart").unwrap_or("OnFailure");
    let spec = json!({"containers": [container(&name, call, &command)], "restartPolicy": restart});
    let value = json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": name},
        "spec": {
            "jobTemplate": {"metadata": {"name": name}, "spec": {"template": {"metadata": {}, "spec": spec}}},
            "schedule": call.text("schedule").unwrap_or(""),
        },
        "status": {},
    });
    generate(call, env, kinds::CRON_JOB, value, "failed to create cronjob: ")
}
