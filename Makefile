# Two commands matter: `make demo` and `make test`. Both set up what is missing, and only that.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUNTIME := $(VENV)/.runtime-installed
DEV := $(VENV)/.dev-installed
SYSTEM_PACKAGES := strace chromium iproute2
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml - --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-annotate --no-header --no-emit-package torch

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-dev setup-system demo check format test test-full torture bench lock docs clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with 'make PYTHON=python3.11 …'."; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements-torch.txt requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --quiet -r requirements-torch.txt
	$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(DEV): requirements-dev.lock $(RUNTIME)
	$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(RUNTIME)  ## make .venv with pinned packages, and fetch the embedded model
	@$(BIN)/python -m llm_finetune.model.embedded

setup-dev: setup $(DEV)  ## what the checks and the tests need besides

setup-system:  ## tools that a few tests use, by apt and as root; without them these tests skip
	@if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		dpkg -s $(SYSTEM_PACKAGES) > /dev/null 2>&1 \
		|| { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(SYSTEM_PACKAGES) > /dev/null; }; \
	else echo "not root, or no apt: $(SYSTEM_PACKAGES) are left as they are"; fi

demo: setup  ## the whole journey on real data, in demo-run/
	@bash tools/demo.sh $(BIN)/llm-finetune

check: $(DEV)  ## format, lint, types, floors, and whether what is generated is fresh
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/generate_docs.py --check

format: $(DEV)  ## put the source into its one format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

test: setup-dev  ## the tests, without the slowest
	$(BIN)/python -m pytest

test-full: setup-dev  ## every test
	$(BIN)/python -m pytest -m ""

torture: setup-dev  ## 20,000 damaged data files, each read and checked within two seconds
	LLM_FINETUNE_TORTURE=20000 $(BIN)/python -m pytest -m "" tests/torture

bench: setup  ## reading, encoding, and our training against the plain script in turn on this machine (about 12 minutes)
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/encoding.py
	$(BIN)/python benchmarks/run.py

docs: $(DEV)  ## write the JSON Schema and the references from the code
	$(BIN)/python tools/generate_docs.py

lock: $(DEV)  ## renew the lock files from pyproject.toml (UPGRADE=--upgrade takes new versions)
	printf 'hatchling\neditables\n' | $(UV_COMPILE) $(UPGRADE) -c requirements-torch.txt -o requirements.lock
	printf 'hatchling\neditables\n' | $(UV_COMPILE) $(UPGRADE) -c requirements-torch.txt -c requirements.lock \
		--group dev --extra track --extra quant -o requirements-dev.lock

clean:  ## remove the demo run, builds and caches; .venv stays
	rm -rf demo-run build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find src tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
