"""Tests of both images, for `make image-test`. They are not part of `make test`, because the build takes minutes."""

from __future__ import annotations

import json
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from integration_tests.connector import Outcome, configured_catalog
from integration_tests.destination.session import configured_stream, record, stream_state
from integration_tests.images.choice import engine as engine_of_this_machine
from integration_tests.images.engine import Engine
from integration_tests.images.wheels import REPOSITORY

CONNECTORS = ("source", "destination")
METADATA = {"source": "metadata.yaml", "destination": "destination_powerschool_enrollment/metadata.yaml"}
PYTHON = "/opt/connector/bin/python"
ROW = {
    "stu_ExternalID": "S-1",
    "stu_FirstName": "Ada",
    "stu_LastName": "Lovelace",
    "stu_DateOfBirth": "2015-12-10",
}

pytestmark = pytest.mark.timeout(1800)


@dataclass(frozen=True)
class Images:
    """Both images, and how to run them with files."""

    engine: Engine
    folder: Path
    prefix: str

    def name(self, connector: str) -> str:
        return f"{self.prefix}-{connector}"

    def run(self, connector: str, command: str, *, stdin: str = "", **files: Any) -> Outcome:
        arguments = [command]
        for name, content in files.items():
            (self.folder / f"{name}.json").write_text(json.dumps(content))
            arguments += [f"--{name}", f"/data/{name}.json"]
        done = self.engine.run(self.name(connector), arguments, data=self.folder, stdin=stdin)
        return Outcome(done.returncode, done.stdout, done.stderr)

    def python(self, connector: str, code: str) -> str:
        done = self.engine.run(self.name(connector), ["-c", code], data=self.folder, entrypoint=PYTHON)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="session")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    folder.chmod(0o755)  # for the container's user
    with engine_of_this_machine() as engine:
        built = Images(engine, folder, f"localhost/{folder.parent.name}".lower())
        try:
            for connector in CONNECTORS:
                engine.build(connector, built.name(connector))
            yield built
        finally:
            for connector in CONNECTORS:
                engine.remove(built.name(connector))


@pytest.mark.parametrize("connector", CONNECTORS)
def test_spec_is_printed(images, connector):
    (spec,) = images.run(connector, "spec").of_type("SPEC")
    assert spec["connectionSpecification"]["required"][0] == "api_key"


def test_the_source_checks_discovers_and_reads(images, config):
    assert images.run("source", "check", config=config).connection_status == {"status": "SUCCEEDED"}
    streams = images.run("source", "discover", config=config).catalog
    catalog = configured_catalog(streams, ["published_actions", "roster_records"])
    read = images.run("source", "read", config=config, catalog=catalog)
    assert read.exit_code == 0, read.errors
    assert len(read.records("published_actions")) == 3
    assert len(read.records("roster_records")) == 3 * 130


def test_the_destination_checks_discovers_and_writes(images, sandbox, config):
    form = next(iter(sandbox.district.forms.values()))
    target = {
        "type": "import_schema",
        "published_action_id": form.id,
        "import_schema_id": next(iter(form.import_schemas)),
    }
    config = {**config, "imports": [{"stream": "roster", "target": target, "key_field": "stu_ExternalID"}]}
    assert images.run("destination", "check", config=config).connection_status == {"status": "SUCCEEDED"}
    (offered,) = images.run("destination", "discover", config=config).of_type("DESTINATION_CATALOG")
    assert offered["operations"]
    catalog = {"streams": [configured_stream("roster", ROW)]}
    rows = "\n".join(map(json.dumps, [record(ROW, "roster"), stream_state(1, "roster")]))
    written = images.run("destination", "write", stdin=rows, config=config, catalog=catalog)
    assert written.exit_code == 0, written.stdout
    (state,) = written.states
    assert state["destinationStats"]["recordCount"] == 1
    (attempt,) = sandbox.district.imports.attempts
    assert attempt.record_id is not None


@pytest.mark.parametrize("connector", CONNECTORS)
def test_labels_are_those_of_the_registry_entry(images, connector):
    entry = yaml.safe_load((REPOSITORY / METADATA[connector]).read_text())["data"]
    labels = images.engine.labels(images.name(connector))
    assert labels["io.airbyte.name"] == entry["dockerRepository"]
    assert labels["io.airbyte.version"] == entry["dockerImageTag"]


@pytest.mark.parametrize("connector", CONNECTORS)
def test_connector_is_not_root_and_can_write_only_temporary_files(images, connector):
    user_name = "import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)"
    assert images.python(connector, user_name) == "airbyte"
    writable = "import os; print([p for p in ('/', '/airbyte', '/opt/connector', '/data') if os.access(p, os.W_OK)])"
    assert images.python(connector, writable) == "[]"


@pytest.mark.parametrize(("connector", "other"), [CONNECTORS, CONNECTORS[::-1]])
def test_an_image_holds_its_connector_and_nothing_for_development(images, connector, other):
    absent = [
        f"{other}_powerschool_enrollment",
        "powerschool_enrollment_sandbox",
        *("airbyte", "pip", "uv", "pytest", "mypy", "ruff", "fastapi", "uvicorn", "faker", "duckdb"),
    ]
    find = f"from importlib.util import find_spec; print([n for n in {absent} if find_spec(n)])"
    assert images.python(connector, find) == "[]"
    assert images.python(connector, f"import {connector}_powerschool_enrollment as c; print(c.__file__)").startswith(
        "/airbyte/integration_code/"
    )


def test_sizes_and_start_up_times_are_printed(images, capsys):
    base = images.engine.size(images.engine.base)
    lines = []
    for connector in CONNECTORS:
        added = (images.engine.size(images.name(connector)) - base) / 1e6
        seconds = _seconds(lambda connector=connector: images.run(connector, "spec"))
        assert added > 0
        lines.append(f"{connector}: {added:.0f} MB more than the base ({base / 1e6:.0f} MB), spec in {seconds:.2f} s")
    with capsys.disabled():
        print("", *lines, sep="\n")


def _seconds(run, times=3):
    def once():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    return statistics.median(once() for _ in range(times))
