# Everything a person or a machine does with this repository. `make` lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# more options for the program: make run ARGS="--listen 0.0.0.0:8006"
ARGS ?=
# serve another system's tree instead of this machine: make run ROOT=/mnt
ROOT ?=
BINARY := target/release/innkeeper
WEB_SOURCES := $(shell git ls-files web docs/guide ':!web/e2e' 2>/dev/null) docs/openapi.json

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: tools-build web/dist/index.html ## release binary with the GUI inside: target/release/innkeeper
	cargo build --release --locked --package innkeeper
	@ls -lh $(BINARY) | awk '{print "$(BINARY):", $$5}'

.PHONY: run
run: build ## install what is missing, build, serve this machine, print where
	$(BINARY) serve $(if $(ROOT),--root $(ROOT)) $(ARGS)

.PHONY: test
test: tools-build tools-test tools-lab ## all tests but the lab's long ones (cargo lab test); says what did not run
	scripts/test.sh

.PHONY: check
check: tools-build ## the fast loop: format, lints, pure and cassette tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo nextest run --workspace --locked --profile fast

.PHONY: fmt
fmt: ## format everything
	cargo fmt --all
	cd web && npm run --silent fmt

.PHONY: bench
bench: tools-build tools-bench build ## measure this program and its peers on the same work, in one run
	INNKEEPER_IFQUERY="$${XDG_CACHE_HOME:-$$HOME/.cache}/innkeeper-tools/ifupdown2/ifquery" \
		cargo run --release --locked --package innkeeper-bench

.PHONY: docs
docs: ## write the generated files anew: docs/openapi.json, the pictures
	UPDATE=1 cargo nextest run --locked --package innkeeper --test openapi
	UPDATE_PICTURES=1 scripts/test.sh browser

# a binary that is there already: make deb BINARY=target/debug/innkeeper
.PHONY: deb
deb: $(if $(filter target/release/innkeeper,$(BINARY)),build) ## Debian package: target/debian/innkeeper_VERSION_ARCH.deb
	packaging/build-deb.sh $(BINARY)

# where the tree is put: make install DESTDIR=/tmp/tree
DESTDIR ?=
.PHONY: install
install: $(if $(filter target/release/innkeeper,$(BINARY)),build) ## put the program, units, pages and completions in place
	packaging/install.sh $(BINARY) $(DESTDIR)

.PHONY: clean
clean: ## remove what was built
	cargo clean
	rm -rf web/dist web/node_modules .venv fuzz/target

.PHONY: tools-build tools-test tools-bench tools-lab
tools-build tools-test tools-bench tools-lab: tools-%:
	@scripts/tools.sh $*

web/dist/index.html: $(WEB_SOURCES) web/node_modules/.package-lock.json
	cd web && npm run --silent build

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
