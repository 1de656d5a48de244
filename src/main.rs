//! Podlab's two doors: in a browser it mounts the app, on a native target it is the author's tool.

#[cfg(not(target_arch = "wasm32"))]
mod cli;
#[cfg(target_arch = "wasm32")]
mod ui;

/// A verdict makes thousands of small trees: the system's allocator would take a quarter of its time.
#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: cli::Allocator = cli::Allocator;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {
    ui::mount();
}
