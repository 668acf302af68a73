# Waystation. `make demo` and `make test` need Python 3.11 or newer and the network; they set up everything else by
# themselves, in .venv, node_modules and build. A second run starts in seconds.

WORKERS ?= 2
STEPS ?= 1000000
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
NO_PYTHON = Waystation needs Python 3.11 or newer. Install it (on Debian 12: apt-get install python3 python3-venv) and try again
SETUP = $(or $(PYTHON),$(error $(NO_PYTHON))) tools/setup.py
BIN = .venv/bin

.PHONY: help demo test check bench setup lock catalogue look guide clean cluster-test soak

help:
	@echo "make demo    found a throw-away organisation, play the operation of 2017, open its desk"
	@echo "make test    everything: checks, then all tests (WORKERS=$(WORKERS) at once)"
	@echo "make check   format, lint, import contracts, types"
	@echo "make bench   measure against the bare libraries; writes build/bench.json"
	@echo "make soak    the simulator of many desks, a million steps (STEPS=$(STEPS))"
	@echo "make cluster-test  kill PostgreSQL machines under load; installs Patroni as root; about 8 minutes"
	@echo "make setup   only prepare what the above need"
	@echo "make catalogue  gather every text of the pages; then translate what is new in src/waystation/locale"
	@echo "make look    take a screenshot of every page, and keep them as what the pages should look like"
	@echo "make guide   take the pictures of the guide again"
	@echo "make lock    renew the lock files (needs uv and npm)"
	@echo "make clean   remove what the above made"

demo:
	@$(SETUP) runtime
	@$(BIN)/waystation demo

test: check
	@$(SETUP) tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check:
	@$(SETUP) dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

bench:
	@$(SETUP) tests
	@$(BIN)/python -m bench

soak:
	@$(SETUP) tests
	@$(BIN)/python -m tests.sim.soak $(STEPS)

cluster-test:
	@$(SETUP) tests
	@$(BIN)/python tools/cluster.py
	@WAYSTATION_CLUSTER=1 $(BIN)/python -m pytest -q -s tests/cluster

setup:
	@$(SETUP) tests

LOCK = uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"

lock:
	$(LOCK) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) requirements/build.in --constraint requirements/runtime.txt --output-file requirements/build.txt
	$(LOCK) --group dev --constraint requirements/runtime.txt --constraint requirements/build.txt \
		--output-file requirements/dev.txt
	npm install --package-lock-only

catalogue:
	@$(SETUP) dev
	@$(BIN)/python tools/catalogue.py

look:
	@$(SETUP) tests
	@rm -rf build/looks build/differences build/screenshots
	@WAYSTATION_LOOK=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m browser
	@cp -r build/screenshots build/looks

guide:
	@$(SETUP) tests
	@$(BIN)/python -m pytest -q tests/desk/journeys/test_guide.py -k taken
	@rm -rf src/waystation/desk/static/guide
	@cp -r build/guide src/waystation/desk/static/guide

clean:
	rm -rf .venv build dist node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
