# Every target works on a fresh clone: it makes what it needs first, and does nothing that is already done.
PYTHON ?= python3
VENV ?= .venv
PYTEST_ARGS ?=
# Each worker starts servers of its own; a file's tests stay together. WORKERS=0 runs all in one process.
WORKERS ?= 2

PY := $(VENV)/bin/python
UV := $(PY) -m uv
INSTALL := $(UV) pip install --quiet --python $(PY)
COMPILE := $(UV) pip compile --quiet --python $(PY) --universal --python-version 3.10 --no-header --no-annotate
ROOMS := connectors classifiers workflows
METADATA := setup.py pyproject.toml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo setup system test check corpus format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.plain ## Run the whole job on sample departments; needs only Python 3.10 or newer with venv
	$(PY) -m workflows.cli demo

setup: system $(VENV)/.complete ## Complete .venv with every extra and the dev tools, and install what tests need

system: ## Install the system packages that tests need (as root), or print the command that does
	@tools/system-packages

test: setup ## Run the tests, against real PostgreSQL, MariaDB and Chromium (PYTEST_ARGS="-k name")
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

check: setup ## What has to pass before a commit: format, lint, types, tests
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy --strict $(ROOMS)
	$(MAKE) --no-print-directory test

corpus: $(VENV)/.plain ## Accuracy on the labelled columns beside the recorded baseline (UPDATE=1 records it anew)
	@status=0; for file in tests/data/columns-own.jsonl tests/data/columns-validation.jsonl tests/data/columns-difficult.jsonl; do \
	  for hidden in "" --no-comments; do echo "== $$file $$hidden"; \
	    $(PY) -m workflows.cli evaluate $$file $$hidden --by style --baseline tests/data/baseline.json \
	      $(if $(UPDATE),--update-baseline) || status=1; echo; \
	  done; done; exit $$status

format: setup ## Format the code and repair what the linter can
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format .

# openmetadata.txt is the one resolution; the others are cut from it, so that one .venv can hold them all.
lock: $(VENV)/.tools ## Pin requirements/*.txt anew after a change in setup.py (UPGRADE=--upgrade for newer versions)
	$(COMPILE) $(UPGRADE) setup.py --extra openmetadata --extra dev -o requirements/openmetadata.txt >/dev/null
	$(COMPILE) $(UPGRADE) setup.py -c requirements/openmetadata.txt -o requirements/plain.txt >/dev/null
	$(COMPILE) $(UPGRADE) setup.py --extra dev -c requirements/openmetadata.txt -o requirements/dev.txt >/dev/null
	$(COMPILE) $(UPGRADE) requirements/build.in -c requirements/openmetadata.txt -o requirements/build.txt >/dev/null
	@! grep -nE '://|^-' requirements/*.txt

clean: ## Remove build products, caches and the demo's output; keep .venv
	rm -rf build dist *.egg-info pdc-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find $(ROOMS) tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.tools: requirements/build.txt
	@PYTHON="$(PYTHON)" tools/check-python
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -r requirements/build.txt
	@touch $@

$(VENV)/.plain: $(VENV)/.tools requirements/plain.txt $(METADATA)
	@$(INSTALL) -r requirements/plain.txt
	@# Python finds this folder's own metadata first: an old copy would hide new entry points.
	@rm -rf public_data_catalog.egg-info
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.complete: $(VENV)/.plain requirements/dev.txt requirements/openmetadata.txt
	@$(INSTALL) -r requirements/openmetadata.txt -r requirements/dev.txt
	@touch $@
