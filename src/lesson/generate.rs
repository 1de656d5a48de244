//! Build-time: `lessons/*/` → one JSON of all lessons in `OUT_DIR`, Markdown already turned into HTML.
//!
//! `lessons/chapters.yaml` names the chapters and the lessons in them, in their order. A lesson is a folder: `lesson.yaml` (structure), manifests (`*.yaml`), and one text per language (`en.md`, `ko.md`). A text begins with
//! `# Title` and a paragraph that sums the lesson up; `## step-id | Title` begins a step, and `### name` its parts: `goal 1`, `hint 1`, `predict`,
//! `choice a` (first paragraph: the choice, the rest: the reply), `right`, `wrong`, `unit`, `after`, `figure`, `quiz`, `quiz a`. What is missing fails the build.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

const LANGUAGES: [&str; 2] = ["en", "ko"];

pub fn generate(out: &Path) {
    println!("cargo:rerun-if-changed=src/lesson/generate.rs");
    println!("cargo:rerun-if-changed=lessons");
    let file = Path::new("lessons/chapters.yaml");
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let plan: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut named = Vec::new();
    let chapters = list(&plan).iter().map(|chapter| {
        let lessons = list(&chapter["lessons"]).iter().map(|id| {
            let folder = Path::new("lessons").join(id.as_str().expect("a chapter's lessons are folders' names"));
            let lesson = lesson(&folder);
            named.push(folder);
            lesson
        });
        json!({"title": {"en": chapter["en"], "ko": chapter["ko"]}, "lessons": lessons.collect::<Vec<_>>()})
    });
    let chapters: Vec<Value> = chapters.collect();
    let folders = fs::read_dir("lessons").map(|entries| entries.flatten().map(|e| e.path()).filter(|path| path.is_dir())).into_iter().flatten();
    let forgotten: Vec<PathBuf> = folders.filter(|folder| !named.contains(folder)).collect();
    assert!(forgotten.is_empty(), "{}: {forgotten:?} are in no chapter", file.display());
    fs::write(out.join("lessons.json"), Value::from(chapters).to_string()).expect("OUT_DIR is writable");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A lesson's texts in one language.
struct Prose {
    title: String,
    summary: String,
    steps: BTreeMap<String, ProseStep>,
    file: PathBuf,
}

#[derive(Default)]
struct ProseStep {
    title: String,
    /// Part's name → Markdown; the body's name is empty.
    parts: BTreeMap<String, String>,
}

fn lesson(folder: &Path) -> Value {
    let id = folder.file_name().expect("a folder below lessons/ has a name").to_string_lossy().into_owned();
    let file = folder.join("lesson.yaml");
    let text = fs::read_to_string(&file).expect("checked above");
    let plan: Value = serde_yaml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let prose = LANGUAGES.map(|language| read_prose(&folder.join(format!("{language}.md"))));
    let plan_steps = plan["steps"].as_array().unwrap_or_else(|| panic!("{}: `steps` must be a list", file.display()));
    let steps: Vec<Value> = plan_steps.iter().map(|plan| step(folder, plan, &prose)).collect();
    for prose in &prose {
        let extra: Vec<_> = prose.steps.keys().filter(|id| !plan_steps.iter().any(|s| s["id"] == **id)).collect();
        assert!(extra.is_empty(), "{}: lesson.yaml has no steps {extra:?}", prose.file.display());
    }
    json!({
        "id": id,
        "title": {"en": prose[0].title, "ko": prose[1].title},
        "summary": {"en": prose[0].summary.trim(), "ko": prose[1].summary.trim()},
        "minutes": plan["minutes"].as_u64().unwrap_or(10),
        "steps": steps,
    })
}

fn step(folder: &Path, plan: &Value, prose: &[Prose; 2]) -> Value {
    let id = plan["id"].as_str().unwrap_or_else(|| panic!("{}: a step lacks its `id`", folder.display()));
    let of = |part: &str, html: fn(&str) -> String| -> Value {
        let texts = [0, 1].map(|i| {
            let step = prose[i].steps.get(id).unwrap_or_else(|| panic!("{}: no step `## {id} | …`", prose[i].file.display()));
            let text = step.parts.get(part).unwrap_or_else(|| panic!("{}: step {id} lacks `### {part}`", prose[i].file.display()));
            html(text)
        });
        json!({"en": texts[0], "ko": texts[1]})
    };
    let split = |part: &str, which: usize| -> Value {
        let texts = [0, 1].map(|i| {
            let step = prose[i].steps.get(id).expect("looked up before");
            let text = step.parts.get(part).unwrap_or_else(|| panic!("{}: step {id} lacks `### {part}`", prose[i].file.display()));
            let (first, rest) = text.trim().split_once("\n\n").unwrap_or((text.trim(), ""));
            if which == 0 { inline(first) } else { block(rest) }
        });
        json!({"en": texts[0], "ko": texts[1]})
    };
    let choices = |ids: &Value, prefix: &str| -> Vec<Value> {
        list(ids)
            .iter()
            .map(|choice| {
                let (id, right) = (choice["id"].as_str().expect("a choice has an id"), choice["right"].as_bool().unwrap_or(false));
                let part = format!("{prefix} {id}");
                json!({"id": id, "right": right, "text": split(&part, 0), "reply": split(&part, 1)})
            })
            .collect()
    };
    let goals = plan["goals"].as_array().unwrap_or_else(|| panic!("{}: step {id} lacks `goals`", folder.display()));
    let goals: Vec<Value> = goals.iter().enumerate().map(|(i, goal)| json!({"goal": goal, "text": of(&format!("goal {}", i + 1), inline)})).collect();
    let hints = (1..=plan["hints"].as_u64().unwrap_or(0)).map(|i| of(&format!("hint {i}"), block)).collect::<Vec<_>>();
    let mut step = json!({
        "id": id,
        "title": {"en": prose[0].steps[id].title, "ko": prose[1].steps[id].title},
        "body": of("", block),
        "after": of("after", block),
        "start": start(folder, &plan["start"]),
        "goals": goals,
        "hints": hints,
        "solution": moves(folder, &plan["solution"]),
    });
    if plan["predict"].is_object() {
        let mut predict = json!({"question": of("predict", block), "choices": choices(&plan["predict"]["choices"], "choice")});
        if plan["predict"]["number"].is_object() {
            predict["number"] = json!({"value": plan["predict"]["number"]["value"], "tolerance": plan["predict"]["number"]["tolerance"],
                "unit": of("unit", inline), "right": of("right", block), "wrong": of("wrong", block)});
        }
        step["predict"] = predict;
    }
    let figure = &plan["figure"];
    if figure.is_object() {
        step["figure"] = json!({"caption": of("figure", inline), "pod": figure["pod"], "moves": moves(folder, &figure["moves"]),
            "at": figure["at"], "until": figure["until"]});
    }
    if plan["quiz"].is_object() {
        step["quiz"] = json!({"question": of("quiz", block), "choices": choices(&plan["quiz"]["choices"], "quiz")});
    }
    step
}

/// `manifest: file.yaml` becomes the file's text.
fn start(folder: &Path, plan: &Value) -> Value {
    let mut start = plan.as_object().cloned().unwrap_or_default();
    if let Some(name) = plan["manifest"].as_str() {
        start.insert("manifest".into(), file(folder, name).into());
    }
    start.insert("moves".into(), moves(folder, &plan["moves"]));
    Value::from(start)
}

/// Moves name files; here they get the files' texts.
fn moves(folder: &Path, plan: &Value) -> Value {
    list(plan)
        .iter()
        .map(|action| {
            let (verb, what) =
                action.as_object().and_then(|m| m.iter().next()).unwrap_or_else(|| panic!("{}: {action} is no move", folder.display()));
            let mut what = what.clone();
            match verb.as_str() {
                "apply" | "edit" => what = file(folder, what.as_str().expect("apply and edit name a file")).into(),
                "writeFile" => {
                    let name = what["file"].as_str().expect("writeFile names a file").to_owned();
                    let map: &mut Map<String, Value> = what.as_object_mut().expect("writeFile is a mapping");
                    map.remove("file");
                    map.insert("text".into(), file(folder, &name).into());
                }
                _ => {}
            }
            json!({ verb: what })
        })
        .collect()
}

fn file(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read_prose(path: &Path) -> Prose {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut prose = Prose { title: String::new(), summary: String::new(), steps: BTreeMap::new(), file: path.to_owned() };
    let (mut step, mut part) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("# ") {
            prose.title = title.trim().into();
        } else if let Some(heading) = line.strip_prefix("## ") {
            let (id, title) = heading.split_once('|').unwrap_or_else(|| panic!("{}: `## id | Title`, not `{line}`", path.display()));
            step = id.trim().into();
            part.clear();
            prose.steps.entry(step.clone()).or_default().title = title.trim().into();
        } else if let Some(name) = line.strip_prefix("### ") {
            part = name.trim().into();
        } else if step.is_empty() {
            prose.summary.push_str(line);
            prose.summary.push('\n');
        } else {
            let text = prose.steps.entry(step.clone()).or_default().parts.entry(part.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    assert!(!prose.title.is_empty() && !prose.summary.trim().is_empty(), "{}: needs `# Title` and a paragraph below it", path.display());
    // The list of lessons shows both as they are.
    assert!(!(prose.title.clone() + &prose.summary).contains(['`', '*', '<']), "{}: title and summary are plain text", path.display());
    prose
}

fn block(markdown: &str) -> String {
    use pulldown_cmark::{Event, Options, Parser};
    let whole = |event| match event {
        Event::Code(code) => Event::InlineHtml(inline_code(&code).into()),
        other => other,
    };
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, Parser::new_ext(markdown.trim(), Options::ENABLE_TABLES).map(whole));
    html
}

/// A browser breaks lines behind hyphens, but a command's flag is one word.
fn inline_code(code: &str) -> String {
    let escaped = code.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let words = escaped.split(' ').map(|word| if word.starts_with('-') { format!("<span class=\"flag\">{word}</span>") } else { word.to_owned() });
    format!("<code>{}</code>", words.collect::<Vec<_>>().join(" "))
}

/// One paragraph without its `<p>`.
fn inline(markdown: &str) -> String {
    let html = block(markdown);
    html.trim().trim_start_matches("<p>").trim_end_matches("</p>").into()
}
