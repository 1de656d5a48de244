# What a person needs to work on Podlab. `make serve` and `make test` suffice; each installs what it is missing and says so.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(PATH)
NEED := bash .ci/need
PODLAB := target/quick/podlab
SHARED ?= ../shared

.PHONY: help serve test build native release lint unit web e2e conformance floors sync-conformance bench later screens lessons fuzz

help:
	@echo "make serve              builds the app and serves it on http://127.0.0.1:8080"
	@echo "make test               every check: format, lints, native tests, conformance floors, wasm tests, browser tests"
	@echo "make build              dist/, for any static host, under any path"
	@echo "make conformance        compares podlab with recorded Kubernetes; differences in target/conformance/"
	@echo "make release            the native tool as fast as it gets: target/podlab"
	@echo "make bench              measures speed and size beside the peers; the table stays in target/bench/report.md"
	@echo "make fuzz               random input for SECONDS=60 a target; what breaks stays in target/fuzz/"
	@echo "make later              renews src/ui/app/later.txt, the list of what the first picture does not need"
	@echo "make screens            screenshots of the main states into target/screens/"
	@echo "make sync-conformance   renews tests/conformance from SHARED=$(SHARED)"

# --- the app

node_modules/.package-lock.json: package.json package-lock.json
	@$(NEED) node
	@echo "podlab: installing the npm packages of package-lock.json into node_modules/ (about 20 s)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build: node_modules/.package-lock.json
	@$(NEED) rust trunk wasm-bindgen
	@echo "podlab: building the app into dist/ (about 1 min; 5 min the first time)"
	@npm run --silent build

serve: build
	@echo "podlab: serving on http://127.0.0.1:8080 (Ctrl-C ends it)"
	@sirv dist --host 127.0.0.1 --port 8080 --quiet --dev

# --- the native tool

native:
	@$(NEED) rust
	@echo "podlab: building the native tool (about 1 min; 3 min the first time)"
	@cargo build --quiet --profile quick

release:
	@$(NEED) rust python3
	@bash .ci/release

# --- tests

test: lint unit floors lessons web e2e
	@echo "podlab: every check passed"

lint: node_modules/.package-lock.json
	@$(NEED) rust
	@echo "podlab: format and lints, for both targets (about 1 min; 3 min the first time)"
	@cargo fmt --check
	@rustfmt --check --edition 2024 src/kubectl/verbs/*.rs src/kubectl/verbs/*/*.rs
	@npm run --silent editor
	@cargo clippy --quiet --all-targets -- -D warnings
	@cargo clippy --quiet --target wasm32-unknown-unknown -- -D warnings

unit:
	@echo "podlab: native tests (about 1 min)"
	@cargo test --profile quick

lessons: native
	@echo "podlab: proving the lessons"
	@$(PODLAB) lesson check lessons

conformance: native
	@$(NEED) python3
	@mkdir -p target/conformance
	@rm -rf target/conformance/diff target/conformance/diff-recorded
	@python3 -B tests/conformance/judge.py --podlab $(PODLAB) --json target/conformance/figures.json --diff target/conformance/diff > target/conformance/report.txt
	@grep -v '^  ' target/conformance/report.txt
	@python3 -B tests/conformance/judge.py --podlab $(PODLAB) --json target/conformance/recorded.json --diff target/conformance/diff-recorded tests/recorded > target/conformance/report-recorded.txt
	@grep -v '^  ' target/conformance/report-recorded.txt | sed 's/^/recorded_/'
	@echo "podlab: by group in target/conformance/report.txt, differences in target/conformance/diff/"

floors: conformance
	@python3 -B tests/floors.py tests/conformance.toml target/conformance/figures.json recorded=target/conformance/recorded.json

web: node_modules/.package-lock.json
	@$(NEED) rust wasm-bindgen chromium
	@echo "podlab: tests of the core and the browser door in Chromium (about 2 min)"
	@npm run --silent editor
	@# All tests together take 10 to 20 s; the runner's own patience ends at 20.
	@CHROMEDRIVER=$$(command -v chromedriver) CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner \
		WASM_BINDGEN_TEST_TIMEOUT=300 cargo test --target wasm32-unknown-unknown --test web

e2e: build
	@$(NEED) chromium
	@echo "podlab: the built app in Chromium (about 4 min)"
	@playwright test --config tests/e2e/playwright.config.mjs --project app

# --- measuring and looking

# After the code has changed much; only the size of what the first picture waits for depends on it.
later: build
	@$(NEED) chromium
	@echo "podlab: renewing the list of what the first picture does not need (about 2 min)"
	@node tests/bench/later.mjs
	@npm run --silent build

# PARTS="browser verdicts": only these; PEERS=0: without the peers; PEERS=1: fails where a peer cannot be had.
bench: build release
	@$(NEED) chromium
	@echo "podlab: measuring (about 6 min; leave the machine alone meanwhile)"
	@PEERS="$(PEERS)" node tests/bench/run.mjs $(PARTS)

# Each target for so many seconds; TARGET=kubectl: only this one.
SECONDS = 60
fuzz:
	@$(NEED) rust node
	@bash fuzz/run $(SECONDS) $(TARGET)

screens: build
	@$(NEED) chromium
	@playwright test --config tests/e2e/playwright.config.mjs --project screens

sync-conformance:
	@test -d $(SHARED)/conformance || { echo "podlab: $(SHARED)/conformance is not there; say SHARED=FOLDER"; exit 1; }
	@rm -rf tests/conformance && cp -r $(SHARED)/conformance tests/conformance && chmod -R u+w tests/conformance
	@find tests/conformance -name __pycache__ -exec rm -rf {} +
	@echo "podlab: tests/conformance is a copy of $(SHARED)/conformance"
