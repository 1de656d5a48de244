//! The image catalogue: the images of the recorded cluster with what they do, and those that a learner describes.
//!
//! The table is that of `tests/conformance/images.md`, metrics-server, of the four images that every text about Pods names also the versions that
//! such texts name (listed by hand), and the images of the documentation's tasks and tutorials that do something simple; the recorded cluster's own
//! registry had none of these. It stands for the registries and for containerd's image store (`internal/cri/server/images`). Deviations: every image
//! is on every node from the beginning, none has layers or takes room, all versions behave alike, and a name that is not here is refused by its registry.

use crate::cluster::runtime::CustomImage;
use crate::cluster::shell::Lookup;

/// What an image's own program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Pause,
    Shell,
    /// The same with bash.
    Bash,
    Nginx,
    Echo,
    Kubia,
    Counter,
    Redis,
    Stress,
    Perl,
    MetricsServer,
    Agnhost,
    /// Answers every request with this text, in which `{host}` is the Pod's name.
    Says(&'static str),
    /// As the learner described it: index of the node's list.
    Custom(usize),
}

/// An image of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// With registry and path: `docker.io/library/nginx`.
    pub name: &'static str,
    pub tags: &'static [&'static str],
    /// Major version, its first minor one, its last: `1.14.2-alpine` is a tag where 1.14 is among them.
    pub versions: &'static [(u8, u8, u8)],
    pub program: Program,
    pub entrypoint: &'static [&'static str],
    pub command: &'static [&'static str],
    /// Port of its server; 0 for none.
    pub port: u16,
    /// The signal that stops it.
    pub stop_signal: &'static str,
    pub size_bytes: i64,
    /// Who its program runs as where the Pod says nothing.
    pub user: i64,
    pub working_directory: &'static str,
}

const fn image(
    name: &'static str,
    tags: &'static [&'static str],
    program: Program,
    entrypoint: &'static [&'static str],
    command: &'static [&'static str],
    port: u16,
) -> Image {
    Image {
        name,
        tags,
        versions: &[],
        program,
        entrypoint,
        command,
        port,
        stop_signal: "TERM",
        size_bytes: 2_210_000,
        user: 0,
        working_directory: "/",
    }
}

pub static CATALOGUE: &[Image] = &[
    Image { versions: &[(3, 0, 10)], ..image("registry.k8s.io/pause", &[], Program::Pause, &["/pause"], &[], 0) },
    Image {
        versions: &[(1, 21, 37)],
        ..image("docker.io/library/busybox", &["latest", "stable", "musl", "glibc", "uclibc"], Program::Shell, &[], &["sh"], 0)
    },
    // The one of the documentation's probe examples.
    Image { versions: &[(1, 24, 27)], ..image("registry.k8s.io/busybox", &["latest"], Program::Shell, &[], &["sh"], 0) },
    Image { versions: &[(3, 1, 22)], ..image("docker.io/library/alpine", &["latest", "edge"], Program::Shell, &[], &["/bin/sh"], 0) },
    Image {
        stop_signal: "QUIT",
        versions: &[(1, 7, 29)],
        ..image(
            "docker.io/library/nginx",
            &["latest", "alpine", "stable", "stable-alpine", "mainline", "mainline-alpine"],
            Program::Nginx,
            &["/docker-entrypoint.sh"],
            &["nginx", "-g", "daemon off;"],
            80,
        )
    },
    // That of "StatefulSet Basics".
    Image {
        stop_signal: "QUIT",
        versions: &[(0, 8, 27)],
        ..image("registry.k8s.io/nginx-slim", &[], Program::Nginx, &[], &["nginx", "-g", "daemon off;"], 80)
    },
    Image {
        versions: &[(10, 0, 13), (11, 0, 11), (12, 0, 13), (13, 0, 2)],
        ..image(
            "docker.io/library/debian",
            &["latest", "bookworm", "bookworm-slim", "trixie", "stable", "stable-slim"],
            Program::Bash,
            &[],
            &["bash"],
            0,
        )
    },
    image(
        "docker.io/library/ubuntu",
        &["latest", "18.04", "20.04", "22.04", "24.04", "focal", "jammy", "noble"],
        Program::Bash,
        &[],
        &["/bin/bash"],
        0,
    ),
    Image { versions: &[(5, 0, 3)], ..image("docker.io/library/bash", &["latest"], Program::Bash, &[], &["bash"], 0) },
    Image { versions: &[(7, 70, 90), (8, 0, 17)], ..image("docker.io/curlimages/curl", &["latest"], Program::Shell, &[], &["curl"], 0) },
    Image { versions: &[(2, 0, 63)], ..image("registry.k8s.io/e2e-test-images/agnhost", &[], Program::Agnhost, &["/agnhost"], &["pause"], 8080) },
    // That of "Running an example Job".
    Image { versions: &[(5, 8, 42)], ..image("docker.io/library/perl", &["latest", "slim"], Program::Perl, &[], &["perl", "-de0"], 0) },
    // That of "Debugging DNS Resolution", and that of "Connecting Applications with Services".
    Image { versions: &[(1, 3, 9)], ..image("registry.k8s.io/e2e-test-images/jessie-dnsutils", &[], Program::Bash, &[], &["bash"], 0) },
    image("docker.io/radial/busyboxplus", &["latest", "curl"], Program::Shell, &[], &["/bin/sh"], 0),
    // Those of "Exposing an External IP Address", "Set up Ingress on Minikube" and "Using kubectl to Create a Deployment".
    image(
        "gcr.io/google-samples/hello-app",
        &["1.0"],
        Program::Says("Hello, world!\nVersion: 1.0.0\nHostname: {host}\n"),
        &["./hello-app"],
        &[],
        8080,
    ),
    image(
        "gcr.io/google-samples/hello-app",
        &["2.0"],
        Program::Says("Hello, world!\nVersion: 2.0.0\nHostname: {host}\n"),
        &["./hello-app"],
        &[],
        8080,
    ),
    image(
        "gcr.io/google-samples/kubernetes-bootcamp",
        &["v1"],
        Program::Says("Hello Kubernetes bootcamp! | Running on: {host} | v=1\n"),
        &[],
        &["/bin/sh", "-c", "node server.js"],
        8080,
    ),
    image(
        "docker.io/jocatalin/kubernetes-bootcamp",
        &["v2"],
        Program::Says("Hello Kubernetes bootcamp! | Running on: {host} | v=2\n"),
        &[],
        &["/bin/sh", "-c", "node server.js"],
        8080,
    ),
    Image {
        versions: &[(2, 2, 4)],
        ..image(
            "docker.io/library/httpd",
            &["latest", "alpine"],
            Program::Says("<html><body><h1>It works!</h1></body></html>\n"),
            &[],
            &["httpd-foreground"],
            80,
        )
    },
    Image { working_directory: "/app", ..image("ghcr.io/subicura/echo", &["v1"], Program::Echo, &[], &["/app/echo"], 3000) },
    image("docker.io/luksa/kubia", &["latest"], Program::Kubia, &["node", "app.js"], &[], 8080),
    Image { working_directory: "/app", ..image("ghcr.io/subicura/counter", &["latest"], Program::Counter, &[], &["/app/counter"], 3000) },
    Image {
        working_directory: "/data",
        versions: &[(5, 0, 0), (6, 0, 2), (7, 0, 4), (8, 0, 2)],
        ..image("docker.io/library/redis", &["latest", "alpine"], Program::Redis, &["docker-entrypoint.sh"], &["redis-server"], 6379)
    },
    image("docker.io/polinux/stress", &["latest"], Program::Stress, &[], &["stress", "--verbose"], 0),
    Image {
        user: 65534,
        size_bytes: 22_500_000,
        ..image("registry.k8s.io/metrics-server/metrics-server", &["v0.8.0"], Program::MetricsServer, &["/metrics-server"], &[], 443)
    },
];

/// A name as the runtime writes it out: `nginx` → (`docker.io/library/nginx`, `latest`).
pub fn normalise(name: &str) -> (String, String) {
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, "latest"),
    };
    let first = path.split('/').next().unwrap_or("");
    let full = if !path.contains('/') {
        format!("docker.io/library/{path}")
    } else if first.contains('.') || first.contains(':') || first == "localhost" {
        path.to_owned()
    } else {
        format!("docker.io/{path}")
    };
    (full, tag.to_owned())
}

/// The image of this name, if the registry has it.
pub fn find(name: &str) -> Option<&'static Image> {
    let (full, tag) = normalise(name);
    CATALOGUE.iter().find(|image| image.name == full && (image.tags.contains(&tag.as_str()) || is_published(image.versions, &tag)))
}

/// Which `nslookup` an image has.
pub fn lookup(name: &str) -> Lookup {
    /// Since 1.29 BusyBox asks name servers itself.
    const ASKS_ITSELF: u8 = 29;
    let (full, tag) = normalise(name);
    let minor = || tag.strip_prefix("1.")?.split(['.', '-']).next()?.parse::<u8>().ok();
    match full.rsplit('/').next() {
        Some("busybox") if minor().is_some_and(|minor| minor < ASKS_ITSELF) => Lookup::OldBusyBox,
        Some("busyboxplus") => Lookup::OldBusyBox,
        Some("agnhost" | "jessie-dnsutils") => Lookup::Bind,
        _ => Lookup::BusyBox,
    }
}

/// Whether a tag is one of the versions, whole or in part, plain or on another base: `7`, `1.14.2`, `1.27-alpine`.
fn is_published(versions: &[(u8, u8, u8)], tag: &str) -> bool {
    /// No minor version has more patches.
    const MOST_PATCHES: u8 = 21;
    let (version, base) = tag.split_once('-').unwrap_or((tag, "alpine"));
    let number = |part: &str| part.parse::<u8>().ok().filter(|number| number.to_string() == part);
    let mut parts = version.split('.').map(number);
    let (Some(Some(major)), minor, patch, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else { return false };
    let is_base = matches!(base, "alpine" | "slim" | "bookworm" | "bullseye" | "perl" | "musl" | "glibc" | "uclibc");
    let of_minor =
        |wanted: Option<u8>| versions.iter().any(|(own, first, last)| *own == major && wanted.is_none_or(|m| (*first..=*last).contains(&m)));
    is_base && minor != Some(None) && of_minor(minor.flatten()) && patch.is_none_or(|p| p.is_some_and(|p| p <= MOST_PATCHES))
}

/// An image that the learner described.
pub fn of_custom(index: usize, custom: &CustomImage) -> Image {
    Image { port: custom.listens_on.unwrap_or(0), ..image("", &[], Program::Custom(index), &[], &["app"], 0) }
}

impl Program {
    /// Whether the image holds anything but its own program.
    pub fn has_shell(self) -> bool {
        !matches!(self, Self::Pause | Self::MetricsServer)
    }
}

/// Words with which a catalogue image's own program is called, so that `exec nginx` becomes the server.
pub fn is_own_program(program: Program, word: &str) -> bool {
    let plain = word.rsplit('/').next().unwrap_or(word);
    match program {
        Program::Pause => plain == "pause",
        Program::Shell => false,
        Program::Bash => false,
        Program::Agnhost => plain == "agnhost",
        Program::Says(_) => matches!(plain, "hello-app" | "node" | "httpd-foreground"),
        Program::Nginx => matches!(plain, "docker-entrypoint.sh" | "nginx"),
        Program::Echo => plain == "echo" && word.starts_with("/app"),
        Program::Kubia => plain == "node",
        Program::Counter => plain == "counter",
        Program::Redis => matches!(plain, "docker-entrypoint.sh" | "redis-server"),
        Program::Stress => plain == "stress",
        Program::Perl => plain == "perl",
        Program::MetricsServer => plain == "metrics-server",
        Program::Custom(_) => plain == "app",
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn published_versions_are_found_and_others_not() {
        for name in [
            "nginx:1.14.2",
            "nginx:1.27",
            "nginx:1",
            "nginx:1.25-alpine",
            "busybox:1.28",
            "busybox:1.37.0",
            "alpine:3.19",
            "redis:7",
            "registry.k8s.io/pause:3.10.1",
            "ubuntu:22.04",
            "debian:12",
            "registry.k8s.io/e2e-test-images/agnhost:2.53",
            "docker.io/library/redis:6.2-alpine",
        ] {
            assert!(find(name).is_some(), "{name}");
        }
        for name in [
            "nginx:1.99",
            "nginx:9.99",
            "nginx:nope",
            "nginx:01.14",
            "nginx:1.14.2.1",
            "nginx:1.14-nope",
            "nginx:1.",
            "nginx:1.14.99",
            "redis:6.5",
            "luksa/kubia:1.0",
        ] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
