//! The person's kubeconfig: its contexts and their namespaces.

use crate::api::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    pub name: String,
    pub cluster: String,
    pub user: String,
    /// Empty where none was set.
    pub namespace: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeConfig {
    pub contexts: Vec<Context>,
    pub current: String,
}

impl Default for KubeConfig {
    fn default() -> Self {
        let name = "kubernetes-admin@kubernetes";
        let context = Context { name: name.into(), cluster: "kubernetes".into(), user: "kubernetes-admin".into(), namespace: String::new() };
        Self { contexts: vec![context], current: name.into() }
    }
}

impl KubeConfig {
    pub fn context(&self, name: &str) -> Option<&Context> {
        self.contexts.iter().find(|c| c.name == name)
    }

    pub fn current(&self) -> Option<&Context> {
        self.context(&self.current)
    }

    /// As `kubectl config view` shows it.
    pub fn to_value(&self) -> Value {
        let context = |c: &Context| {
            let mut inner = json!({"cluster": c.cluster, "user": c.user});
            if !c.namespace.is_empty() {
                inner["namespace"] = json!(c.namespace);
            }
            json!({"context": inner, "name": c.name})
        };
        json!({
            "apiVersion": "v1",
            "clusters": [{"cluster": {"certificate-authority-data": "DATA+OMITTED", "server": "https://172.30.0.10:6443"}, "name": "kubernetes"}],
            "contexts": self.contexts.iter().map(context).collect::<Vec<_>>(),
            "current-context": self.current,
            "kind": "Config",
            "users": [{"name": "kubernetes-admin", "user": {"client-certificate-data": "DATA+OMITTED", "client-key-data": "DATA+OMITTED"}}],
        })
    }
}
