//! The browser door's parts: what is kept between visits, the address, the whole page in an element of its own.

use podlab::share::{self, Shared};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::HtmlElement;

use crate::ui::app::App;
use crate::ui::app::desk::{Desk, summary};
use crate::ui::{link, storage};

const MANIFEST: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: from-a-link\nspec:\n  containers:\n    - name: app\n      image: nginx\n";

pub async fn pause(millis: i32) {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        gloo::utils::window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis).expect("a window has timers");
    });
    JsFuture::from(promise).await.expect("a timer rings");
}

/// Waits for what an element is to say, ten seconds at most.
pub async fn says(element: &HtmlElement, words: &str) {
    let mut text = String::new();
    for _ in 0..200 {
        text = element.text_content().unwrap_or_default();
        if text.contains(words) {
            return;
        }
        pause(50).await;
    }
    panic!("{words:?} never came; there is: {text:.600}");
}

pub fn element() -> HtmlElement {
    gloo::utils::document().create_element("div").expect("a valid name").unchecked_into()
}

fn forget_everything() {
    let window = gloo::utils::window();
    for kept in [window.local_storage(), window.session_storage()] {
        kept.ok().flatten().expect("this browser keeps things").clear().expect("what is kept can be cleared");
    }
    window.location().set_hash("").expect("an address has a fragment");
}

#[wasm_bindgen_test]
fn what_is_kept_comes_back() {
    forget_everything();
    assert_eq!(storage::read(storage::THEME), None);
    assert!(storage::write(storage::THEME, "dark 어두운"));
    assert_eq!(storage::read(storage::THEME).as_deref(), Some("dark 어두운"));
    assert!(storage::keep_run("a run"));
    assert_eq!(storage::take_run().as_deref(), Some("a run"));
    assert_eq!(storage::take_run(), None, "a run is given out once");
}

#[wasm_bindgen_test]
fn a_desk_comes_back_whole() {
    forget_everything();
    assert_eq!(Desk::restore(), None, "nothing was kept on a first visit");
    let mut desk = Desk::new("first");
    desk.write("a: \"\\\n한글 \u{1f600}\"".into());
    desk.add();
    desk.replace("second");
    desk.replace("third");
    assert!(desk.keep());
    assert_eq!(Desk::restore().as_ref(), Some(&desk));
    assert_eq!(desk.recent().iter().map(|tab| tab.text.as_str()).collect::<Vec<_>>(), ["second"]);
    desk.close(0);
    assert_eq!(desk.text(), "third");
    assert!(desk.recent()[0].text.contains("한글"), "a closed tab's text is not lost");
    assert_eq!(summary(MANIFEST), "from-a-link");
}

#[wasm_bindgen_test]
fn what_another_page_of_the_browser_wrote_is_not_lost() {
    forget_everything();
    let (mut one, mut other) = (Desk::new("first"), Desk::new("first"));
    one.write("mine".into());
    assert!(one.keep());
    other.write("theirs".into());
    assert!(other.keep());
    assert_eq!(other.recent().iter().map(|tab| tab.text.as_str()).collect::<Vec<_>>(), ["mine"]);
    assert_eq!(Desk::restore().expect("it was kept").text(), "theirs");
}

#[wasm_bindgen_test]
fn a_desk_that_cannot_be_read_is_not_thrown_away() {
    for kept in ["", "{", "null", "{\"tabs\": []}", "{\"tabs\": [[1, 2]], \"recent\": []}", "{\"tabs\": [[\"a\"]], \"recent\": []}"] {
        forget_everything();
        storage::write(storage::DESK, kept);
        assert_eq!(Desk::restore(), None, "{kept}");
        assert_eq!(storage::read("podlab.desk.unreadable").as_deref(), Some(kept));
    }
}

#[wasm_bindgen_test]
fn the_address_holds_a_link() {
    forget_everything();
    assert_eq!(link::fragment(), "");
    let packed = share::encode(&Shared { manifests: vec![("pod.yaml".into(), MANIFEST.into())], ..Shared::default() }).expect("a short manifest");
    gloo::utils::window().location().set_hash(&packed).expect("an address has a fragment");
    assert_eq!(share::decode(&link::fragment()).expect("our own link").manifests[0].1, MANIFEST);
    assert!(!link::is_embedded());
    link::forget_fragment();
    assert_eq!(link::fragment(), "");
    assert_eq!(link::read_pasted("apiVersion%3A%20v1%0Akind%3A%20Pod%0A"), "apiVersion: v1\nkind: Pod\n");
    assert_eq!(link::read_pasted("100%: 3%3A"), "100%: 3%3A", "a text that only looks like one stays as it is");
}

#[wasm_bindgen_test]
async fn the_page_can_be_drawn_and_taken_away() {
    forget_everything();
    // In no document: nothing has a size, no element is found by its name.
    let place = element();
    let page = yew::Renderer::<App>::with_root(place.clone().into()).render();
    says(&place, "Running").await;
    // The editor is a file of the built app; its text is there before it.
    let reading = place.query_selector(".editor pre").expect("a selector").expect("the text can be read");
    assert!(reading.text_content().is_some_and(|text| text.contains("kind: Pod")));
    page.destroy();
    pause(100).await;
    assert_eq!(place.text_content().unwrap_or_default(), "");
}

#[wasm_bindgen_test]
async fn the_page_opens_what_the_address_holds() {
    forget_everything();
    let packed = share::encode(&Shared { manifests: vec![("pod.yaml".into(), MANIFEST.into())], ..Shared::default() }).expect("a short manifest");
    for (fragment, words) in [(packed.as_str(), "from-a-link"), ("1not-a-link", "apiVersion")] {
        gloo::utils::window().location().set_hash(fragment).expect("an address has a fragment");
        let place = element();
        gloo::utils::body().append_child(&place).expect("a body takes an element");
        let page = yew::Renderer::<App>::with_root(place.clone().into()).render();
        says(&place, words).await;
        page.destroy();
        place.remove();
        forget_everything();
    }
}
