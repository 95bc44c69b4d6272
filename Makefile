# aos-reactor. `make run` and `make test` need nothing but Debian 12 and a Swift toolchain: they install the rest.

SWIFT ?= swift
# Imports of a sibling target that the manifest does not declare are errors; warnings are errors by the manifest.
FLAGS := --explicit-target-dependency-import-check error
# Swift's own libraries are linked into the program: it starts faster, needs less memory and runs without a toolchain.
RELEASE := -c release --static-swift-stdlib
# Arguments for the program: make run ARGS="--config config/reactor.yaml"
ARGS ?=
# Tests by name: make test FILTER=RedisClientTests
FILTER ?=
# Cases of the benchmark: make bench CASES="flood latency"
CASES ?=

.PHONY: help run build test test-build chaos bench lint fuzz setup clean

help:
	@echo "make run    set up, build, start the reactor in the foreground (Ctrl-C stops it)"
	@echo "make test   set up, then every test, against redis-server processes of its own"
	@echo "make chaos  kill reactors and Redis TRIALS=1000 times while alerts are sent, and count what is lost"
	@echo "make bench  measure the release build against C programs; one JSON line a case"
	@echo "make lint   format and imports"
	@echo "make fuzz   run the parsers on random input (SECONDS=30 each), compare PAIRS=10000000 pattern matches"
	@echo "make build  release build only;  make clean  remove all that was built"

setup:
	@scripts/setup

run: setup
	@$(SWIFT) build $(RELEASE) --product aos-reactor
	@exec .build/release/aos-reactor run $(ARGS)

build: setup
	$(SWIFT) build $(RELEASE) --product aos-reactor

test-build:
	@scripts/setup --tests
	$(SWIFT) build --build-tests $(FLAGS)

test: test-build
	@scripts/test $(FILTER)

# One trial is one kill -9, of a reactor or of Redis.
chaos: test-build
	AOS_CHAOS_TRIALS=$${TRIALS:-1000} scripts/test CrashMatrixTests

bench:
	@scripts/setup --bench
	@$(SWIFT) build $(RELEASE) --product aos-reactor
	@$(SWIFT) build $(RELEASE) --product latency-probe
	@$(SWIFT) build $(RELEASE) --product EventPatternsBench
	@$(SWIFT) build $(RELEASE) --product stage-bench
	@$(SWIFT) build $(RELEASE) --product contract-bench
	@$(SWIFT) build $(RELEASE) --product decide-bench
	@$(SWIFT) build $(RELEASE) --product machine-bench
	@$(SWIFT) build $(RELEASE) --product history-bench
	@Benchmarks/bench $(CASES)

lint:
	@scripts/lint

fuzz:
	@scripts/setup
	@scripts/fuzz $(SECONDS)

clean:
	rm -rf .build Benchmarks/.build
