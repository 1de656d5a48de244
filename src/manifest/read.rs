//! kubectl's half of reading: a file's text → the objects to send, in order, and the error that stopped it.
//!
//! Models `k8s.io/apimachinery/pkg/util/yaml/{decoder,stream_reader}.go`: JSON where the text begins with `{`, YAML where it does not or
//! where that JSON is broken; YAML is cut into documents by lines, so that line numbers in messages count from a document's begin.

use super::{Document, Root};
use crate::text::Span;
use crate::yaml::{self, read_json};

/// What could be read of a text.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    pub documents: Vec<Document>,
    /// Why reading stopped before the end.
    pub error: Option<ReadError>,
    /// How many parts between separators were YAML, those that hold nothing too.
    parts: usize,
}

/// kubectl cannot read on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Without kubectl's `error parsing pod.yaml: `.
    pub message: String,
    pub span: Span,
    pub cause: ReadCause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadCause {
    /// With the scanner's or parser's own words; empty for an error of meaning (anchors, merges, tags).
    Yaml(&'static str),
    Json,
    Separator,
    UnsupportedNumber,
}

/// Reads what kubectl would send of a text. Its byte order mark, if it has one, is skipped.
pub fn read_stream(text: &str) -> Stream {
    let mut stream = Stream::default();
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let result = if text[start..].trim_start().starts_with('{') {
        read_json_stream(text, start, &mut stream)
    } else {
        read_yaml_stream(text, start, &mut stream)
    };
    stream.error = result.err();
    stream
}

fn read_json_stream(text: &str, start: usize, stream: &mut Stream) -> Result<(), ReadError> {
    let mut at = start;
    loop {
        match read_json(text, at) {
            Ok(None) => return Ok(()),
            Ok(Some((root, after))) => {
                at = after;
                stream.push(root);
            }
            Err(error) => {
                let count = stream.documents.len();
                // After one object at most, what comes may still be YAML.
                if let Some(begin) = past_blanks(text, at).filter(|_| count <= 1) {
                    let mut rest = Stream::default();
                    let retried = read_yaml_stream(text, begin, &mut rest);
                    if retried.is_ok() || rest.parts > 0 {
                        stream.documents.append(&mut rest.documents);
                        return retried;
                    }
                }
                let end_of_text = error.message == "unexpected EOF";
                let message =
                    if end_of_text || count > 1 { error.message } else { format!("json: offset {}: {}", error.at - start + 1, error.message) };
                let place = error.at.min(text.len());
                let len = text[place..].chars().next().map_or(0, char::len_utf8);
                return Err(ReadError { message, span: Span::new(place, place + len), cause: ReadCause::Json });
            }
        }
    }
}

/// Where YAML may begin behind JSON: past the blanks up to the first line's end. At each of them the decoder looks at four bytes, and gives
/// up where there are fewer (`consumeWhitespace`).
fn past_blanks(text: &str, mut at: usize) -> Option<usize> {
    loop {
        let next = text[at..].chars().next().filter(|_| text.len() - at >= 4)?;
        if !next.is_whitespace() {
            return Some(at);
        }
        at += next.len_utf8();
        if next == '\n' {
            return Some(at);
        }
    }
}

fn read_yaml_stream(text: &str, start: usize, stream: &mut Stream) -> Result<(), ReadError> {
    // A text that is read to its end as one document has no separators.
    if read_plain(text, start, text.len(), stream) {
        return Ok(());
    }
    let mut begin = start;
    let mut at = start;
    let has_separators = text[start..].contains("---");
    while has_separators && at < text.len() {
        let line_end = text.as_bytes()[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |i| at + i + 1);
        if text.as_bytes()[at..line_end].starts_with(b"---") {
            let rest = text[at + 3..line_end].trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let from = at + 3 + text[at + 3..line_end].len() - text[at + 3..line_end].trim_start().len();
                return Err(ReadError {
                    message: format!("invalid Yaml document separator: {rest}"),
                    span: Span::new(from, from + rest.len()),
                    cause: ReadCause::Separator,
                });
            }
            // A separator with nothing before it belongs to the document that it opens.
            if at > begin {
                if !read_plain(text, begin, at, stream) {
                    read_chunk(text, begin, at, stream)?;
                }
                begin = line_end;
            }
        }
        at = line_end;
    }
    // The whole text was tried above.
    let is_read = begin == text.len() || begin > start && read_plain(text, begin, text.len(), stream);
    if is_read { Ok(()) } else { read_chunk(text, begin, text.len(), stream) }
}

fn read_chunk(text: &str, begin: usize, end: usize, stream: &mut Stream) -> Result<(), ReadError> {
    let chunk = &text[begin..end];
    let span = Span::new(begin, end);
    match parse_chunk(chunk, begin) {
        Ok(None) => {
            stream.parts += 1;
            Ok(())
        }
        Ok(Some(root)) => {
            if let Some((span, number)) = root.unsupported_number() {
                return Err(ReadError {
                    message: format!("error converting YAML to JSON: json: unsupported value: {number}"),
                    span,
                    cause: ReadCause::UnsupportedNumber,
                });
            }
            stream.parts += 1;
            stream.push_chunk(root, span);
            Ok(())
        }
        Err(error) => Err(ReadError {
            message: format!("error converting YAML to JSON: {}", error.message),
            span: Span::new(error.span.start.min(text.len()), error.span.end.min(text.len())),
            cause: ReadCause::Yaml(error.problem),
        }),
    }
}

/// Reads a document of plain lines; says whether it is one.
fn read_plain(text: &str, begin: usize, end: usize, stream: &mut Stream) -> bool {
    let chunk = &text[begin..end];
    // The page always asks for places too, so that reading twice would be slower there.
    let read = if cfg!(target_arch = "wasm32") { None } else { yaml::lines::read(chunk) };
    let Some((value, outline)) = read else { return false };
    stream.parts += 1;
    stream.documents.push(Document { value, root: Root::plain(chunk, begin, outline), span: Span::new(begin, end) });
    true
}

/// The tree of the YAML that begins at this byte of the whole text.
fn parse_chunk(chunk: &str, begin: usize) -> Result<Option<yaml::Node>, yaml::Error> {
    if chunk.ends_with('\n') {
        return yaml::parse(chunk, begin);
    }
    // kubectl's line reader ends every line.
    let mut root = yaml::parse(&format!("{chunk}\n"), begin)?;
    // A block scalar at the very end takes in the line's end, which the text itself does not have.
    if let Some(root) = &mut root {
        root.clip(begin + chunk.len());
    }
    Ok(root)
}

impl Stream {
    fn push(&mut self, root: yaml::Node) {
        let span = root.span;
        self.push_chunk(root, span);
    }

    /// Empty documents are no objects.
    fn push_chunk(&mut self, root: yaml::Node, span: Span) {
        if !root.is_null() {
            self.documents.push(Document { value: root.to_value(), root: root.into(), span });
        }
    }
}

/// A file's bytes → text, as kubectl's reader makes it: UTF-16 by its byte order mark, else UTF-8 with U+FFFD for every byte that is none.
pub fn decode_bytes(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => str::from_utf8(bytes).map_or_else(|_| with_replacements(bytes), str::to_owned),
    }
}

fn with_replacements(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(std::iter::repeat_n('\u{fffd}', chunk.invalid().len()));
    }
    out
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}
