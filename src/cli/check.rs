//! `podlab check`: what the API server says of manifests.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use base64::Engine as _;
use podlab::api::{Refusal, Value, json};
use podlab::manifest::{self, Checked, DocumentVerdict};
use podlab::text::{Diagnostic, LineIndex, Severity};

use super::report::report;

const USAGE: &str = "\
Usage: podlab check [OPTIONS] PATH…

Says of each manifest what `kubectl create --dry-run=server` and the API server of a new cluster say.
PATH is a file, a folder (its *.yaml, *.yml and *.json, sorted by name), or - for standard input.

  --format=FORMAT  human (the default), json, sarif or github
  --json           the same as --format=json
  --batch          reads one JSON object a line from standard input ({\"id\": …, \"input\": …}) and answers each with one line

Exit code: 0 when everything is accepted, 1 when something is refused, 2 for a wrong use of this command or a file that cannot be read.
";

/// The argument that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// The plain explanations and the titles of fixes, the same that the page shows, by their codes in order.
static SENTENCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/explanations.rs"));

/// The sentence of a code, its placeholders filled in.
fn sentence(code: &str, args: &[String]) -> String {
    let sentence = SENTENCES.binary_search_by_key(&code, |(key, _)| key).map_or(code, |at| SENTENCES[at].1);
    let mut parts = sentence.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}').and_then(|(number, rest)| Some((args.get(number.parse::<usize>().ok()?)?, rest))) {
            Some((arg, rest)) => out.extend([arg, rest]),
            None => out.extend(["{", part]),
        }
    }
    out
}

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Human,
    Json,
    Sarif,
    Github,
}

pub fn main(arguments: &[String]) -> ExitCode {
    let mut format = Format::Human;
    let mut paths = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            "--batch" => return batch(),
            "--json" | "--format=json" => format = Format::Json,
            "--format=human" => format = Format::Human,
            "--format=sarif" => format = Format::Sarif,
            "--format=github" => format = Format::Github,
            option if option.starts_with('-') && option != "-" => return wrong_use(&format!("there is no option {option:?}")),
            path => paths.push(path.to_owned()),
        }
    }
    if paths.is_empty() {
        return wrong_use("no file is named");
    }
    let mut files = Vec::new();
    for path in &paths {
        match list(path) {
            Ok(mut more) => files.append(&mut more),
            Err(error) => return unreadable(path, &error),
        }
    }
    let said = tell_all(&files, format);
    if let Some((path, error)) = said.unreadable {
        return unreadable(&path.display().to_string(), &error);
    }
    let mut out = io::stdout();
    let ended = match format {
        Format::Sarif => writeln!(out, "{:#}", sarif(said.results)).and_then(|()| out.flush()),
        Format::Human | Format::Json | Format::Github => out.flush(),
    };
    if said.is_broken || ended.is_err() {
        return ExitCode::from(2);
    }
    ExitCode::from(u8::from(said.is_refused))
}

/// What is said of one file.
struct Told {
    is_refused: bool,
    text: String,
    /// Where the format is one whole for all files.
    results: Vec<Value>,
}

/// What is said of all files, printed in their order as soon as it is known.
#[derive(Default)]
struct Said {
    next: usize,
    /// What came before its turn.
    waiting: BTreeMap<usize, io::Result<Told>>,
    /// What is still to be printed.
    text: String,
    /// Somebody prints what came before that.
    is_printing: bool,
    is_refused: bool,
    results: Vec<Value>,
    /// The first file that cannot be read; what comes after it is not said.
    unreadable: Option<(PathBuf, io::Error)>,
    /// Nobody takes what is printed.
    is_broken: bool,
}

impl Said {
    fn hear(&mut self, files: &[PathBuf], index: usize, answer: io::Result<Told>) {
        self.waiting.insert(index, answer);
        while !self.is_over()
            && let Some(answer) = self.waiting.remove(&self.next)
        {
            match answer {
                Ok(mut told) => {
                    self.is_refused |= told.is_refused;
                    self.results.append(&mut told.results);
                    self.text.push_str(&told.text);
                }
                Err(error) => self.unreadable = Some((files[self.next].clone(), error)),
            }
            self.next += 1;
        }
    }

    fn is_over(&self) -> bool {
        self.is_broken || self.unreadable.is_some()
    }
}

/// Reads and checks each file, on as many threads as the machine has.
fn tell_all(files: &[PathBuf], format: Format) -> Said {
    const ROOM: usize = 64 * 1024;
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len().div_ceil(8)).max(1);
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Said::default());
    let said = || all.lock().expect("a verdict does not panic");
    // A file at a time: some take a hundred times longer than others.
    let work = || {
        let mut room = Vec::with_capacity(ROOM);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(index) else { return };
            let answer = tell(file, format, &mut room);
            let mut said = said();
            said.hear(files, index, answer);
            if said.is_over() {
                return;
            }
            if said.text.len() >= ROOM && !said.is_printing {
                print(said, &all);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    print(said(), &all);
    all.into_inner().expect("a verdict does not panic")
}

/// Prints what is to be printed. The others go on meanwhile: who reads it may be slow.
fn print<'a>(mut said: MutexGuard<'a, Said>, all: &'a Mutex<Said>) {
    let text = std::mem::take(&mut said.text);
    said.is_printing = true;
    drop(said);
    let ended = io::stdout().write_all(text.as_bytes());
    let mut said = all.lock().expect("a verdict does not panic");
    said.is_printing = false;
    said.is_broken |= ended.is_err();
}

/// `bytes`: room for those of the file, which saves asking the system how many there are.
fn tell(path: &Path, format: Format, bytes: &mut Vec<u8>) -> io::Result<Told> {
    bytes.clear();
    let name = if path == Path::new(STANDARD_INPUT) {
        io::stdin().read_to_end(bytes)?;
        "STDIN".to_owned()
    } else {
        File::open(path)?.take(u64::MAX).read_to_end(bytes)?;
        path.display().to_string()
    };
    let text = manifest::decode_bytes(bytes);
    let checked = manifest::check(&text);
    let (mut said, mut results) = (String::new(), Vec::new());
    match format {
        Format::Human => said = report(&name, &text, &checked, words, sentence),
        Format::Json => said = format!("{}\n", as_json(&name, &text, &checked)),
        Format::Github => said = github(&name, &text, &checked),
        Format::Sarif => results = sarif_results(&name, &text, &checked),
    }
    Ok(Told { is_refused: checked.exit != 0, text: said, results })
}

fn unreadable(path: &str, error: &io::Error) -> ExitCode {
    eprintln!("podlab check: {path}: {error}");
    ExitCode::from(2)
}

fn wrong_use(why: &str) -> ExitCode {
    eprint!("podlab check: {why}\n\n{USAGE}");
    ExitCode::from(2)
}

/// The files behind one argument.
fn list(path: &str) -> io::Result<Vec<PathBuf>> {
    if path == STANDARD_INPUT || !Path::new(path).is_dir() {
        return Ok(vec![path.into()]);
    }
    let mut names: Vec<PathBuf> = std::fs::read_dir(path)?.flatten().map(|entry| entry.path()).collect();
    names.retain(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json"));
    // All stand in one folder: their bytes decide, which costs less than taking paths apart.
    names.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    if names.is_empty() { Err(io::Error::other("no *.yaml, *.yml or *.json is in this folder")) } else { Ok(names) }
}

// ------------------------------------------------------------------------------------------------- formats

/// Line and column from 1, as editors show them.
fn position(index: &LineIndex, text: &str, offset: usize) -> (usize, usize) {
    let line = index.line(offset);
    let end = podlab::text::floor_boundary(text, offset);
    (line + 1, text[index.start_of(line)..end.max(index.start_of(line))].chars().count() + 1)
}

/// As all formats but one call it.
pub fn severity(diagnostic: &Diagnostic) -> &'static str {
    match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "hint",
    }
}

/// What a diagnostic says: the server's words behind the field; a hint has only its code.
fn words(diagnostic: &Diagnostic) -> String {
    match (diagnostic.message.as_str(), diagnostic.path.as_str()) {
        ("", _) => sentence(diagnostic.code, &diagnostic.args),
        (message, "") => message.to_owned(),
        (message, path) if message.contains(path) => message.to_owned(),
        (message, path) => format!("{path}: {message}"),
    }
}

fn as_json(name: &str, text: &str, checked: &Checked) -> Value {
    let index = LineIndex::new(text);
    let diagnostics: Vec<Value> = checked
        .diagnostics
        .iter()
        .map(|d| {
            let (start, end) = (position(&index, text, d.span.start), position(&index, text, d.span.end));
            let fixes: Vec<Value> = d
                .fixes
                .iter()
                .map(|f| json!({"code": f.code, "args": f.args, "edits": f.edits.iter().map(|e| json!({"start": e.span.start, "end": e.span.end, "insert": e.insert})).collect::<Vec<_>>()}))
                .collect();
            json!({"explanation": sentence(d.code, &d.args), "severity": severity(d), "start": {"offset": d.span.start, "line": start.0, "column": start.1}, "end": {"offset": d.span.end, "line": end.0, "column": end.1},
                "document": d.document, "path": d.path, "message": d.message, "code": d.code, "args": d.args, "fixes": fixes})
        })
        .collect();
    json!({"file": name, "exit": checked.exit, "stdout": checked.stdout, "stderr": checked.stderr, "documents": documents(checked), "diagnostics": diagnostics})
}

fn documents(checked: &Checked) -> Vec<Value> {
    let entry = |verdict: &DocumentVerdict| match verdict {
        DocumentVerdict::Accepted(accepted) => json!({"accepted": true, "object": accepted.object(), "warnings": accepted.warnings}),
        DocumentVerdict::Rejected(status) => {
            let Refusal { code, reason, message, causes, warnings, .. } = &**status;
            let causes: Vec<Value> = causes.iter().map(|c| json!({"field": c.field, "reason": c.reason, "message": c.message})).collect();
            json!({"accepted": false, "code": code, "reason": reason, "message": message, "causes": causes, "warnings": warnings})
        }
    };
    checked.documents.iter().map(entry).collect()
}

fn sarif_results(name: &str, text: &str, checked: &Checked) -> Vec<Value> {
    let index = LineIndex::new(text);
    let result = |d: &Diagnostic| {
        let level = if d.severity == Severity::Hint { "note" } else { severity(d) };
        let ((line, column), (end_line, end_column)) = (position(&index, text, d.span.start), position(&index, text, d.span.end));
        json!({"ruleId": d.code, "level": level, "message": {"text": words(d)}, "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": name},
            "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}}}]})
    };
    checked.diagnostics.iter().map(result).collect()
}

fn sarif(results: Vec<Value>) -> Value {
    json!({"version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "runs": [{"tool": {"driver": {"name": "podlab", "version": env!("CARGO_PKG_VERSION")}}, "results": results}]})
}

fn github(name: &str, text: &str, checked: &Checked) -> String {
    let index = LineIndex::new(text);
    let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let mut out = String::new();
    for d in &checked.diagnostics {
        let level = if d.severity == Severity::Hint { "notice" } else { severity(d) };
        let (line, column) = position(&index, text, d.span.start);
        out.push_str(&format!(
            "::{level} file={},line={line},col={column}::{}\n",
            escape(name).replace(',', "%2C").replace(':', "%3A"),
            escape(&words(d))
        ));
    }
    out
}

// --------------------------------------------------------------------------------------------------- batch

/// One answer for each line, whatever the line is.
fn batch() -> ExitCode {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return ExitCode::from(2) };
        if line.trim().is_empty() {
            continue;
        }
        let answer = answer(&line);
        if writeln!(out, "{answer}").and_then(|()| out.flush()).is_err() {
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn answer(line: &str) -> Value {
    let Some(case) = podlab::yaml::json_value(line) else { return json!({"id": null, "error": "no JSON"}) };
    let text = match (case["input"].as_str(), case["input_base64"].as_str()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(packed)) => match base64::engine::general_purpose::STANDARD.decode(packed) {
            Ok(bytes) => manifest::decode_bytes(&bytes),
            Err(error) => return json!({"id": case["id"], "error": error.to_string()}),
        },
        (None, None) => return json!({"id": case["id"], "error": "neither input nor input_base64"}),
    };
    let checked = manifest::check(&text);
    json!({"id": case["id"], "exit": checked.exit, "stdout": checked.stdout, "stderr": checked.stderr, "documents": documents(&checked)})
}
