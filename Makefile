# Everything a person or the continuous integration runs. `make` alone lists it.

# A shell that was open while rustup ran does not have cargo on its path yet.
export PATH := $(PATH):$(HOME)/.cargo/bin

CARGO_PROFILE := $(if $(HUIKE_RELEASE),--release)

.DEFAULT_GOAL := help
.PHONY: help run test check fmt openapi services bench build clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

run: ## Start the demo shop: everything in one process, nothing to install (HUIKE_RELEASE=1: slower build, faster run)
	@scripts/need-rust
	@scripts/front-ends build
	cargo run --locked $(CARGO_PROFILE) -p huike -- demo

test: ## Run every test: the front ends' own, embedded, distributed where the three services answer, in a browser
	@scripts/need-rust
	@scripts/test

check: ## Hold the format, the lints, the licences and crate boundaries, and docs/openapi.json
	@scripts/need-rust
	@scripts/check

fmt: ## Format the Rust code
	@scripts/need-rust
	cargo fmt --all

openapi: ## Write docs/openapi.json from the code
	@scripts/need-rust
	@scripts/openapi

services: ## Make PostgreSQL, RabbitMQ and Redis available, and print their URLs as export lines
	@scripts/services

bench: ## Measure the release binary and write target/bench/*.json
	@scripts/need-rust
	@scripts/bench

build: ## Build the release binary with both front ends in it, target/release/huike
	@scripts/need-rust
	@scripts/front-ends build
	cargo build --locked --release -p huike

clean: ## Remove what was built; the demo's data stays
	cargo clean
