//! Links: what the page puts into one, and what it does with one that was opened.

use yew::Callback;

use super::message::{Message, Sharing};
use super::model::Model;

impl Model {
    pub fn share(&mut self, what: Sharing, on: Callback<Message>) {
        let _ = (what, on);
    }

    /// Opens what a link's fragment holds; a bad one leaves everything as it is and says why.
    pub fn open_link(&mut self, fragment: &str) {
        let _ = fragment;
    }
}
