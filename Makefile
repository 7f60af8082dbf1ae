# Two commands do everything on a fresh machine: `make demo` and `make test`. The rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME := $(CURDIR)/.dagster

.PHONY: demo test test-e2e lint dev pictures clean

demo: $(VENV)/.light $(DAGSTER_HOME)/dagster.yaml
	$(BIN)/clipper process sample/episode.mp4 --key demo/episode.mp4

test: lint
	$(BIN)/pytest -n auto

test-e2e: $(VENV)/.dev
	$(BIN)/pytest -m e2e

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd $(CURDIR) && env -u DAGSTER_HOME PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dg check defs

dev: $(VENV)/.light $(DAGSTER_HOME)/dagster.yaml
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dagster dev

clean:
	rm -rf $(VENV) .dagster

# A stamp each, so that a second call installs nothing and either target works after the other.
$(VENV)/.light: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.light

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "make: $(PYTHON) cannot make a virtual environment; install Python 3.11 with its venv module (Debian: apt install python3-venv)" >&2; exit 1; }

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	mkdir -p $(DAGSTER_HOME)
	cp dagster.yaml $@
