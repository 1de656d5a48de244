//! Tokens of ServiceAccounts: what the TokenRequest API signs, for `kubectl create token` and for the volume that every Pod has.
//!
//! Models `pkg/serviceaccount/claims.go` and "Managing Service Accounts" of the documentation (its table of claims). Nobody checks the signature
//! here: it is as long as RS256's and follows from the claims, so that a moment looks the same whenever it is played.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::api::{SimTime, Value, json, object};
use crate::cluster::Random;

/// `--service-account-issuer` of clusters that kubeadm makes, and the audience where none is asked for.
pub const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// What a token says. Times are in seconds.
pub struct Claims<'a> {
    pub account: &'a Value,
    pub audiences: Vec<String>,
    pub from: SimTime,
    pub lifetime: u64,
    /// The objects with which it ends: `pod`, `secret` or `node`, and the object.
    pub bound: Vec<(&'static str, &'a Value)>,
    /// A Pod's token is good for a year where it asks for an hour, and the server tells who goes on with it after this time
    /// (`--service-account-extend-token-expiration`).
    pub warn_after: Option<u64>,
    pub id: String,
}

/// The JSON Web Token: header, claims and signature.
pub fn signed(claims: &Claims) -> String {
    let (namespace, name) = (object::namespace(claims.account), object::name(claims.account));
    let named = |o: &Value| json!({"name": object::name(o), "uid": object::uid(o)});
    let mut private = json!({"namespace": namespace, "serviceaccount": named(claims.account)});
    for (kind, o) in &claims.bound {
        private[*kind] = named(o);
    }
    let from = claims.from.unix();
    if let Some(after) = claims.warn_after {
        private["warnafter"] = json!(from.saturating_add(after));
    }
    let payload = json!({
        "aud": claims.audiences, "exp": from.saturating_add(claims.lifetime), "iat": from, "iss": ISSUER, "jti": claims.id, "kubernetes.io": private,
        "nbf": from, "sub": format!("system:serviceaccount:{namespace}:{name}"),
    });
    let header = format!("{{\"alg\":\"RS256\",\"kid\":{:?}}}", letters(1, 32));
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload.to_string()));
    format!("{text}.{}", letters(seed(&claims.id), 256))
}

/// An id that follows from another one.
pub fn id_after(id: &str) -> String {
    Random::new(seed(id)).uid()
}

/// The first half of an id as a number.
fn seed(id: &str) -> u64 {
    let digits: String = id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    u64::from_str_radix(&digits, 16).unwrap_or(0)
}

/// So many bytes that follow from a seed, in base64.
fn letters(seed: u64, bytes: usize) -> String {
    let mut random = Random::new(seed);
    let drawn: Vec<u8> = (0..bytes.div_ceil(8)).flat_map(|_| random.draw().to_le_bytes()).take(bytes).collect();
    URL_SAFE_NO_PAD.encode(drawn)
}
