# Two commands do everything on a fresh machine: `make demo` and `make test`. The rest is for developers.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DAGSTER_HOME := $(CURDIR)/.dagster

WHISPERX := .venv-whisperx
# The CPU build of torch is not on every package index: uv looks where pip is told to look, or say UV_TORCH_BACKEND=cpu.
FIND_LINKS := $(foreach place,$(PIP_FIND_LINKS),--find-links $(place))

# The test files that have tests with a mark, because collecting all others takes longer than some of these tests.
marked = $(shell grep -rlE 'mark\.$(1)\b' --include='*.py' clipper_assets_tests benchmarks)
# The longest first, so that no process waits for them at the end.
LONGEST := $(addprefix clipper_assets_tests/e2e/test_,launcher.py review.py dagster_dev.py)

.PHONY: demo test test-e2e test-whisperx test-speech test-deploy prove-docker prove-postgres lint types layers lock dev api bench bench-api simulate clean

demo: $(VENV)/.light $(DAGSTER_HOME)/dagster.yaml
	$(BIN)/clipper process sample/episode.mp4 --key demo/episode.mp4

test: lint
	$(BIN)/pytest -n auto --dist worksteal

test-e2e: $(VENV)/.dev
	$(BIN)/pytest -m episodes -n auto --dist worksteal $(call marked,episodes)
	$(BIN)/pytest -m e2e -n 2 --dist loadfile --no-loadscope-reorder $(LONGEST) $(call marked,e2e)

# Kubernetes, ECS, PostgreSQL and Prometheus with real servers: takes ten minutes, and Debian's postgresql and prometheus.
test-deploy: $(VENV)/.dev
	$(BIN)/pytest -m "deploy and not load"

# The real WhisperX with tiny models, on the CPU, without a hub.
test-whisperx: $(WHISPERX)/.installed
	$(WHISPERX)/bin/python -m pytest -m "whisperx and not speech" $(call marked,whisperx)

# Real weights (fetched once into the user's cache): Whisper's on real speech, with faster-whisper and with WhisperX, and
# YuNet's on the sample.
test-speech: $(VENV)/.dev $(WHISPERX)/.installed
	$(BIN)/pytest -m "speech and not whisperx" -rs $(call marked,speech)
	$(WHISPERX)/bin/python -m pytest -m "speech and whisperx" -rs $(call marked,speech)

# 32 episodes at once with PostgreSQL, restarted twice in the middle: takes ten minutes.
prove-postgres: $(VENV)/.dev
	$(BIN)/pytest -m load

# The compose set of deploy/docker, on an engine and images that it makes itself, as root on Debian: takes a quarter of an hour.
prove-docker: $(VENV)/.dev
	apt-get install -qq -y docker.io docker-compose debootstrap > /dev/null
	$(BIN)/pytest -m docker

# CPU, memory, bytes and quality beside the old way, commit a2d2b61 and the floor: takes a quarter of an hour.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# 200 clients that follow a run and 50 requests a second, with a restart of the API in the middle.
bench-api: $(VENV)/.dev
	$(BIN)/python -m benchmarks.api_load

# 1,000 episodes through the real daemon and PostgreSQL, with runs that only wait and write: takes three quarters of an hour.
simulate: $(VENV)/.dev
	$(BIN)/python -m benchmarks.simulation

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(MAKE) --no-print-directory --jobs=2 --output-sync types layers

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports
	cd $(CURDIR) && env -u DAGSTER_HOME PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dg check defs

# Dagster advises `dg dev` instead, but dg is among the tools of developers, which `make dev` does not install.
NOT_DG := ignore:Function `dev_command` is superseded:FutureWarning
dev: $(VENV)/.light $(DAGSTER_HOME)/dagster.yaml
	$(BIN)/clipper pools
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONWARNINGS='$(NOT_DG)' $(BIN)/dagster dev --log-format $(or $(CLIPPER_LOG_FORMAT),colored)

api: $(VENV)/.light $(DAGSTER_HOME)/dagster.yaml
	$(BIN)/clipper-api

lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet pyproject.toml --extra whisperx --extra dev --constraint constraints.txt \
		--override requirements/whisperx-cpu-overrides.txt --python-version 3.11 --no-header --no-annotate $(FIND_LINKS) \
		--output-file requirements/whisperx-cpu.txt
	$(BIN)/uv pip compile --quiet pyproject.toml --extra whisperx --extra docker --extra k8s --extra ecs \
		--constraint constraints.txt --python-version 3.11 --no-header --no-annotate \
		--output-file requirements/whisperx-cuda.txt

clean:
	rm -rf $(VENV) $(WHISPERX) .dagster

# A stamp each, so that a second call installs nothing and either target works after the other.
$(VENV)/.light: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

# uv needs a quarter of pip's time. It does not read pip's configuration, so pip installs where uv finds no packages.
$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt $(FIND_LINKS) --editable '.[dev]' || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.light

# Python compiles what the tests import; compiling all of torch and transformers takes a minute and a half. torchaudio's
# own libraries want CUDA; it falls back to Python without them.
$(WHISPERX)/.installed: requirements/whisperx-cpu.txt pyproject.toml
	rm -rf $(WHISPERX)
	$(PYTHON) -m venv $(WHISPERX)
	$(WHISPERX)/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(WHISPERX)/bin/uv pip install --quiet --python $(WHISPERX)/bin/python --no-deps $(FIND_LINKS) \
		--requirement requirements/whisperx-cpu.txt --editable .
	rm -f $(WHISPERX)/lib/python*/site-packages/torchaudio/lib/*.so
	touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "make: $(PYTHON) cannot make a virtual environment; install Python 3.11 with its venv module (Debian: apt install python3-venv)" >&2; exit 1; }

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	mkdir -p $(DAGSTER_HOME)
	cp dagster.yaml $@
