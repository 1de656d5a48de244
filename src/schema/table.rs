//! The packed table of fields → structs, once, when the first is asked for.
//!
//! A download is paid for by the byte: as text the table weighs a third of what it does as linked structs. `generate.rs` writes it; a line
//! that begins with `=` opens a struct, the others are its fields, their parts stand between tabs.

use std::sync::OnceLock;

use super::{Field, KindRow, Shape, Type};

include!(concat!(env!("OUT_DIR"), "/schema.rs"));

static PACKED: &str = include_str!(concat!(env!("OUT_DIR"), "/schema.txt"));

pub(super) fn types() -> &'static [Type] {
    static TYPES: OnceLock<Vec<Type>> = OnceLock::new();
    TYPES.get_or_init(read)
}

pub(super) static KIND_ROWS: &[KindRow] = KINDS;

fn read() -> Vec<Type> {
    // Descriptions are numbered as they come.
    let mut docs = 0..;
    let mut doc = || docs.next().unwrap_or_default();
    let blocks = PACKED.split('=').filter(|block| !block.is_empty());
    let read_block = |block: &'static str| {
        let mut lines = block.lines();
        let mut head = lines.next().unwrap_or_default().split('\t');
        let mut part = || head.next().unwrap_or_default();
        let (prefix, name) = (part().parse().ok().and_then(|at: usize| PREFIXES.get(at)).copied().unwrap_or_default(), part());
        let own = doc();
        let fields = lines.map(|line| field(line, doc())).collect::<Vec<_>>().leak();
        Type {
            name,
            package: prefix.rsplit('.').next().unwrap_or_default(),
            id: Box::leak(format!("{prefix}.{name}").into_boxed_str()),
            doc: own,
            fields,
            letters: letters(fields),
            demanded: places(fields, |field| field.always || field.required).collect::<Vec<_>>().leak(),
        }
    };
    blocks.map(read_block).collect()
}

/// The places of the fields of which something holds. No struct has more than 255.
fn places(fields: &[Field], holds: impl Fn(&Field) -> bool) -> impl Iterator<Item = u8> {
    (0..).zip(fields).filter(move |(_, field)| holds(field)).map(|(place, _)| place)
}

fn letters(fields: &[Field]) -> [u8; 27] {
    let mut begins = [0; 27];
    for field in fields {
        let letter = usize::from(field.name.as_bytes().first().map_or(0, |first| first.saturating_sub(b'a').min(25)));
        begins[letter + 1..].iter_mut().for_each(|begin| *begin += 1);
    }
    begins
}

fn field(line: &'static str, doc: u16) -> Field {
    let mut parts = line.split('\t');
    let name = parts.next().unwrap_or_default();
    let shape = shape(parts.next().unwrap_or_default());
    let mut field = Field { name, shape, required: false, embedded: "", go: "", values: &[], merge: "", pointer: false, always: false, doc };
    for part in parts {
        let (mark, rest) = part.split_at(1);
        match mark {
            "r" => field.required = true,
            "p" => field.pointer = true,
            "a" => field.always = true,
            "e" => field.embedded = rest,
            "g" => field.go = rest,
            "v" => field.values = rest.split(',').collect::<Vec<_>>().leak(),
            _ => field.merge = rest,
        }
    }
    field
}

fn shape(code: &'static str) -> Shape {
    let (mark, rest) = code.split_at(code.len().min(1));
    match mark {
        "s" => Shape::String,
        "b" => Shape::Bool,
        "i" => Shape::Int32,
        "l" => Shape::Int64,
        "f" => Shape::Float,
        "y" => Shape::Bytes,
        "t" => Shape::Time,
        "u" => Shape::MicroTime,
        "q" => Shape::Quantity,
        "n" => Shape::IntOrString,
        "o" => rest.parse().map_or(Shape::Any, Shape::Object),
        "[" => Shape::List(Box::leak(Box::new(shape(rest)))),
        "{" => Shape::Map(Box::leak(Box::new(shape(rest)))),
        _ => Shape::Any,
    }
}
