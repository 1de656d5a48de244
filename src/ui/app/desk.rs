//! The editor's tabs and the manifests that stood there before. Nothing that was written is ever dropped without a trace.

use podlab::api::{Value, json};

use crate::ui::storage;

/// The name of a tab that was never given one: what `kubectl apply -f pod.yaml` reads.
pub const FILE_NAME: &str = "pod.yaml";
const MOST_RECENT: usize = 20;
const MOST_TABS: usize = 8;

#[derive(Clone, Debug, PartialEq)]
pub struct Tab {
    pub name: String,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    tabs: Vec<Tab>,
    active: usize,
    /// Texts that were replaced, the newest first.
    recent: Vec<Tab>,
    /// What this page knows to be in the browser's storage.
    kept: String,
}

impl Desk {
    pub fn new(text: &str) -> Self {
        Self { tabs: vec![Tab { name: FILE_NAME.into(), text: text.into() }], active: 0, recent: Vec::new(), kept: String::new() }
    }

    /// What was kept; `None` on a first visit (and for what cannot be read, which then stays untouched under its key's backup).
    pub fn restore() -> Option<Self> {
        let kept = storage::read(storage::DESK)?;
        let desk = Self::read(&kept);
        if desk.is_none() {
            storage::write("podlab.desk.unreadable", &kept);
        }
        desk
    }

    fn read(text: &str) -> Option<Self> {
        let kept = podlab::yaml::json_value(text)?;
        let tabs = |key: &str| -> Option<Vec<Tab>> {
            let text = |pair: &Value, at: usize| Some(pair.get(at)?.as_str()?.to_owned());
            kept.get(key)?.as_array()?.iter().map(|pair| Some(Tab { name: text(pair, 0)?, text: text(pair, 1)? })).collect()
        };
        let (tabs, recent) = (tabs("tabs").filter(|tabs| !tabs.is_empty())?, tabs("recent")?);
        let active = kept.get("active").and_then(Value::as_u64).map_or(0, |active| (active as usize).min(tabs.len() - 1));
        Some(Self { tabs, active, recent, kept: text.to_owned() })
    }

    /// Whether the browser keeps it now. What another page of this browser wrote there meanwhile goes to the recent texts.
    pub fn keep(&mut self) -> bool {
        if let Some(other) = storage::read(storage::DESK).filter(|there| *there != self.kept).and_then(|there| Self::read(&there)) {
            for tab in other.tabs.into_iter().chain(other.recent).rev() {
                if self.tabs.iter().chain(&self.recent).all(|own| own.text != tab.text) {
                    self.remember(tab);
                }
            }
        }
        let pairs = |tabs: &[Tab]| -> Value { tabs.iter().map(|tab| json!([tab.name, tab.text])).collect() };
        let kept = json!({ "tabs": pairs(&self.tabs), "active": self.active, "recent": pairs(&self.recent) });
        self.kept = kept.to_string();
        storage::write(storage::DESK, &self.kept)
    }

    pub fn tabs(&self) -> &[Tab] {
        &self.tabs
    }

    pub fn recent(&self) -> &[Tab] {
        &self.recent
    }

    pub fn active(&self) -> usize {
        self.active
    }

    pub fn name(&self) -> &str {
        &self.tabs[self.active].name
    }

    pub fn text(&self) -> &str {
        &self.tabs[self.active].text
    }

    /// The learner typed.
    pub fn write(&mut self, text: String) {
        self.tabs[self.active].text = text;
    }

    /// Another text takes the place of the active tab's, which goes to the recent ones.
    pub fn replace(&mut self, text: &str) {
        let before = self.tabs[self.active].clone();
        if before.text == text {
            return;
        }
        self.remember(before);
        self.tabs[self.active].text = text.into();
    }

    pub fn select(&mut self, tab: usize) {
        self.active = tab.min(self.tabs.len() - 1);
    }

    pub fn add(&mut self) {
        if self.tabs.len() < MOST_TABS {
            let name = (2..)
                .map(|n| format!("pod-{n}.yaml"))
                .find(|name| self.tabs.iter().all(|t| t.name != *name))
                .expect("there are more numbers than tabs");
            self.tabs.push(Tab { name, text: String::new() });
            self.active = self.tabs.len() - 1;
        }
    }

    /// A tab of its own for a text that a command waits for.
    pub fn open_tab(&mut self, name: &str, text: &str) {
        self.tabs.push(Tab { name: name.into(), text: text.into() });
        self.active = self.tabs.len() - 1;
    }

    /// Shows another text in a tab.
    pub fn reopen(&mut self, tab: usize, text: &str) {
        self.tabs[tab].text = text.into();
        self.active = tab;
    }

    pub fn close(&mut self, tab: usize) {
        if self.tabs.len() > 1 && tab < self.tabs.len() {
            let closed = self.tabs.remove(tab);
            self.remember(closed);
            if self.active >= tab {
                self.active = self.active.saturating_sub(1);
            }
        }
    }

    /// The tabs that hold something, the active one first.
    pub fn for_link(&self) -> Vec<(String, String)> {
        let others = self.tabs.iter().enumerate().filter(|(index, tab)| *index != self.active && !tab.text.trim().is_empty()).map(|(_, tab)| tab);
        std::iter::once(&self.tabs[self.active]).chain(others).map(|tab| (tab.name.clone(), tab.text.clone())).collect()
    }

    /// A link's manifests take the place of the tabs, which go to the recent ones.
    pub fn open_all(&mut self, manifests: Vec<(String, String)>) {
        let tabs: Vec<Tab> = manifests.into_iter().take(MOST_TABS).map(|(name, text)| Tab { name, text }).collect();
        if tabs.is_empty() {
            return;
        }
        for tab in std::mem::replace(&mut self.tabs, tabs) {
            if self.tabs.iter().all(|new| new.text != tab.text) {
                self.remember(tab);
            }
        }
        self.active = 0;
    }

    pub fn bring_back(&mut self, recent: usize) {
        if recent < self.recent.len() {
            let tab = self.recent.remove(recent);
            self.replace(&tab.text);
        }
    }

    fn remember(&mut self, tab: Tab) {
        if !tab.text.trim().is_empty() {
            self.recent.retain(|old| old.text != tab.text);
            self.recent.insert(0, tab);
            self.recent.truncate(MOST_RECENT);
        }
    }
}

/// What a list shows for a text: the names of what it holds, else its first line.
pub fn summary(text: &str) -> String {
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("  name: ")).take(3).collect();
    if names.is_empty() { text.lines().find(|l| !l.trim().is_empty()).unwrap_or("").chars().take(40).collect() } else { names.join(", ") }
}
