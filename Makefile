# Every target installs what it needs into .venv first: a bare machine with Python and make is enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PYTHONS := 3.10 3.11 3.12 3.13
INSTALLED := $(VENV)/.installed

.PHONY: install sync import sandbox test test-all check fix hooks bench soak qa image image-test form

install: $(INSTALLED)

# uv itself comes from the lock too, with its hash; then uv installs the rest in seconds. Compiled at once, because each
# start of a connector from source files would cost two seconds more.
$(INSTALLED): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $(VENV)/uv.lock
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

# Without a key it reads the sandbox. The script requires an explicit flag, because scheduled runs are unattended.
sync: install  ## API -> powerschool_enrollment.duckdb (OPTIONS=--replace drops what is gone)
	@$(BIN)/python -c 'from importlib.util import find_spec; find_spec("airbyte") or exit("make sync needs PyAirbyte, \
	which installs on Python 3.10 to 3.12: remove $(VENV), and name one of them, as in make sync PYTHON=python3.12")'
	@$(BIN)/python examples/sync_to_duckdb.py $(OPTIONS) \
	$(if $(POWERSCHOOL_ENROLLMENT_API_KEY)$(POWERSCHOOL_ENROLLMENT_BASE_URL),,--sandbox)

# Two rows of the sample are wrong on purpose, which is not a failure. In your roster, or with a key, it is one.
SOME_REJECTED := 3
import: install  ## a roster (ROSTER=file.csv, OPTIONS="--into … --map …") -> API
	@$(BIN)/python examples/import_roster.py $(OPTIONS) $(if $(ROSTER),"$(ROSTER)") \
	$(if $(ROSTER)$(POWERSCHOOL_ENROLLMENT_API_KEY),,|| test $$? -eq $(SOME_REJECTED))

sandbox: install  ## the service's stand-in, until stopped
	@$(BIN)/powerschool-enrollment-sandbox

test: install
	$(BIN)/pytest

test-all:  ## all tests on each Python, in separate environments
	.ci/test-all $(PYTHONS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: install  ## the checks before each commit
	$(BIN)/pre-commit install

# The peers are installed in a separate environment: users do not need them.
.venv-bench/.installed: benchmarks/requirements.txt $(INSTALLED)
	$(BIN)/uv venv --quiet --clear .venv-bench
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python -r benchmarks/requirements.txt
	touch $@

bench: .venv-bench/.installed  ## against peers, one run, ratios
	$(BIN)/python -m benchmarks.compare
	$(BIN)/python benchmarks/destination.py
	$(BIN)/python -m benchmarks.documents

soak: install  ## the long random kills
	POWERSCHOOL_ENROLLMENT_SOAK_HISTORIES=40 $(BIN)/pytest -n0 -s integration_tests/source/test_record_kills.py
	$(BIN)/python -m integration_tests.soak.deliveries
	$(BIN)/python -m integration_tests.soak.destination

# Airbyte's own checks want Python 3.11 or 3.12 (uv finds one, or fetches it) and many packages that users need not have.
.venv-qa/.installed: integration_tests/quality/requirements.lock $(INSTALLED)
	$(BIN)/uv venv --quiet --clear --python '>=3.11,<3.13' .venv-qa
	$(BIN)/uv pip install --quiet --python .venv-qa/bin/python --require-hashes -r integration_tests/quality/requirements.lock
	touch $@

qa: .venv-qa/.installed  ## Airbyte's QA checks on both connectors, compared with docs/quality.md
	@DO_NOT_TRACK=1 .venv-qa/bin/python -m integration_tests.quality.run

image: install  ## both images, tagged as in the registry entries
	$(BIN)/python -m integration_tests.images.build

image-test: install  ## builds both images, with or without a container engine, and runs every command in them
	$(BIN)/pytest -n 0 integration_tests/images/checks.py

# No lock file: npm writes down which registry it asked, and yours may be a mirror. package.json pins the versions.
form: install  ## both configuration forms as people see them, as pictures in .cache/form
	mkdir -p .cache/form
	cp integration_tests/form/* .cache/form
	npm --prefix .cache/form install --no-package-lock --no-audit --no-fund --loglevel=error
	$(BIN)/source-powerschool-enrollment spec > .cache/form/source.json
	$(BIN)/destination-powerschool-enrollment spec > .cache/form/destination.json
	node .cache/form/render.mjs
