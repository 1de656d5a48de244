//! What a link holds as one text, and back. Sections begin with a control character; whatever stands inside is escaped.

use super::{LinkError, Moment, Shared};
use crate::api::SimTime;
use crate::cluster::network;
use crate::cluster::runtime::{CustomImage, Fault};
use crate::cluster::{Config, NodeConfig};
use crate::session::{Input, Timed};

const ESCAPE: char = '\u{1}';
/// The name of the manifest that follows, where it is not the usual one.
const NAME: char = '\u{2}';
const MANIFEST: char = '\u{3}';
const LESSON: char = '\u{4}';
const MOMENT: char = '\u{5}';
const INPUT: char = '\u{6}';
/// Between the parts of an input.
const PART: char = '\u{7}';

const USUAL_NAME: &str = "pod.yaml";

// What a link may ask for.
const MOST_MANIFESTS: usize = 8;
const MOST_NODES: usize = 8;
const MOST_INPUTS: usize = 500;
const LONGEST_RUN: SimTime = SimTime(6 * 3_600_000);
const MOST_NAME: usize = 120;

pub fn write(shared: &Shared) -> Result<Vec<u8>, LinkError> {
    let mut out = String::new();
    if shared.manifests.len() > MOST_MANIFESTS {
        return Err(LinkError::TooMuch);
    }
    for (index, (name, text)) in shared.manifests.iter().enumerate() {
        if name != USUAL_NAME {
            out.push(NAME);
            escape(name, &mut out);
        }
        let alone = shared.manifests.len() == 1 && shared.lesson.is_none() && shared.moment.is_none();
        if index > 0 || name != USUAL_NAME || text.is_empty() && !alone {
            out.push(MANIFEST);
        }
        escape(text, &mut out);
    }
    if let Some((id, step)) = &shared.lesson {
        out.push(LESSON);
        escape(&format!("{id}/{step}"), &mut out);
    }
    if let Some(moment) = &shared.moment {
        write_moment(moment, shared, &mut out)?;
    }
    Ok(out.into_bytes())
}

fn write_moment(moment: &Moment, shared: &Shared, out: &mut String) -> Result<(), LinkError> {
    if moment.journal.len() > MOST_INPUTS || moment.config.nodes.len() > MOST_NODES || moment.at > LONGEST_RUN {
        return Err(LinkError::TooMuch);
    }
    out.push(MOMENT);
    out.push_str(&format!("{} {} {}", moment.config.seed, moment.config.nodes.len(), moment.at.0));
    if moment.config.nodes != Config::nodes(moment.config.nodes.len()).nodes {
        for node in &moment.config.nodes {
            out.push(PART);
            escape(&format!("{} {} {} {}", node.name, node.cpu_milli, node.memory_bytes, node.pods), out);
        }
    }
    let mut before = SimTime::ZERO;
    for Timed { at, input } in &moment.journal {
        let parts = parts_of(input, shared);
        out.push(INPUT);
        out.push_str(&format!("{} ", at.since(before)));
        out.push(parts.0);
        for (index, part) in parts.1.iter().enumerate() {
            if index > 0 {
                out.push(PART);
            }
            escape(part, out);
        }
        before = *at;
    }
    Ok(())
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if c < '\u{8}' {
            // Shifted to where no control character of ours is.
            out.extend([ESCAPE, char::from(c as u8 + b'0')]);
        } else {
            out.push(c);
        }
    }
}

fn unescape(text: &str) -> Result<String, LinkError> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == ESCAPE {
            let code = chars.next().filter(|c| ('0'..'8').contains(c)).ok_or(LinkError::Broken)?;
            out.push(char::from(code as u8 - b'0'));
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

/// A letter for the kind of input, and its parts. A text that is one of the link's manifests is only named.
fn parts_of(input: &Input, shared: &Shared) -> (char, Vec<String>) {
    let same = |name: &String, text: &String| shared.manifests.iter().position(|(n, t)| n == name && t == text);
    match input {
        Input::Apply { file, text } => match same(file, text) {
            Some(index) => ('a', vec![index.to_string()]),
            None => ('A', vec![file.clone(), text.clone()]),
        },
        Input::File { name, text } => match same(name, text) {
            Some(index) => ('f', vec![index.to_string()]),
            None => ('F', vec![name.clone(), text.clone()]),
        },
        Input::Delete { kind, namespace, name, grace_seconds } => {
            ('d', vec![kind.clone(), namespace.clone(), name.clone(), grace_seconds.map(|g| g.to_string()).unwrap_or_default()])
        }
        Input::Command(line) => ('c', vec![line.clone()]),
        Input::Keys(text) => ('k', vec![text.clone()]),
        Input::Interrupt => ('i', vec![]),
        Input::Fault { namespace, pod, container, fault } => {
            let (name, argument) = fault_parts(fault);
            ('b', vec![namespace.clone(), pod.clone(), container.clone(), name.to_string(), argument])
        }
        Input::NetworkFault { on, fault } => {
            let how = match fault {
                None => String::new(),
                Some(network::Fault::Drop) => "drop".into(),
                Some(network::Fault::Delay(ms)) => ms.to_string(),
            };
            ('n', vec![on.clone(), how])
        }
        Input::Request { namespace, pod, container, url } => ('r', vec![namespace.clone(), pod.clone(), container.clone(), url.clone()]),
        Input::NodeFile { node, path, text: Some(text) } => ('w', vec![node.clone(), path.clone(), text.clone()]),
        Input::NodeFile { node, path, text: None } => ('x', vec![node.clone(), path.clone()]),
        Input::StopApiServer(stopped) => ('s', vec![u8::from(*stopped).to_string()]),
        Input::StopKubelet { node, stopped } => ('q', vec![node.clone(), u8::from(*stopped).to_string()]),
        Input::DescribeImage(image) => (
            'm',
            vec![
                image.name.clone(),
                image.listens_on.map(|p| p.to_string()).unwrap_or_default(),
                image.exits_after_ms.map(|t| t.to_string()).unwrap_or_default(),
                image.exit_code.to_string(),
            ],
        ),
    }
}

pub fn read(text: &[u8]) -> Result<Shared, LinkError> {
    let text = std::str::from_utf8(text).map_err(|_| LinkError::Broken)?;
    let mut shared = Shared::default();
    let mut name = None;
    let mut rest = text;
    // What stands before the first control character is the first manifest.
    let mut sign = MANIFEST;
    let mut first = !text.is_empty();
    loop {
        let end = rest.find([NAME, MANIFEST, LESSON, MOMENT, INPUT]).unwrap_or(rest.len());
        let (body, after) = rest.split_at(end);
        if !(first && body.is_empty()) {
            section(sign, body, &mut name, &mut shared)?;
        }
        first = false;
        let Some(next) = after.chars().next() else { break };
        sign = next;
        rest = &after[1..];
    }
    if shared.manifests.is_empty() && shared.lesson.is_none() && shared.moment.is_none() {
        return Err(LinkError::Broken);
    }
    Ok(shared)
}

fn section(sign: char, body: &str, name: &mut Option<String>, shared: &mut Shared) -> Result<(), LinkError> {
    match sign {
        NAME => {
            let given = unescape(body)?;
            if given.is_empty() || given.len() > MOST_NAME || given.contains(['/', '\n']) {
                return Err(LinkError::Broken);
            }
            *name = Some(given);
        }
        MANIFEST => {
            if shared.manifests.len() == MOST_MANIFESTS {
                return Err(LinkError::TooMuch);
            }
            shared.manifests.push((name.take().unwrap_or_else(|| USUAL_NAME.to_owned()), unescape(body)?));
        }
        LESSON => {
            let body = unescape(body)?;
            let (id, step) = body.split_once('/').ok_or(LinkError::Broken)?;
            let known = id.len() <= MOST_NAME && !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !known {
                return Err(LinkError::Broken);
            }
            shared.lesson = Some((id.to_owned(), number(step)?));
        }
        MOMENT => {
            if shared.moment.is_some() {
                return Err(LinkError::Broken);
            }
            shared.moment = Some(read_moment(body)?);
        }
        INPUT => {
            let timed = read_input(body, shared)?;
            let moment = shared.moment.as_mut().ok_or(LinkError::Broken)?;
            let before = moment.journal.last().map_or(SimTime::ZERO, |t| t.at);
            let at = SimTime(before.0.checked_add(timed.at.0).ok_or(LinkError::TooMuch)?);
            if moment.journal.len() == MOST_INPUTS || at > LONGEST_RUN {
                return Err(LinkError::TooMuch);
            }
            moment.journal.push(Timed { at, input: timed.input });
        }
        _ => return Err(LinkError::Broken),
    }
    Ok(())
}

fn read_moment(body: &str) -> Result<Moment, LinkError> {
    let mut parts = body.split(PART);
    let mut head = parts.next().unwrap_or_default().splitn(3, ' ');
    let mut field = || head.next().ok_or(LinkError::Broken);
    let (seed, count, at): (u64, usize, u64) = (number(field()?)?, number(field()?)?, number(field()?)?);
    if count == 0 || count > MOST_NODES || SimTime(at) > LONGEST_RUN {
        return Err(LinkError::TooMuch);
    }
    let mut nodes = Vec::new();
    for part in parts {
        let part = unescape(part)?;
        let mut words = part.split(' ');
        let mut word = || words.next().ok_or(LinkError::Broken);
        let node = NodeConfig { name: word()?.to_owned(), cpu_milli: number(word()?)?, memory_bytes: number(word()?)?, pods: number(word()?)? };
        let sound = (1..=1_000_000).contains(&node.cpu_milli) && (1..=1 << 42).contains(&node.memory_bytes) && (0..=500).contains(&node.pods);
        if !sound || node.name.len() > MOST_NAME || nodes.len() == MOST_NODES {
            return Err(LinkError::TooMuch);
        }
        nodes.push(node);
    }
    if nodes.is_empty() {
        nodes = Config::nodes(count).nodes;
    } else if nodes.len() != count {
        return Err(LinkError::Broken);
    }
    Ok(Moment { config: Config { seed, nodes }, journal: Vec::new(), at: SimTime(at) })
}

/// An input with the milliseconds since the one before.
fn read_input(body: &str, shared: &Shared) -> Result<Timed, LinkError> {
    let (after, rest) = body.split_once(' ').ok_or(LinkError::Broken)?;
    let kind = rest.chars().next().ok_or(LinkError::Broken)?;
    let rest = &rest[kind.len_utf8()..];
    let parts = rest.split(PART).map(unescape).collect::<Result<Vec<_>, _>>()?;
    let mut parts = parts.into_iter();
    let mut part = || parts.next().ok_or(LinkError::Broken);
    let manifest =
        |index: String| -> Result<(String, String), LinkError> { shared.manifests.get(number::<usize>(&index)?).cloned().ok_or(LinkError::Broken) };
    let input = match kind {
        'a' => manifest(part()?).map(|(file, text)| Input::Apply { file, text })?,
        'A' => Input::Apply { file: part()?, text: part()? },
        'f' => manifest(part()?).map(|(name, text)| Input::File { name, text })?,
        'F' => Input::File { name: part()?, text: part()? },
        'd' => Input::Delete { kind: part()?, namespace: part()?, name: part()?, grace_seconds: optional(&part()?)? },
        'c' => Input::Command(part()?),
        'k' => Input::Keys(part()?),
        'i' => Input::Interrupt,
        'b' => {
            let (namespace, pod, container) = (part()?, part()?, part()?);
            let fault = read_fault(&part()?, &part()?)?;
            Input::Fault { namespace, pod, container, fault }
        }
        'n' => {
            let on = part()?;
            let fault = match part()?.as_str() {
                "" => None,
                "drop" => Some(network::Fault::Drop),
                ms => Some(network::Fault::Delay(number(ms)?)),
            };
            Input::NetworkFault { on, fault }
        }
        'r' => Input::Request { namespace: part()?, pod: part()?, container: part()?, url: part()? },
        'w' => Input::NodeFile { node: part()?, path: part()?, text: Some(part()?) },
        'x' => Input::NodeFile { node: part()?, path: part()?, text: None },
        's' => Input::StopApiServer(part()? == "1"),
        'q' => Input::StopKubelet { node: part()?, stopped: part()? == "1" },
        'm' => Input::DescribeImage(CustomImage {
            name: part()?,
            listens_on: optional(&part()?)?,
            exits_after_ms: optional(&part()?)?,
            exit_code: number(&part()?)?,
        }),
        _ => return Err(LinkError::Broken),
    };
    Ok(Timed { at: SimTime(number(after)?), input })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, LinkError> {
    text.parse().map_err(|_| LinkError::Broken)
}

fn optional<T: std::str::FromStr>(text: &str) -> Result<Option<T>, LinkError> {
    if text.is_empty() { Ok(None) } else { number(text).map(Some) }
}

fn fault_parts(fault: &Fault) -> (char, String) {
    match fault {
        Fault::Exit(code) => ('e', code.to_string()),
        Fault::Hang => ('h', String::new()),
        Fault::Unhang => ('u', String::new()),
        Fault::AnswerWith(status) => ('s', status.to_string()),
        Fault::UseMemory(bytes) => ('m', bytes.to_string()),
        Fault::UseCpu(milli) => ('c', milli.to_string()),
    }
}

fn read_fault(name: &str, argument: &str) -> Result<Fault, LinkError> {
    Ok(match name {
        "e" => Fault::Exit(number(argument)?),
        "h" => Fault::Hang,
        "u" => Fault::Unhang,
        "s" => Fault::AnswerWith(number(argument)?),
        "m" => Fault::UseMemory(number(argument)?),
        "c" => Fault::UseCpu(number(argument)?),
        _ => return Err(LinkError::Broken),
    })
}
