//! Texts that mean harm: nested without end, full of aliases, or merely huge. They are refused in kubectl's words, within a second and a small stack.

use std::time::Duration;

use podlab::manifest::{check, complete, hover};

/// About what a browser gives to WebAssembly; a debug build's frames are several times larger.
const STACK: usize = if cfg!(debug_assertions) { 8 } else { 1 } * 1024 * 1024;
const SIZE: usize = 10_000_000;

/// What kubectl would print of a text; fails where that takes too long or too much stack.
fn verdict(text: String) -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    let work = move || {
        let checked = check(&text);
        // The language services see the same text.
        let small = &text[..podlab::text::floor_boundary(&text, 10_000)];
        hover(small, small.len() / 2);
        complete(small, small.len());
        sender.send(checked.stderr).expect("the test waits for it");
    };
    std::thread::Builder::new().stack_size(STACK).spawn(work).expect("a thread can be had");
    // What tests build is up to eight times slower than what people run.
    let patience = if cfg!(debug_assertions) { Duration::from_secs(8) } else { Duration::from_secs(1) };
    receiver.recv_timeout(patience).expect("an answer within the time")
}

#[test]
fn nesting_is_bounded() {
    for text in ["[", "{a: ", "- ", "? ", "{\"a\":"].map(|piece| piece.repeat(SIZE / 10)) {
        let head = text[..8].to_owned();
        let stderr = verdict(text);
        let refused = stderr.contains("exceeded max depth") || stderr.contains("looking for beginning of object key string");
        assert!(refused, "{head}: {stderr:.200}");
    }
    // Closed properly, just below the limit: read, decoded, refused for what it is, and dropped again.
    for depth in [200, 280] {
        let nested = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {}{}\n", "[".repeat(depth), "]".repeat(depth));
        assert!(verdict(nested).contains("cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec"));
        let staircase: String = (0..depth).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
        assert!(verdict(format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\n{staircase}")).contains("unknown field \"a\""));
    }
}

#[test]
fn aliases_have_a_budget() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (last, next) in ('a'..'t').zip('b'..='t') {
        bomb.push_str(&format!("{next}: &{next} [{}]\n", vec![format!("*{last}"); 9].join(", ")));
    }
    assert!(verdict(bomb).contains("document contains excessive aliasing"));
    let keys: Vec<String> = (0..20_000).map(|i| format!("k{i}: v")).collect();
    let merges: String = (0..200).map(|i| format!("b{i}:\n  <<: *a\n")).collect();
    assert!(verdict(format!("a: &a {{{}}}\n{merges}", keys.join(", "))).contains("document contains excessive aliasing"));
    // So many names of anchors as the size allows, in an order that is none; each is asked for.
    let named: String = (0..SIZE / 18).map(|n: usize| format!("&{0:06} x,*{0:06},", n.wrapping_mul(7_654_321) % 1_000_000)).collect();
    assert!(verdict(format!("a: [{named}]\n")).contains("kind not set"));
}

#[test]
fn size_alone_does_no_harm() {
    assert!(verdict(format!("a: {}", "x".repeat(SIZE))).contains("kind not set"));
    assert!(verdict(format!("a: \"{}", "x".repeat(SIZE))).contains("found unexpected end of stream"));
    assert!(verdict("\t".repeat(SIZE)).contains("found character that cannot start any token"));
    assert!(verdict("# x\n".repeat(SIZE / 4)).contains("no objects passed to create"));
    let keys: String = (0..100_000).map(|i| format!("k{i}: v\n")).collect();
    assert!(verdict(keys).contains("kind not set"));
    // The smallest of all floats takes the most to read.
    let floats = "5e-324,".repeat(SIZE / 7);
    assert!(verdict(format!("a: [{floats}]\n")).contains("kind not set"));
}

#[test]
fn many_findings_do_no_harm() {
    // Of kinds that kubectl itself looks into, and of lists whose items no server knows.
    let fields: String = (0..100_000).map(|i| format!("k{i}: v\n")).collect();
    assert!(verdict(format!("apiVersion: v1\nkind: Binding\nmetadata: {{name: a}}\n{fields}")).contains("unknown field \"k99999\""));
    let items: String = (0..30_000).map(|i| format!("- {{apiVersion: v1, kind: A{i}}}\n")).collect();
    let list = format!("apiVersion: v1\nkind: List\nitems:\n{items}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: A_}}\n");
    assert!(verdict(list).contains("no matches for kind \"A29999\""));
    let tolerations = "{key: a, operator: Exists}, ".repeat(9_000);
    let class =
        format!("apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {{name: a}}\nhandler: a\nscheduling: {{tolerations: [{tolerations}]}}\n");
    assert!(verdict(class).contains("Duplicate value"));
}
