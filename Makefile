# Two commands matter: `make demo` shows the main job, `make test` proves it. Both make their own environment.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
UV_VERSION := 0.13.9
# trust what the machine trusts, as pip does
export UV_SYSTEM_CERTS ?= 1
WORKERS ?= 3
NAME ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help demo test prove lint bench lock clean chromium

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-9s %s\n", $$1, $$2}'

define install
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
		|| { echo "Python 3.11, 3.12 or 3.13 is needed; name one with PYTHON=..."; exit 1; }
	@echo "· installing $(1) into $(VENV)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $(1)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
endef

$(READY): requirements/run.lock pyproject.toml
	$(call install,requirements/run.lock)

$(READY_DEV): requirements/dev.lock pyproject.toml
	$(call install,requirements/dev.lock)

demo: $(READY) ## Simulate a shop, build its figures, serve everything (ARGS=--no-serve: figures only)
	@start=$$SECONDS; $(BIN)/mingsuan demo $(ARGS); code=$$?; echo "make demo took $$((SECONDS - start)) s"; exit $$code

chromium:
	@$(PYTHON) tests/journeys/install_chromium.py

test: $(READY_DEV) chromium ## Tests at reduced counts, the longest proofs left out
	@start=$$SECONDS; $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS); code=$$?; echo "make test took $$((SECONDS - start)) s"; exit $$code

prove: $(READY_DEV) chromium ## All tests, at the full counts
	@MINGSUAN_FULL_COUNTS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(READY_DEV) ## Style, types, import contracts; SQL and rules of the models
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.warehouse.project_rules
	@PYTHONWARNINGS=ignore $(BIN)/sqlfluff lint --disable-progress-bar dbt_project/models dbt_project/tests

bench: $(READY_DEV) ## Benchmarks as ratios: all, or NAME=one
	@$(BIN)/python -m benchmarks $(NAME)

lock: $(READY_DEV) ## Lock the dependencies again, with hashes
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header pyproject.toml -o requirements/run.lock
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --extra dev -c requirements/run.lock \
		pyproject.toml -o requirements/dev.lock

clean: ## Remove the environment, caches and all local state under var/
	@test ! -x $(BIN)/mingsuan || $(BIN)/mingsuan stop || true
	@rm -rf $(VENV) var .mypy_cache .ruff_cache .hypothesis .import_linter_cache dbt_project/target dbt_project/logs
