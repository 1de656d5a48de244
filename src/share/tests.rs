//! Round trips, sizes, and links that mean harm.

use super::*;
use crate::cluster::network;
use crate::cluster::runtime::{CustomImage, Fault};
use crate::session::Input;

const COUNTER: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: counter
spec:
  containers:
    - name: app
      image: ghcr.io/subicura/counter:latest
    - name: db
      image: redis
";

fn manifest(text: &str) -> Shared {
    Shared { manifests: vec![("pod.yaml".into(), text.into())], ..Shared::default() }
}

fn round_trip(shared: &Shared) -> String {
    let link = encode(shared).expect("within the limits");
    assert_eq!(decode(&link).as_ref(), Ok(shared), "{link}");
    assert!(link.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{link} goes into an address as it is");
    link
}

#[test]
fn any_text_comes_back() {
    for text in
        ["", "a", COUNTER, "한글 주석 # 파드\r\n\ttab", "\0\u{1}\u{2}\u{7} control", "\u{feff}kind: Pod", "😀\u{10ffff}", &"x: [\n".repeat(2000)]
    {
        round_trip(&manifest(text));
    }
    // Texts that look like nothing the dictionary knows.
    let mut random = crate::cluster::Random::new(7);
    for length in [1, 10, 300, 3000] {
        let text: String = (0..length).map(|_| char::from_u32((random.draw() % 0xD7FF) as u32).expect("below the surrogates")).collect();
        round_trip(&manifest(&text));
    }
}

#[test]
fn a_usual_manifest_is_short() {
    let link = round_trip(&manifest(COUNTER));
    assert!(link.len() < 40, "{} characters: {link}", link.len());
}

#[test]
fn a_link_of_version_1_stays_readable() {
    // Made when version 1 was made. When this fails, the coder or its dictionary changed: that needs version 2 beside it.
    let link = include_str!("../../tests/data/share/version-1.link").trim();
    assert_eq!(decode(link), Ok(manifest(COUNTER)), "today's is {:?}", encode(&manifest(COUNTER)));
}

#[test]
fn lesson_and_moment_come_back() {
    let at = |at, input| Timed { at: SimTime(at), input };
    let (namespace, pod, container) = (String::from("default"), String::from("web"), String::from("app"));
    let fault = |fault| Input::Fault { namespace: namespace.clone(), pod: pod.clone(), container: container.clone(), fault };
    let journal = vec![
        at(0, Input::Apply { file: "pod.yaml".into(), text: COUNTER.into() }),
        at(0, Input::Apply { file: "pod.yaml".into(), text: "kind: Other".into() }),
        at(10, Input::File { name: "b.yaml".into(), text: "b".into() }),
        at(10, Input::Command("kubectl get pods -o wide | grep '한글'".into())),
        at(900, Input::Keys("ls\n".into())),
        at(901, Input::Interrupt),
        at(1000, fault(Fault::Exit(-3))),
        at(1000, fault(Fault::Hang)),
        at(1000, fault(Fault::Unhang)),
        at(1000, fault(Fault::AnswerWith(500))),
        at(1000, fault(Fault::UseMemory(1 << 30))),
        at(1000, fault(Fault::UseCpu(1500))),
        at(2000, Input::Request { namespace: namespace.clone(), pod: pod.clone(), container: container.clone(), url: "http://a/?b=c d".into() }),
        at(2000, Input::NodeFile { node: "node-1".into(), path: "/etc/kubernetes/manifests/a.yaml".into(), text: Some("a: b\n".into()) }),
        at(2000, Input::NodeFile { node: "node-1".into(), path: "/etc/kubernetes/manifests/a.yaml".into(), text: None }),
        at(2001, Input::NetworkFault { on: "node/node-2".into(), fault: Some(network::Fault::Drop) }),
        at(2001, Input::NetworkFault { on: "pod/default/web".into(), fault: Some(network::Fault::Delay(300)) }),
        at(2001, Input::NetworkFault { on: "pod/default/web".into(), fault: None }),
        at(2001, Input::StopApiServer(true)),
        at(2001, Input::StopKubelet { node: "node-2".into(), stopped: false }),
        at(2002, Input::Delete { kind: "pod".into(), namespace: namespace.clone(), name: pod.clone(), grace_seconds: Some(0) }),
        at(2002, Input::Delete { kind: "pod".into(), namespace, name: pod, grace_seconds: None }),
        at(3000, Input::DescribeImage(CustomImage { name: "mine".into(), listens_on: Some(80), exits_after_ms: None, exit_code: 1 })),
    ];
    let mut config = Config::nodes(2);
    let moment = |config: &Config| Some(Moment { config: config.clone(), journal: journal.clone(), at: SimTime(60_000) });
    let manifests = vec![("pod.yaml".into(), COUNTER.into()), ("b.yaml".into(), "b".into()), ("pod.yaml".into(), String::new())];
    round_trip(&Shared { manifests: manifests.clone(), lesson: Some(("liveness-probe".into(), 2)), moment: moment(&config) });
    config.nodes[1].cpu_milli = 500;
    config.seed = u64::MAX;
    round_trip(&Shared { manifests, lesson: None, moment: moment(&config) });
    round_trip(&Shared { lesson: Some(("a-lesson".into(), 3)), ..manifest("") });
    round_trip(&Shared { lesson: Some(("static-pods".into(), 0)), ..Shared::default() });
}

/// A link around a wire text that `encode` would never write.
fn forged(text: &str) -> String {
    let mut bytes = checksum(text.as_bytes()).to_vec();
    bytes.extend(coder::pack(text.as_bytes()));
    format!("1{}", BASE64.encode(bytes))
}

#[test]
fn hostile_links_are_refused_for_what_they_are() {
    let good = encode(&manifest(COUNTER)).expect("within the limits");
    let cut = |n: usize| good[..good.len() - n].to_owned();
    let swapped = good.replacen(&good[10..12], "zz", 1);
    let many_inputs = format!("x\u{5}1 2 0{}", "\u{6}1 i".repeat(501));
    let cases = [
        (String::new(), LinkError::Broken),
        ("1".into(), LinkError::Broken),
        ("1A".into(), LinkError::Broken),
        ("1AAAA".into(), LinkError::Broken),
        ("2AAAA".into(), LinkError::Newer),
        ("9".into(), LinkError::Newer),
        ("0abc".into(), LinkError::Broken),
        ("한글".into(), LinkError::Broken),
        ("1한글".into(), LinkError::Broken),
        ("<script>alert(1)</script>".into(), LinkError::Broken),
        ("1../../etc/passwd".into(), LinkError::Broken),
        (cut(1), LinkError::Broken),
        (cut(5), LinkError::Broken),
        (swapped, LinkError::Broken),
        (format!("{good}AAAA"), LinkError::Broken),
        ("1".to_owned() + &"A".repeat(LONGEST_LINK), LinkError::TooLong),
        ("1".to_owned() + &"A".repeat(LONGEST_LINK - 2), LinkError::Broken),
        ("1".to_owned() + &"_".repeat(4000), LinkError::Broken),
        (forged(&"\u{3}a".repeat(9)), LinkError::TooMuch),
        (forged("x\u{5}1 999999 0"), LinkError::TooMuch),
        (forged("x\u{5}1 2 99999999999"), LinkError::TooMuch),
        (forged("x\u{5}1 0 0"), LinkError::TooMuch),
        (forged(&many_inputs), LinkError::TooMuch),
        (forged("x\u{5}1 2 0\u{6}18446744073709551615 i\u{6}2 i"), LinkError::TooMuch),
        (forged("x\u{5}1 1 0\u{7}n 9999999999 1 1"), LinkError::TooMuch),
        (forged("x\u{6}1 i"), LinkError::Broken),
        (forged("x\u{5}1 2 0\u{6}1 z"), LinkError::Broken),
        (forged("x\u{5}1 2 0\u{6}1 a7"), LinkError::Broken),
        (forged("x\u{2}../secret\u{3}y"), LinkError::Broken),
        (forged("x\u{4}<img onerror=alert(1)>/0"), LinkError::Broken),
        (forged("x\u{1}"), LinkError::Broken),
    ];
    for (link, error) in cases {
        assert_eq!(decode(&link), Err(error), "{}", &link.chars().take(60).collect::<String>());
    }
}

#[test]
fn what_is_too_much_is_not_written() {
    assert_eq!(encode(&manifest(&"a".repeat(60_000))), Err(LinkError::TooLong));
    let moment = Moment { config: Config::nodes(1), journal: vec![], at: SimTime(u64::MAX) };
    assert_eq!(encode(&Shared { moment: Some(moment), ..manifest("a") }), Err(LinkError::TooMuch));
}

#[test]
fn no_single_change_of_a_link_opens_as_another_manifest() {
    let good = encode(&manifest(COUNTER)).expect("within the limits");
    let mut opened = 0;
    for at in 1..good.len() {
        for letter in ["A", "z", "_"] {
            let changed = format!("{}{letter}{}", &good[..at], &good[at + 1..]);
            opened += usize::from(changed != good && decode(&changed).is_ok());
        }
    }
    assert_eq!(opened, 0);
}
