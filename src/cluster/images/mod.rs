//! The image catalogue: the images of the recorded cluster with what they do, and those that a learner describes.
//!
//! The table is that of `tests/conformance/images.md`, and metrics-server. It stands for the registries and for containerd's image store (`internal/cri/server/images`).
//! Deviations: every image is on every node from the beginning, none has layers or takes room, a tag stands for one program for ever, and a name that is
//! not here is refused by its registry.

use crate::cluster::runtime::CustomImage;

/// What an image's own program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Pause,
    Shell,
    Nginx,
    Echo,
    Kubia,
    Counter,
    Redis,
    Stress,
    MetricsServer,
    /// As the learner described it: index of the node's list.
    Custom(usize),
}

/// An image of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// With registry and path: `docker.io/library/nginx`.
    pub name: &'static str,
    pub tags: &'static [&'static str],
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
    Image { name, tags, program, entrypoint, command, port, stop_signal: "TERM", size_bytes: 2_210_000, user: 0, working_directory: "/" }
}

pub static CATALOGUE: &[Image] = &[
    image("registry.k8s.io/pause", &["3.8", "3.9", "3.10", "3.10.1", "3.10.2"], Program::Pause, &["/pause"], &[], 0),
    image("docker.io/library/busybox", &["latest", "1.36", "1.35", "1.28"], Program::Shell, &[], &["sh"], 0),
    image("docker.io/library/alpine", &["latest"], Program::Shell, &[], &["/bin/sh"], 0),
    Image {
        stop_signal: "QUIT",
        ..image(
            "docker.io/library/nginx",
            &["latest", "1.27", "alpine"],
            Program::Nginx,
            &["/docker-entrypoint.sh"],
            &["nginx", "-g", "daemon off;"],
            80,
        )
    },
    Image { working_directory: "/app", ..image("ghcr.io/subicura/echo", &["v1"], Program::Echo, &[], &["/app/echo"], 3000) },
    image("docker.io/luksa/kubia", &["latest"], Program::Kubia, &["node", "app.js"], &[], 8080),
    Image { working_directory: "/app", ..image("ghcr.io/subicura/counter", &["latest"], Program::Counter, &[], &["/app/counter"], 3000) },
    Image {
        working_directory: "/data",
        ..image("docker.io/library/redis", &["latest"], Program::Redis, &["docker-entrypoint.sh"], &["redis-server"], 6379)
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
    CATALOGUE.iter().find(|image| image.name == full && image.tags.contains(&tag.as_str()))
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
        Program::Nginx => matches!(plain, "docker-entrypoint.sh" | "nginx"),
        Program::Echo => plain == "echo" && word.starts_with("/app"),
        Program::Kubia => plain == "node",
        Program::Counter => plain == "counter",
        Program::Redis => matches!(plain, "docker-entrypoint.sh" | "redis-server"),
        Program::Stress => plain == "stress",
        Program::MetricsServer => plain == "metrics-server",
        Program::Custom(_) => plain == "app",
    }
}
