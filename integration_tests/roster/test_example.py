"""`examples/import_roster.py`, which users copy into a pipeline."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from integration_tests.roster.roster_command import connection, rows_sent, schema_ids
from powerschool_enrollment_sandbox import Fault

FILE = Path(__file__).parents[2] / "examples" / "import_roster.py"


@pytest.fixture
def example(sandbox, tmp_path, monkeypatch):
    for name, value in {**connection(sandbox), "POWERSCHOOL_ENROLLMENT_RETRY_SECONDS": "0"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("POWERSCHOOL_ENROLLMENT_IMPORT_INTO", str(schema_ids(sandbox)[1]))
    (tmp_path / "my.csv").write_text("ExternalID,FirstName,LastName\n1,Zyx,Kwyx\n")
    monkeypatch.chdir(tmp_path)
    module = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("import_roster", FILE))
    spec.loader.exec_module(module)
    return module


def test_failed_import_is_tried_again(sandbox, example, capfd):
    sandbox.faults.add(Fault("status", path="/publishedactions", status=503, times=1))
    assert example.main(["my.csv"], pause=0) == 0
    shown = capfd.readouterr().out
    assert "Attempt 1 failed: trying again in 0 s." in shown
    assert shown.endswith("Every row was accepted.\n")
    assert len(rows_sent(sandbox)) == 1


def test_wrong_roster_is_not_tried_again(example, capfd):
    assert example.main(["missing.csv"], pause=0) == 2
    assert "trying again" not in capfd.readouterr().out


@pytest.mark.usefixtures("example")
def test_example_runs_as_a_script():
    done = subprocess.run([sys.executable, FILE, "missing.csv"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "missing.csv cannot be read: No such file or directory." in done.stdout
