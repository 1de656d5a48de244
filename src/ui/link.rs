//! The page's address: what a link's fragment holds, the embed flag, and copying to the clipboard.

use wasm_bindgen_futures::JsFuture;

/// The fragment without its `#`; empty where there is none.
pub fn fragment() -> String {
    gloo::utils::window().location().hash().unwrap_or_default().trim_start_matches('#').to_owned()
}

/// `?embed=1`: the page without its chrome, for an iframe.
pub fn is_embedded() -> bool {
    let search = gloo::utils::window().location().search().unwrap_or_default();
    web_sys::UrlSearchParams::new_with_str(&search).is_ok_and(|query| query.get("embed").is_some_and(|v| v != "0"))
}

/// The page's own address without query and fragment.
pub fn own_address() -> String {
    let location = gloo::utils::window().location();
    format!("{}{}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default())
}

/// Takes the fragment off the address bar, so that a reload shows the learner's own text again and not the link's.
pub fn forget_fragment() {
    let window = gloo::utils::window();
    let address = own_address() + &window.location().search().unwrap_or_default();
    if let Ok(history) = window.history() {
        // Where a browser refuses (a page opened as a file), the link is merely read again on a reload.
        history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address)).unwrap_or_default();
    }
}

/// Whether the browser let us copy.
pub async fn copy(text: String) -> bool {
    let clipboard = gloo::utils::window().navigator().clipboard();
    // Outside a secure context there is no clipboard at all.
    if wasm_bindgen::JsValue::from(clipboard.clone()).is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(&text)).await.is_ok()
}

/// The text of a file that the learner chose; `None` where it cannot be read.
pub async fn read_file(file: &web_sys::File) -> Option<String> {
    JsFuture::from(file.text()).await.ok()?.as_string()
}

/// Hands a text to the learner as a file.
pub fn download(name: &str, text: &str) -> Option<()> {
    use wasm_bindgen::JsCast;
    let parts = js_sys::Array::of1(&text.into());
    let blob = web_sys::Blob::new_with_str_sequence(&parts).ok()?;
    let url = web_sys::Url::create_object_url_with_blob(&blob).ok()?;
    let link = gloo::utils::document().create_element("a").ok()?.dyn_into::<web_sys::HtmlAnchorElement>().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    web_sys::Url::revoke_object_url(&url).ok()
}

/// A text that was copied from an address (`apiVersion%3A%20v1%0A…`) as what it stands for; any other text as it is.
pub fn read_pasted(text: &str) -> String {
    let one_line = !text.trim().contains(['\n', ' ']);
    let encoded = text.matches('%').count() >= 3 && (text.contains("%3A") || text.contains("%3a")) && (text.contains("%0A") || text.contains("%0a"));
    if !(one_line && encoded) {
        return text.to_owned();
    }
    let after = text.trim().rsplit_once(['#', '?', '=']).map_or(text.trim(), |(_, after)| after);
    js_sys::decode_uri_component(&after.replace('+', " ")).map_or_else(|_| text.to_owned(), String::from)
}
