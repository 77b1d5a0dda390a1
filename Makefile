# Every target installs what it needs first: a bare machine with make and Python 3.9 or newer is enough. uv finds or downloads
# a Python that the target supports; PYTHON=python3.12 names one.
PYTHON ?=
VENV   ?= .venv
BIN    := $(VENV)/bin
PYTHONS := 3.10 3.11 3.12 3.13
ENVIRONMENT = @PYTHON="$(PYTHON)" VENV="$(VENV)" .ci/environment

.PHONY: install sync import sandbox test test-end-to-end test-all test-lowest connector-test openapi check fix hooks bench soak qa dist dist-test \
  image image-test form runners dbt dbt-install

install:
	$(ENVIRONMENT) develop

# Without a key, this target reads the sandbox. The script itself would fail, so that a scheduled run without its key is noticed.
sync:  ## API -> powerschool_enrollment.duckdb (OPTIONS=--detect-removed marks removed records, --replace drops them)
	$(ENVIRONMENT) sync
	@$(BIN)/python examples/sync_to_duckdb.py $(OPTIONS) \
	$(if $(POWERSCHOOL_ENROLLMENT_API_KEY)$(POWERSCHOOL_ENROLLMENT_BASE_URL),,--sandbox)

# Two rows of the sample are wrong on purpose, so this exit code is a success for the sample in the sandbox, and only there.
SOME_REJECTED := 3
import:  ## a roster (ROSTER=file.xlsx, OPTIONS="--into … --map …") -> API
	$(ENVIRONMENT) import
	@$(BIN)/powerschool-enrollment-import $(OPTIONS) $(if $(ROSTER),"$(ROSTER)") \
	$(if $(ROSTER)$(POWERSCHOOL_ENROLLMENT_API_KEY),,examples/roster.csv --sandbox || test $$? -eq $(SOME_REJECTED))

sandbox:  ## runs a stand-in for the service until it is stopped
	$(ENVIRONMENT) sandbox
	@$(BIN)/powerschool-enrollment-sandbox

test: install  ## unit and integration tests
	$(BIN)/pytest

test-end-to-end: install  ## what users run: the examples, the commands of the pages, the wheels, PyAirbyte's caches
	$(BIN)/pytest -n 2 end_to_end_tests

test-all:  ## all tests on each Python, in separate environments
	.ci/test-all $(PYTHONS)

# Schemathesis needs a newer pytest than the CDK allows.
.venv-openapi/.installed: integration_tests/openapi/requirements.lock | install
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-openapi
	$(BIN)/uv pip install --quiet --compile-bytecode --python .venv-openapi/bin/python --require-hashes \
	-r integration_tests/openapi/requirements.lock
	touch $@

openapi: .venv-openapi/.installed  ## docs/openapi.yaml is valid, and the sandbox answers as it describes
	.venv-openapi/bin/openapi-spec-validator docs/openapi.yaml
	@$(BIN)/python -m integration_tests.openapi.run

# Shows that the lower bounds in pyproject.toml are right: each direct dependency is installed in its lowest version.
test-lowest:  ## all tests with the lowest direct dependencies, in a separate environment
	@PYTHON="$(PYTHON)" VENV=.venv-lowest .ci/environment lowest
	.venv-lowest/bin/pytest unit_tests integration_tests end_to_end_tests $(OPTIONS)

connector-test: install  ## Airbyte's standard suite for both connectors, against the sandbox
	$(BIN)/airbyte-cdk connector test packaging/source-powerschool-enrollment/
	$(BIN)/airbyte-cdk connector test packaging/destination-powerschool-enrollment/

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

hooks: install  ## installs hooks that run the checks before each commit
	$(BIN)/pre-commit install

# The tools to compare with are in a separate environment: users do not need them.
.venv-bench/.installed: benchmarks/requirements.txt | install
	$(BIN)/uv venv --quiet --clear .venv-bench
	$(BIN)/uv pip install --quiet --python .venv-bench/bin/python -r benchmarks/requirements.txt
	touch $@

bench: .venv-bench/.installed  ## measures performance and compares it with other tools
	$(BIN)/python -m benchmarks.compare
	$(BIN)/python benchmarks/destination.py
	$(BIN)/python benchmarks/roster.py
	$(BIN)/python -m benchmarks.documents

soak: install  ## long random tests: syncs that are killed, and odd answers
	POWERSCHOOL_ENROLLMENT_SOAK_HISTORIES=40 $(BIN)/pytest -n0 -s integration_tests/source/test_record_kills.py
	POWERSCHOOL_ENROLLMENT_SOAK_DELIVERIES=1000 $(BIN)/pytest -n0 -q integration_tests/source/test_delivery_schedules.py
	POWERSCHOOL_ENROLLMENT_SOAK_REMOVALS=4000 $(BIN)/pytest -n0 -s integration_tests/source/removed_records/test_histories.py
	$(BIN)/python -m integration_tests.soak.deliveries
	$(BIN)/python -m integration_tests.soak.destination
	$(BIN)/python -m integration_tests.soak.simulation
	$(BIN)/python -m integration_tests.soak.fuzz
	$(BIN)/python -m integration_tests.soak.limits

# Airbyte's own checks need Python 3.11 or 3.12 (uv finds or downloads it), and many packages that users do not need.
.venv-qa/.installed: integration_tests/quality/requirements.lock | install
	$(BIN)/uv venv --quiet --clear --python '>=3.11,<3.13' .venv-qa
	$(BIN)/uv pip install --quiet --python .venv-qa/bin/python --require-hashes -r integration_tests/quality/requirements.lock
	touch $@

qa: .venv-qa/.installed  ## Airbyte's QA checks on both connectors, compared with docs/quality.md
	@DO_NOT_TRACK=1 .venv-qa/bin/python -m integration_tests.quality.run

# The build uses the build tools in .venv, so it needs no network.
BUILD = $(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist
dist: install  ## the wheels to publish, in dist
	rm -rf dist
	$(BUILD) .
	$(BUILD) packaging/source-powerschool-enrollment
	$(BUILD) packaging/destination-powerschool-enrollment
	@ls dist

# As `uvx airbyte-source-powerschool-enrollment spec` will do, but with the wheels in dist.
dist-test: dist  ## installs each connector from its wheel, with its dependencies, in an empty environment
	@for connector in source destination; do \
	$(BIN)/uv tool run --quiet --isolated --python $(BIN)/python --find-links dist \
	--from airbyte-$$connector-powerschool-enrollment $$connector-powerschool-enrollment spec > /dev/null \
	&& echo "airbyte-$$connector-powerschool-enrollment: spec works" || exit 1; done

# dbt is in a separate environment: a sync does not need it.
.venv-dbt/.installed: integration_tests/dbt/requirements.lock | install
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-dbt
	$(BIN)/uv pip install --quiet --compile-bytecode --python .venv-dbt/bin/python --require-hashes \
	-r integration_tests/dbt/requirements.lock
	touch $@

dbt-install: .venv-dbt/.installed  ## dbt with its adapters for DuckDB and PostgreSQL, in .venv-dbt

dbt: .venv-dbt/.installed  ## tests the dbt package on DuckDB and PostgreSQL, and the queries of docs/warehouse_recipes.md
	$(BIN)/pytest -n 2 --dist loadgroup --timeout 900 integration_tests/dbt/model_checks.py \
	integration_tests/dbt/package_checks.py integration_tests/dbt/guide_checks.py

image: install  ## both images, tagged as in the registry entries
	$(BIN)/python -m integration_tests.images.build

image-test: install  ## builds both images, with or without a container engine, and runs every command in them
	$(BIN)/pytest -n 0 integration_tests/images/checks.py

runners: install  ## every runner of docs/runners.md in a separate environment (RUNNER=dlt: only this one)
	@$(BIN)/python -m integration_tests.runners.run $(if $(RUNNER),"$(RUNNER)")

# No lock file: npm would write the address of your registry into it, which may be a mirror. package.json pins the versions.
form: install  ## both configuration forms as users see them, as pictures in .cache/form
	mkdir -p .cache/form
	cp integration_tests/form/* .cache/form
	npm --prefix .cache/form install --no-package-lock --no-audit --no-fund --loglevel=error
	$(BIN)/source-powerschool-enrollment spec > .cache/form/source.json
	$(BIN)/destination-powerschool-enrollment spec > .cache/form/destination.json
	node .cache/form/render.mjs
