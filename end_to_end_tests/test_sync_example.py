"""`make sync`: the output that the README shows, and the messages of failures."""

import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import duckdb
import pytest

import powerschool_enrollment_sandbox
from integration_tests.pyairbyte import needs_pyairbyte
from integration_tests.warm_process import WarmProcess, run_warm
from powerschool_enrollment_sandbox import District, SandboxProcess, running_sandbox

VARIABLES = "POWERSCHOOL_ENROLLMENT_"
EXAMPLE = Path(__file__).parents[1] / "examples" / "sync_to_duckdb.py"

pytestmark = needs_pyairbyte


def environment(sandbox, api_key):
    return {
        **os.environ,
        "POWERSCHOOL_ENROLLMENT_API_KEY": api_key,
        "POWERSCHOOL_ENROLLMENT_BASE_URL": sandbox.base_url,
    }


def sync(folder, sandbox, api_key, *arguments, **settings):
    return run_warm(EXAMPLE, *arguments, folder=folder, environment=environment(sandbox, api_key), **settings)


def rows(printed):
    return dict(re.findall(r"│ (\w+) +│ +([\d,]+) │", printed))


@pytest.fixture(scope="module")
def service(small_district):
    """Yield the running sandbox that `first_sync` reads."""
    with running_sandbox(district=District.generate(**small_district)) as running:
        yield running


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="module")
def first_sync(service, warehouse):
    """Run the first sync as a user does, and return the completed process."""
    return subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=warehouse,
        env=environment(service, service.api_key),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_output_ends_with_a_table_of_rows_per_stream(first_sync, warehouse):
    done = first_sync
    assert done.returncode == 0, done.stderr[-2000:]
    found = rows(done.stdout)
    assert (found["published_actions"], found["roster_records"], found["submission_records"]) == ("3", "390", "210")
    assert "schema main" in done.stdout
    assert (warehouse / "powerschool_enrollment.duckdb").stat().st_mode & 0o077 == 0


def test_refused_key_is_reported_without_a_traceback(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, "wrong-key")
    output = done.stdout + done.stderr
    assert done.returncode == 1
    assert "the API key was refused" in output
    assert "Check the option api_key" in output
    assert "Traceback" not in output
    assert "wrong-key" not in output


def test_missing_key_is_reported_and_the_sandbox_is_not_read(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, "")
    assert done.returncode == 1
    assert "POWERSCHOOL_ENROLLMENT_API_KEY is not set. Set it, or add --sandbox" in done.stderr
    assert not list(tmp_path.iterdir())


def make_the_sandbox_small():
    small = partial(SandboxProcess, forms=2, roster_records=40, submission_records=20)
    powerschool_enrollment_sandbox.SandboxProcess = small


def test_sandbox_is_read_into_a_separate_schema_even_if_a_key_is_set(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, sandbox.api_key, "--sandbox", before=make_the_sandbox_small)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "schema sandbox" in done.stdout
    assert rows(done.stdout)["roster_records"] == "80"
    assert sandbox.journal.count() == 0


@pytest.mark.parametrize(
    ("variables", "is_chosen"),
    [({}, True), ({"API_KEY": "k"}, False), ({"BASE_URL": "https://x/v1"}, False), ({"API_KEY": ""}, True)],
)
def test_make_reads_the_sandbox_if_neither_key_nor_address_is_set(variables, is_chosen):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLES)}
    environment |= {f"{VARIABLES}{name}": value for name, value in variables.items()}
    command = ["make", "--dry-run", "--no-print-directory", "sync"]
    done = subprocess.run(command, cwd=EXAMPLE.parents[1], env=environment, capture_output=True, text=True, check=True)
    assert ("--sandbox" in done.stdout) is is_chosen


HOLDER = "import duckdb; held = duckdb.connect('powerschool_enrollment.duckdb'); print('held', flush=True); input()"


def test_file_in_use_is_reported_before_anything_is_read(sandbox, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        done = sync(tmp_path, sandbox, sandbox.api_key)
        holder.communicate(b"end\n")
    assert done.returncode == 1
    assert done.stderr.startswith("powerschool_enrollment.duckdb cannot be written to. ")
    assert str(holder.pid) in done.stderr
    assert "Traceback" not in done.stderr
    assert sandbox.journal.count() == 0


def test_file_with_the_name_of_its_schema_is_refused_before_any_request(tmp_path, service):
    done = sync(tmp_path, service, service.api_key, "--sandbox", "--warehouse", "sandbox.duckdb")
    assert done.returncode == 1
    assert done.stderr == "sandbox.duckdb has the name of its schema, sandbox. Name another file with --warehouse.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("first_sync")
def test_removed_rows_stay_until_everything_is_replaced(service, warehouse):
    form = next(iter(service.district.forms.values()))
    form.roster.remove(form.roster.ids()[7])
    service.district.checklists.popitem()
    for target in service.district.delivery_targets.values():
        for batch in target.batches:
            batch.auto_open = False
    (merged, replaced, again) = (
        rows(sync(warehouse, service, service.api_key, *arguments).stdout) for arguments in ([], ["--replace"], [])
    )
    gone = ("roster_records", "checklists", "open_batches")
    assert [merged[name] for name in gone] == ["390", "3", "2"]
    assert [replaced[name] for name in gone] == ["389", "2", "2"]  # PyAirbyte does not replace a table without new rows
    assert again == replaced


def test_removed_record_is_marked_on_request(sandbox, tmp_path):
    sandbox.district = District.generate(**TINY)
    (form,) = sandbox.district.forms.values()
    first = sync(tmp_path, sandbox, sandbox.api_key, "--detect-removed")
    removed = form.roster.remove(form.roster.ids()[1])
    second = sync(tmp_path, sandbox, sandbox.api_key, "--detect-removed")
    assert (first.returncode, second.returncode) == (0, 0), second.stderr[-2000:]
    with duckdb.connect(str(tmp_path / "powerschool_enrollment.duckdb"), read_only=True) as warehouse:
        marked = warehouse.sql(
            "select id, lastname from roster_records where _ab_cdc_deleted_at is not null"
        ).fetchall()
    assert marked == [(removed["id"], None)]
    assert rows(second.stdout)["roster_records"] == "4"


def test_help_syncs_nothing(sandbox, tmp_path):
    done = sync(tmp_path, sandbox, sandbox.api_key, "--help")
    assert done.returncode == 0
    assert "--replace" in done.stdout
    assert len(sandbox.journal) == 0
    assert not list(tmp_path.iterdir())


def interrupt_connector_first(process):
    """Press Ctrl-C so that the connector has ended before the program that runs it notices."""
    os.kill(process.pid, signal.SIGSTOP)
    children = [
        int(child)
        for task in Path(f"/proc/{process.pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    os.killpg(process.pid, signal.SIGINT)
    while not all(is_ended(child) for child in children):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGCONT)


def is_ended(process_id):
    return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def start_as_a_user_does(script, folder, environment):
    return subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


# All records fit into the pipe: a connector that waits for its stopped reader could not end.
TINY = {
    "forms": 1,
    "roster_records_per_form": 4,
    "submission_records_per_form": 2,
    "approved_waiting": 1,
    "checklists": 1,
    "checklist_entries": 4,
}


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        pytest.param(start_as_a_user_does, lambda process: os.killpg(process.pid, signal.SIGINT), id="Ctrl-C"),
        pytest.param(WarmProcess, interrupt_connector_first, id="Ctrl-C that ends the connector first"),
        pytest.param(WarmProcess, lambda process: process.terminate(), id="SIGTERM"),
        pytest.param(WarmProcess, lambda process: process.send_signal(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_stopped_sync_ends_quietly_and_keeps_the_key_private(sandbox, tmp_path, start, stop):
    sandbox.district = District.generate(**TINY)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    modes = []

    def with_the_key():
        return [path for path in temporary.rglob("*.json") if sandbox.api_key in path.read_text()]

    def stop_during_the_read(request):
        if request.path.endswith("/rosterrecords") and not modes:
            modes.extend(path.parent.stat().st_mode & 0o777 for path in with_the_key())
            stop(process)

    variables = {**environment(sandbox, sandbox.api_key), "TMPDIR": str(temporary)}
    process = start(EXAMPLE, folder=tmp_path, environment=variables)
    sandbox.on_request = stop_during_the_read
    output = "".join(process.communicate(timeout=120))
    assert process.returncode == 130, output
    assert "Stopped. Run it again" in output
    assert "Traceback" not in output
    assert set(modes) == {0o700}
    assert with_the_key() == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_output_ends_with_the_two_commands_of_the_dbt_package(sandbox, tmp_path):
    (tmp_path / "dbt").symlink_to(EXAMPLE.parents[1] / "dbt")
    arguments = ("--sandbox", "--warehouse", "my file.duckdb")
    done = sync(tmp_path, sandbox, sandbox.api_key, *arguments, before=make_the_sandbox_small)
    assert done.stdout.splitlines()[-2:] == [
        "make dbt-install",
        (
            "POWERSCHOOL_ENROLLMENT_WAREHOUSE='my file.duckdb' "
            ".venv-dbt/bin/dbt build --project-dir dbt --profiles-dir dbt --target sandbox"
        ),
    ]
