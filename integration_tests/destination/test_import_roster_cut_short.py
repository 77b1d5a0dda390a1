"""An import that fails or is stopped: its messages, and what it leaves behind."""

import os
import re
import signal
import subprocess

import pytest

from integration_tests.destination.roster_command import command, environment, import_roster, short_roster, write_roster
from powerschool_enrollment_sandbox import Fault


def test_unreachable_service_is_reported_once_and_fails(sample):
    result = import_roster(
        sample,
        POWERSCHOOL_ENROLLMENT_API_KEY="k",
        POWERSCHOOL_ENROLLMENT_BASE_URL="http://127.0.0.1:9",
        POWERSCHOOL_ENROLLMENT_RETRY_SECONDS="0",
    )
    assert result.returncode == 1
    assert result.stdout.count("127.0.0.1:9 refuses the connection") == 1
    assert "rows/s" not in result.stdout


def test_retries_are_logged_while_the_service_does_not_answer(sandbox, sample):
    sandbox.faults.add(Fault("status", path="/publishedactions", status=503))
    with subprocess.Popen(
        command(sample, "--into", short_roster(sandbox)[0]), env=environment(sandbox), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "Asking PowerSchool Enrollment what there is to write to.\n"
        assert "Trying again in" in process.stdout.readline()
        sandbox.faults.clear()  # if it printed nothing before, the test would never reach this line
        assert "58 accepted" in process.stdout.read()
    assert process.returncode == 3


def test_import_that_fails_half_way_reports_what_was_confirmed(sandbox, tmp_path):
    file = write_roster(tmp_path, [(number, "nonsense" if number == 150 else "04/20/2015") for number in range(300)])
    result = import_roster(file, "--into", short_roster(sandbox)[0], "--rejected", "/dev/full", sandbox=sandbox)
    assert result.returncode == 1
    assert "No space left on device" in result.stdout
    assert re.search(r"Stopped\. Confirmed: [\d,]+ of 300 rows", result.stdout)


@pytest.mark.parametrize(
    "stop",
    [
        pytest.param(lambda process: os.killpg(process.pid, signal.SIGINT), id="Ctrl-C"),
        pytest.param(lambda process: process.terminate(), id="SIGTERM"),
        pytest.param(lambda process: process.send_signal(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_stopped_import_reports_what_was_confirmed_and_leaves_nothing_behind(sandbox, tmp_path, stop):
    file = write_roster(tmp_path, [(number, "04/20/2015") for number in range(2000)])
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    posts = []

    def press(request):
        if request.method == "POST":
            posts.append(request)
            if len(posts) == 300:
                stop(process)

    sandbox.on_request = press
    with subprocess.Popen(
        command(file, "--into", short_roster(sandbox)[0]),
        env=environment(sandbox, TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        said, errors = process.communicate(timeout=120)  # which ends when the destination, too, has ended
    assert process.returncode == 130
    assert errors == ""
    confirmed = re.search(r"Stopped\. Confirmed: ([\d,]+) of 2,000 rows", said)
    assert int(confirmed[1].replace(",", "")) <= len(posts) < 2000
    assert "rows/s" not in said
    assert list(temporary.iterdir()) == []


def test_a_reader_who_leaves_stops_it_like_ctrl_c(sandbox, tmp_path):
    file = write_roster(tmp_path, [(number, "04/20/2015") for number in range(2000)])
    with subprocess.Popen(
        command(file, "--into", short_roster(sandbox)[0]),
        env=environment(sandbox),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not process.stdout.readline().startswith("Writing 2,000 rows"):
            assert process.poll() is None
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 130
    assert re.match(r"Stopped\. Confirmed: [\d,]+ of 2,000 rows", errors.splitlines()[-1])
    assert "Traceback" not in errors


def test_ctrl_c_stops_the_sandbox_quietly_as_well(tmp_path):
    file = write_roster(tmp_path, [(number, "04/20/2015") for number in range(5000)])
    with subprocess.Popen(
        command(file, "--sandbox"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.stdout.readline() != "Writing.\n":
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == ""
    assert "Stopped. Confirmed: " in said
