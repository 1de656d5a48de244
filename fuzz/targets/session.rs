//! Any inputs at any times: going back and forward gives the same run, a link holds it, and the cluster stays sound.

#![no_main]

use libfuzzer_sys::fuzz_target;
use podlab::api::SimTime;
use podlab::cluster::Config;
use podlab::cluster::invariants::Checker;
use podlab::cluster::runtime::{CustomImage, Fault};
use podlab::session::{Input, Session};
use podlab::share::{self, Moment, Shared};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx, livenessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 2}}]}\n";

/// A record of the text: a letter for what is done, the rest says to what.
fn input(record: &str) -> Option<Input> {
    let mut chars = record.chars();
    let (letter, rest) = (chars.next()?, chars.as_str());
    let (a, b) = rest.split_once('|').unwrap_or((rest, ""));
    let web = || ("default".to_owned(), "web".to_owned(), "web".to_owned());
    let fault = |fault| {
        let (namespace, pod, container) = web();
        Some(Input::Fault { namespace, pod, container, fault })
    };
    let number = i64::from(a.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))));
    match letter {
        'p' => Some(Input::Apply { file: "pod.yaml".into(), text: POD.into() }),
        'a' => Some(Input::Apply { file: "pod.yaml".into(), text: rest.into() }),
        'd' => Some(Input::Delete { kind: "pod".into(), namespace: "default".into(), name: a.into(), grace_seconds: b.parse().ok() }),
        'c' => Some(Input::Command(rest.into())),
        'k' => Some(Input::Keys(rest.into())),
        'i' => Some(Input::Interrupt),
        'f' => Some(Input::File { name: a.into(), text: b.into() }),
        'x' => fault(Fault::Exit(number as i32)),
        'h' => fault(Fault::Hang),
        'u' => fault(Fault::Unhang),
        's' => fault(Fault::AnswerWith(number as u16)),
        'm' => fault(Fault::UseMemory(number << 16)),
        'n' => fault(Fault::UseCpu(number)),
        'r' => {
            let (namespace, pod, container) = web();
            Some(Input::Request { namespace, pod, container, url: rest.into() })
        }
        'w' => Some(Input::NodeFile { node: "node-1".into(), path: format!("/etc/kubernetes/manifests/{a}"), text: Some(b.into()) }),
        'W' => Some(Input::NodeFile { node: "node-1".into(), path: a.into(), text: None }),
        'q' => Some(Input::StopApiServer(!rest.is_empty())),
        'l' => Some(Input::StopKubelet { node: "node-1".into(), stopped: !rest.is_empty() }),
        'g' => Some(Input::DescribeImage(CustomImage {
            name: a.into(),
            listens_on: b.parse().ok(),
            exits_after_ms: Some(number as u64),
            exit_code: number as i32,
        })),
        _ => None,
    }
}

fuzz_target!(|text: &str| {
    let mut session = Session::new(Config::nodes(2));
    let (mut back, mut checker) = (None, Checker::default());
    for record in text.split('\r').take(12) {
        let mut chars = record.chars();
        // How much later it is done, in steps that reach from a millisecond to minutes.
        let later = chars.next().map_or(0, |c| u64::from(c as u32 % 64));
        session.play_to(session.now() + later * later * 30);
        if chars.as_str().starts_with('B') {
            back = Some(session.now());
        } else if let Some(input) = input(chars.as_str()) {
            session.input(input);
        }
        let broken = checker.check(session.cluster());
        assert!(broken.is_empty(), "{broken:?}");
    }
    session.play_to(session.now() + 20_000);
    let (end, hash) = (session.now(), session.cluster().log().hash());
    session.seek(back.unwrap_or(SimTime(7_777)).min(end));
    session.seek(end);
    assert_eq!(session.cluster().log().hash(), hash, "going back and forward made another run");
    let moment = Moment { config: session.config().clone(), journal: session.journal().to_vec(), at: end };
    let shared = Shared { moment: Some(moment), ..Shared::default() };
    if let Ok(link) = share::encode(&shared) {
        let back = share::decode(&link).expect("what a link holds can be read");
        assert_eq!(back, shared);
    }
});
