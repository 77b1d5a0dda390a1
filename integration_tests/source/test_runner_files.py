"""Files and surroundings that runners give the source, as public bug reports of other connectors describe them."""

import json
import tempfile

import pytest

from integration_tests.connector import configured_catalog, discovered_streams, source_arguments
from powerschool_enrollment_sandbox import District, running_sandbox
from source_powerschool_enrollment.run import parse_arguments, run_command

RECORDS = 6


@pytest.fixture(scope="module")
def sandbox():
    district = District.generate(forms=1, roster_records_per_form=RECORDS, submission_records_per_form=0, data_items=2)
    with running_sandbox(district=district) as running:
        yield running


@pytest.fixture(scope="module")
def config(sandbox):
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


@pytest.fixture
def catalog():
    return configured_catalog(discovered_streams(), ["roster_records"], "incremental")


def test_read_needs_no_folder_that_can_be_written(config, catalog, tmp_path, monkeypatch):
    arguments = parse_arguments(source_arguments("read", tmp_path, config=config, catalog=catalog))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(FileNotFoundError):
        tempfile.mkdtemp()
    lines = []
    assert run_command(arguments, lines.append) == 0
    assert sum(json.loads(line)["type"] == "RECORD" for line in lines) == RECORDS
