//! `awk`: rules, fields, variables, arrays, sums, texts, `if`, `while`, `for`, `print` and `printf`. Left out: functions of one's own, `getline`,
//! pipes, and what needs logarithms and angles.

mod parser;
mod run;
mod tree;
mod value;

use super::{Call, Options, unescape};
use run::Runner;
use tree::When;
use value::Value;

/// The program among the words of a call, and behind how many words the files stand.
fn program(options: &Options) -> Option<(String, usize)> {
    let given: Vec<&str> = options.values('e').collect();
    if given.is_empty() { options.words.first().map(|text| (text.clone(), 1)) } else { Some((given.join("\n"), 0)) }
}

/// Whether each line that it reads stands for itself.
pub(super) fn goes_by_line(options: &Options) -> bool {
    let Some((text, _)) = program(options).filter(|_| !options.has('f')) else { return false };
    let bare = ["==", "!=", "<=", ">="].iter().fold(text.clone(), |text, sign| text.replace(sign, ""));
    let counts = ["=", "++", "--", "BEGIN", "END", "NR", "FILENAME", "sub(", "split(", "match(", "exit", "/,"].iter().any(|sign| bare.contains(sign));
    !counts && parser::read(&text).is_ok()
}

/// Whether it reads at all: not where it only begins.
pub(super) fn reads(options: &Options) -> bool {
    let Some((text, _)) = program(options).filter(|_| !options.has('f')) else { return true };
    parser::read(&text).is_ok_and(|rules| rules.iter().any(|rule| !matches!(rule.when, When::Begin)))
}

pub(super) fn awk(call: &mut Call) -> i32 {
    let mut text = None;
    for file in call.options.values('f').map(str::to_owned).collect::<Vec<_>>() {
        match call.open(&file) {
            Ok(more) => text = Some((text.map_or(String::new(), |(before, _): (String, usize)| before + "\n") + &more, 0)),
            Err(code) => return code,
        }
    }
    let Some((text, behind)) = text.or_else(|| program(&call.options)) else { return call.usage() };
    let rules = match parser::read(&text) {
        Ok(rules) => rules,
        Err(message) => return call.fail(&format!("cmd. line:1: {message}"), 1),
    };
    let mut runner = Runner::new(call);
    for setting in runner.call.options.values('v').map(str::to_owned).collect::<Vec<_>>() {
        let (name, value) = setting.split_once('=').unwrap_or((&setting, ""));
        runner.set(name, Value::read(&unescape(value)));
    }
    if let Some(separator) = runner.call.options.value('F').map(unescape) {
        runner.set("FS", Value::Text(if separator == "t" { "\t".into() } else { separator }));
    }
    runner.all(&rules, behind)
}
