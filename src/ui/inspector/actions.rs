//! What can be done to a shape: buttons, and small forms where something has to be said first.

use podlab::cluster::network;
use podlab::cluster::runtime::{CustomImage, Fault};
use podlab::session::Input;
use podlab::view::inspector::Action;
use web_sys::{HtmlInputElement, HtmlTextAreaElement};
use yew::prelude::*;

use crate::ui::intent::Intent;
use crate::ui::locales::{self as words, Language, Word};

#[derive(Properties, PartialEq)]
pub struct ActionsProps {
    pub actions: Vec<Action>,
    pub language: Language,
    pub on: Callback<Intent>,
}

#[function_component(Actions)]
pub fn actions(props: &ActionsProps) -> Html {
    let ActionsProps { actions, language, on } = props;
    let language = *language;
    let (mut buttons, mut forms) = (Vec::new(), Vec::new());
    for action in actions {
        match action.clone() {
            Action::OpenShell { namespace, pod, container } => {
                buttons.push(button(language, on, words::INS_OPEN_SHELL, "act is-main", Intent::OpenShell { namespace, pod, container }));
            }
            Action::Run { command } => {
                let onclick = on.reform({
                    let command = command.clone();
                    move |_: MouseEvent| Intent::Run(command.clone())
                });
                buttons.push(html! { <button type="button" class="act" {onclick} title={command.clone()}>{ short(&command) }</button> });
            }
            Action::DeletePod { namespace, pod } => {
                let input = Input::Delete { kind: "pod".into(), namespace, name: pod, grace_seconds: None };
                buttons.push(button(language, on, words::INS_DELETE_POD, "act is-breaking", Intent::Do(input)));
            }
            Action::StopKubelet { node, stopped } => {
                let (word, class) = if stopped { (words::INS_STOP_KUBELET, "act is-breaking") } else { (words::INS_START_KUBELET, "act is-main") };
                buttons.push(button(language, on, word, class, Intent::Do(Input::StopKubelet { node, stopped })));
            }
            Action::StopApiServer { stopped } => {
                let (word, class) = if stopped { (words::INS_STOP_API, "act is-breaking") } else { (words::INS_START_API, "act is-main") };
                buttons.push(button(language, on, word, class, Intent::Do(Input::StopApiServer(stopped))));
            }
            Action::RemoveFile { node, path } => {
                let input = Input::NodeFile { node, path, text: None };
                buttons.push(button(language, on, words::INS_REMOVE_FILE, "act is-breaking", Intent::Do(input)));
            }
            Action::Break { namespace, pod, container } => forms.push(break_it(language, on, &namespace, &pod, &container)),
            Action::Network { on: whom, now } => forms.push(network(language, on, &whom, now)),
            Action::Request { namespace, pod, container, url } => {
                forms.push(html! { <RequestForm {namespace} {pod} {container} {url} {language} on={on.clone()}/> });
            }
            Action::DescribeImage { image } => forms.insert(0, html! { <ImageForm {image} {language} on={on.clone()}/> }),
            Action::EditFile { node, path, text } => forms.push(html! { <FileForm {node} {path} {text} {language} on={on.clone()}/> }),
        }
    }
    html! {
        <>
            <div class="acts">{ for buttons }</div>
            { for forms }
        </>
    }
}

fn button(language: Language, on: &Callback<Intent>, word: Word, class: &'static str, intent: Intent) -> Html {
    let onclick = on.reform(move |_: MouseEvent| intent.clone());
    html! { <button type="button" {class} {onclick}>{ language.say(word) }</button> }
}

/// `kubectl logs web -c app --previous` → `logs --previous`: verb and flags without what is selected anyway.
fn short(command: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let verb = words.get(1).copied().unwrap_or(command);
    let yaml = if words.contains(&"yaml") { " -o yaml" } else { "" };
    let previous = if words.contains(&"--previous") { " --previous" } else { "" };
    format!("{verb}{yaml}{previous}")
}

/// Faults, each one click away.
fn break_it(language: Language, on: &Callback<Intent>, namespace: &str, pod: &str, container: &str) -> Html {
    const MEMORY_BYTES: i64 = 256 * 1024 * 1024;
    let fault = |word: Word, fault: Fault| {
        let class = if fault == Fault::Unhang { "act" } else { "act is-breaking" };
        let input = Input::Fault { namespace: namespace.into(), pod: pod.into(), container: container.into(), fault };
        button(language, on, word, class, Intent::Do(input))
    };
    html! {
        <>
            <h4>{ language.say(words::INS_BREAK) }</h4>
            <div class="acts">
                { fault(words::INS_FAULT_EXIT, Fault::Exit(1)) }
                { fault(words::INS_FAULT_500, Fault::AnswerWith(500)) }
                { fault(words::INS_FAULT_HANG, Fault::Hang) }
                { fault(words::INS_FAULT_MEMORY, Fault::UseMemory(MEMORY_BYTES)) }
                { fault(words::INS_FAULT_UNHANG, Fault::Unhang) }
            </div>
        </>
    }
}

/// Faults of the network: packets lost, a slow link, or none any more.
fn network(language: Language, on: &Callback<Intent>, whom: &str, now: Option<network::Fault>) -> Html {
    const SLOW_MS: u64 = 2000;
    let choice = |word: Word, class: &'static str, fault: Option<network::Fault>| {
        let shown = fault != now;
        shown.then(|| button(language, on, word, class, Intent::Do(Input::NetworkFault { on: whom.into(), fault })))
    };
    let lost = if whom.starts_with("node/") { words::INS_NET_CUT } else { words::INS_NET_DROP };
    html! {
        <>
            <h4>{ language.say(words::INS_NETWORK) }</h4>
            <div class="acts">
                { for choice(words::INS_NET_MEND, "act is-main", None) }
                { for choice(lost, "act is-breaking", Some(network::Fault::Drop)) }
                { for choice(words::INS_NET_SLOW, "act is-breaking", Some(network::Fault::Delay(SLOW_MS))) }
            </div>
        </>
    }
}

/// What a field holds at first. As a property it would be put back at every drawing, over what was typed.
#[hook]
fn use_first_value(node: &NodeRef, first: &str) {
    let (node, first) = (node.clone(), first.to_owned());
    use_effect_with((), move |()| {
        if let Some(input) = node.cast::<HtmlInputElement>() {
            input.set_value(&first);
        }
    });
}

fn typed(node: &NodeRef) -> String {
    node.cast::<HtmlInputElement>().map(|i| i.value()).unwrap_or_default()
}

#[derive(Properties, PartialEq)]
struct RequestFormProps {
    namespace: String,
    pod: String,
    container: String,
    url: String,
    language: Language,
    on: Callback<Intent>,
}

#[function_component(RequestForm)]
fn request_form(props: &RequestFormProps) -> Html {
    let url = use_node_ref();
    use_first_value(&url, &props.url);
    let onsubmit = {
        let (url, on) = (url.clone(), props.on.clone());
        let (namespace, pod, container) = (props.namespace.clone(), props.pod.clone(), props.container.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let url = typed(&url);
            if !url.trim().is_empty() {
                let input = Input::Request { namespace: namespace.clone(), pod: pod.clone(), container: container.clone(), url: url.trim().into() };
                on.emit(Intent::Do(input));
            }
        })
    };
    html! {
        <form {onsubmit}>
            <label>{ props.language.say(words::INS_REQUEST_TO) }<input ref={url} type="text" autocapitalize="off" autocomplete="off" spellcheck="false"/></label>
            <button type="submit" class="act">{ props.language.say(words::INS_SEND) }</button>
        </form>
    }
}

#[derive(Properties, PartialEq)]
struct ImageFormProps {
    image: String,
    language: Language,
    on: Callback<Intent>,
}

/// How an image behaves that no registry knows: what it listens on, and whether and how it ends.
#[function_component(ImageForm)]
fn image_form(props: &ImageFormProps) -> Html {
    let language = props.language;
    let (port, after, code) = (use_node_ref(), use_node_ref(), use_node_ref());
    let onsubmit = {
        let (port, after, code) = (port.clone(), after.clone(), code.clone());
        let (on, image) = (props.on.clone(), props.image.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let input = Input::DescribeImage(CustomImage {
                name: image.clone(),
                listens_on: typed(&port).trim().parse().ok().filter(|p| *p > 0),
                exits_after_ms: typed(&after).trim().parse::<u64>().ok().map(|seconds| seconds.min(86_400) * 1000),
                exit_code: typed(&code).trim().parse().unwrap_or(0),
            });
            on.emit(Intent::Do(input));
        })
    };
    html! {
        <>
            <h4>{ language.say(words::PIC_UNKNOWN_IMAGE) }</h4>
            <p class="meaning">{ language.fill(words::INS_IMAGE_UNKNOWN, &[&props.image]) }</p>
            <form {onsubmit}>
                <label>{ language.say(words::INS_IMAGE_PORT) }<input ref={port} type="number" min="1" max="65535" inputmode="numeric" placeholder="8080"/></label>
                <label>{ language.say(words::INS_IMAGE_AFTER) }<input ref={after} type="number" min="0" max="86400" inputmode="numeric" placeholder="—"/></label>
                <label>{ language.say(words::INS_IMAGE_CODE) }<input ref={code} type="number" min="0" max="255" inputmode="numeric" placeholder="0"/></label>
                <button type="submit" class="act is-main">{ language.say(words::INS_IMAGE_TEACH) }</button>
            </form>
        </>
    }
}

#[derive(Properties, PartialEq)]
struct FileFormProps {
    node: String,
    path: String,
    text: Option<String>,
    language: Language,
    on: Callback<Intent>,
}

/// What a new file begins with: a whole static Pod.
const NEW_FILE: &str = "apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: nginx
      image: nginx
      ports:
        - containerPort: 80
";

#[function_component(FileForm)]
fn file_form(props: &FileFormProps) -> Html {
    let language = props.language;
    let (name, text) = (use_node_ref(), use_node_ref());
    let (folder, first_name) = props.path.rsplit_once('/').unwrap_or(("", &props.path));
    use_first_value(&name, first_name);
    let onsubmit = {
        let (name, text, on) = (name.clone(), text.clone(), props.on.clone());
        let (node, folder, is_new, path) = (props.node.clone(), folder.to_owned(), props.text.is_none(), props.path.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(text) = text.cast::<HtmlTextAreaElement>().map(|t| t.value()) else { return };
            let file = typed(&name);
            let file = file.trim().trim_start_matches('/');
            let path = if is_new && !file.is_empty() { format!("{folder}/{file}") } else { path.clone() };
            on.emit(Intent::Do(Input::NodeFile { node: node.clone(), path: path.clone(), text: Some(text) }));
        })
    };
    // The text that was there when the form was opened: typing is not overwritten by what happens in the cluster.
    let first = use_memo(props.path.clone(), |_| props.text.clone().unwrap_or_else(|| NEW_FILE.to_owned()));
    html! {
        <form {onsubmit}>
            if props.text.is_none() {
                <label>{ language.say(words::INS_FILE_NAME) }<input ref={name} type="text" autocapitalize="off" spellcheck="false"/></label>
            }
            <label>{ language.say(words::INS_FILE_TEXT) }<textarea ref={text} spellcheck="false" autocapitalize="off" rows="10" defaultvalue={(*first).clone()}/></label>
            <button type="submit" class="act is-main">{ language.say(if props.text.is_none() { words::INS_FILE_ADD } else { words::INS_FILE_SAVE }) }</button>
        </form>
    }
}
