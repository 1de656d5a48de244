//! A container's environment: values, references, the downward API, variables of Services, `$(VAR)`.
//!
//! Models `makeEnvironmentVariables` of `pkg/kubelet/kubelet_pods.go` and `third_party/forked/golang/expansion`.

use crate::api::order::{InOrder as _, SortedMap};
use base64::Engine as _;

use crate::api::kinds::{CONFIG_MAP, SECRET, SERVICE};
use crate::api::object::{at, bool_at, i64_at, list_at, map_at, name, namespace, str_at, uid};
use crate::api::{Quantity, Value};
use crate::cluster::apiserver::ApiServer;

use super::spec::ContainerSpec;

/// What a container's variables are looked up in.
pub struct Surroundings<'a> {
    pub api: &'a ApiServer,
    pub pod: &'a Value,
    pub pod_ip: &'a str,
    pub host_ip: &'a str,
    /// The node's cpu (thousandths) and memory (bytes): the limits of a container that has none.
    pub node_cpu_milli: i64,
    pub node_memory: i64,
}

impl Surroundings<'_> {
    /// All variables in order, or why the container cannot be made (`configmap "settings" not found`).
    pub fn environment(&self, container: &ContainerSpec) -> Result<Vec<(String, String)>, String> {
        let mut out: Vec<(String, String)> = Vec::new();
        for source in list_at(&container.value, "envFrom") {
            out.extend(self.read_source(source)?);
        }
        let mut known: SortedMap<String, String> = out.iter().cloned().collect();
        let services = self.services();
        for variable in list_at(&container.value, "env") {
            let Some(key) = str_at(variable, "name") else { continue };
            let value = match at(variable, "valueFrom") {
                Some(source) => match self.read_reference(source, container)? {
                    Some(value) => value,
                    None => continue,
                },
                None => {
                    let lookup = |name: &str| known.get(name).or_else(|| services.iter().find(|(n, _)| n == name).map(|(_, v)| v)).cloned();
                    expand(str_at(variable, "value").unwrap_or(""), &lookup)
                }
            };
            known.insert(key.to_owned(), value.clone());
            out.push((key.to_owned(), value));
        }
        out.extend(services.into_iter().filter(|(name, _)| !known.contains_key(name)));
        Ok(out)
    }

    fn read_source(&self, source: &Value) -> Result<Vec<(String, String)>, String> {
        let prefix = str_at(source, "prefix").unwrap_or("");
        let (reference, data) = if let Some(reference) = at(source, "configMapRef") {
            (reference, self.config_map(reference)?)
        } else if let Some(reference) = at(source, "secretRef") {
            (reference, self.secret(reference)?)
        } else {
            return Ok(Vec::new());
        };
        debug_assert!(reference.is_object());
        let named = |(key, value): (String, String)| (format!("{prefix}{key}"), value);
        Ok(data.unwrap_or_default().into_iter().map(named).filter(|(key, _)| is_variable_name(key)).collect())
    }

    fn read_reference(&self, source: &Value, container: &ContainerSpec) -> Result<Option<String>, String> {
        if let Some(field) = at(source, "fieldRef") {
            return self.field(str_at(field, "fieldPath").unwrap_or("")).map(Some);
        }
        if let Some(resource) = at(source, "resourceFieldRef") {
            return Ok(Some(self.resource(resource, container)));
        }
        let (kind, reference, data) = if let Some(reference) = at(source, "configMapKeyRef") {
            ("ConfigMap", reference, self.config_map(reference)?)
        } else if let Some(reference) = at(source, "secretKeyRef") {
            ("Secret", reference, self.secret(reference)?)
        } else {
            return Ok(None);
        };
        let key = str_at(reference, "key").unwrap_or("");
        match data.as_ref().and_then(|d| d.get(key)) {
            Some(value) => Ok(Some(value.clone())),
            None if bool_at(reference, "optional") == Some(true) => Ok(None),
            None => {
                let object = str_at(reference, "name").unwrap_or("");
                Err(format!("couldn't find key {key} in {kind} {}/{object}", namespace(self.pod)))
            }
        }
    }

    /// The data of a ConfigMap; nothing for one that is missing and optional.
    pub fn config_map(&self, reference: &Value) -> Result<Option<SortedMap<String, String>>, String> {
        let wanted = str_at(reference, "name").or_else(|| str_at(reference, "configMapName")).unwrap_or("");
        match self.api.get(CONFIG_MAP, namespace(self.pod), wanted) {
            Some(object) => {
                let mut data = texts(map_at(object, "data"));
                data.extend(decoded(map_at(object, "binaryData")));
                Ok(Some(data))
            }
            None if bool_at(reference, "optional") == Some(true) => Ok(None),
            None => Err(format!("configmap \"{wanted}\" not found")),
        }
    }

    /// The data of a Secret, decoded.
    pub fn secret(&self, reference: &Value) -> Result<Option<SortedMap<String, String>>, String> {
        let wanted = str_at(reference, "name").or_else(|| str_at(reference, "secretName")).unwrap_or("");
        match self.api.get(SECRET, namespace(self.pod), wanted) {
            Some(object) => Ok(Some(decoded(map_at(object, "data")))),
            None if bool_at(reference, "optional") == Some(true) => Ok(None),
            None => Err(format!("secret \"{wanted}\" not found")),
        }
    }

    /// A field of the Pod, as the downward API gives it.
    pub fn field(&self, path: &str) -> Result<String, String> {
        let pod = self.pod;
        let subscript = |prefix: &str| path.strip_prefix(prefix).and_then(|r| r.strip_suffix("']"));
        let of_map = |map: &str, key: &str| map_at(pod, map).and_then(|m| m.get(key)).and_then(Value::as_str).unwrap_or("").to_owned();
        if let Some(key) = subscript("metadata.labels['") {
            return Ok(of_map("metadata.labels", key));
        }
        if let Some(key) = subscript("metadata.annotations['") {
            return Ok(of_map("metadata.annotations", key));
        }
        Ok(match path {
            "metadata.name" => name(pod).to_owned(),
            "metadata.namespace" => namespace(pod).to_owned(),
            "metadata.uid" => uid(pod).to_owned(),
            "metadata.labels" => formatted_map(map_at(pod, "metadata.labels")),
            "metadata.annotations" => formatted_map(map_at(pod, "metadata.annotations")),
            "spec.nodeName" => str_at(pod, "spec.nodeName").unwrap_or("").to_owned(),
            "spec.serviceAccountName" => str_at(pod, "spec.serviceAccountName").unwrap_or("").to_owned(),
            "status.podIP" | "status.podIPs" => self.pod_ip.to_owned(),
            "status.hostIP" | "status.hostIPs" => self.host_ip.to_owned(),
            _ => return Err(format!("unsupported fieldPath: {path}")),
        })
    }

    /// A container's request or limit, divided (and rounded up) by the divisor; without a limit, what the node has.
    pub fn resource(&self, reference: &Value, container: &ContainerSpec) -> String {
        let resource = str_at(reference, "resource").unwrap_or("");
        let (which, what) = resource.split_once('.').unwrap_or(("limits", ""));
        let named = str_at(reference, "containerName").filter(|n| !n.is_empty() && *n != container.name);
        let other = named.and_then(|n| {
            let lists = ["spec.containers", "spec.initContainers"];
            lists.iter().flat_map(|l| list_at(self.pod, l)).find(|c| str_at(c, "name") == Some(n))
        });
        let resources = other.map_or(&container.resources, |c| at(c, "resources").unwrap_or(&Value::Null));
        let written = str_at(resources, &format!("{which}.{what}")).and_then(Quantity::parse);
        let nano = match (written, which, what) {
            (Some(quantity), _, _) => quantity.nano(),
            (None, "limits", "cpu") => Quantity::from_milli(self.node_cpu_milli).nano(),
            (None, "limits", "memory") => Quantity::from_units(self.node_memory).nano(),
            (None, _, _) => 0,
        };
        let divisor = str_at(reference, "divisor").and_then(Quantity::parse).map_or(0, Quantity::nano);
        let divisor = if divisor == 0 { 1_000_000_000 } else { divisor };
        (nano / divisor + i128::from(nano % divisor != 0)).to_string()
    }

    /// `WEB_SERVICE_HOST` and the like for the Services that exist now, and always those of the Service `kubernetes`.
    fn services(&self) -> Vec<(String, String)> {
        let links = bool_at(self.pod, "spec.enableServiceLinks") != Some(false);
        let own = self.api.list(SERVICE, Some(namespace(self.pod))).filter(|s| links || name(s) == "kubernetes");
        let master = self.api.get(SERVICE, "default", "kubernetes").filter(|_| namespace(self.pod) != "default");
        let mut out = Vec::new();
        for service in own.chain(master) {
            let ip = str_at(service, "spec.clusterIP").unwrap_or("");
            if !ip.is_empty() && ip != "None" {
                service_variables(service, ip, &mut out);
            }
        }
        out
    }
}

fn service_variables(service: &Value, ip: &str, out: &mut Vec<(String, String)>) {
    let prefix = upper(name(service));
    let ports = list_at(service, "spec.ports");
    out.push((format!("{prefix}_SERVICE_HOST"), ip.to_owned()));
    for (index, port) in ports.iter().enumerate() {
        let number = i64_at(port, "port").unwrap_or(0);
        let protocol = str_at(port, "protocol").unwrap_or("TCP");
        let lower = protocol.to_ascii_lowercase();
        let url = format!("{lower}://{ip}:{number}");
        if index == 0 {
            out.push((format!("{prefix}_SERVICE_PORT"), number.to_string()));
            out.push((format!("{prefix}_PORT"), url.clone()));
        }
        if let Some(port_name) = str_at(port, "name").filter(|n| !n.is_empty()) {
            out.push((format!("{prefix}_SERVICE_PORT_{}", upper(port_name)), number.to_string()));
        }
        let base = format!("{prefix}_PORT_{number}_{protocol}");
        out.push((base.clone(), url));
        out.push((format!("{base}_PROTO"), lower));
        out.push((format!("{base}_PORT"), number.to_string()));
        out.push((format!("{base}_ADDR"), ip.to_owned()));
    }
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// Almost anything is a variable name nowadays: printable ASCII without `=`.
fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=')
}

fn texts(map: Option<&crate::api::Map<String, Value>>) -> SortedMap<String, String> {
    map.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
}

fn decoded(map: Option<&crate::api::Map<String, Value>>) -> SortedMap<String, String> {
    let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
    map.into_iter().flatten().filter_map(|(k, v)| Some((k.clone(), String::from_utf8_lossy(&decode(v.as_str()?)?).into_owned()))).collect()
}

/// Labels or annotations as a file of a downward API volume shows them: one `key="value"` a line, sorted.
fn formatted_map(map: Option<&crate::api::Map<String, Value>>) -> String {
    let mut lines: Vec<String> = texts(map).into_iter().map(|(k, v)| format!("{k}={v:?}")).collect();
    lines.order();
    lines.join("\n")
}

/// `$(VAR)` becomes the variable's value where there is one, `$$(VAR)` the text `$(VAR)`; anything else stays.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        out.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) {
            match lookup(name) {
                Some(value) => out.push_str(&value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = after;
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn variables_expand_as_upstream() {
        let lookup = |name: &str| (name == "A").then(|| "1".to_owned());
        let cases =
            [("$(A)", "1"), ("$$(A)", "$(A)"), ("$(B)-$(A)", "$(B)-1"), ("$A $", "$A $"), ("$(A", "$(A"), ("$$$(A)", "$1"), ("100$$", "100$")];
        for (text, expected) in cases {
            assert_eq!(expand(text, &lookup), expected, "{text}");
        }
    }
}
