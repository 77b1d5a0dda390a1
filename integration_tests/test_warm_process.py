"""A forked script has the streams, the folder, the environment and the exit code of a script that is started."""

import os
import signal
import subprocess
import sys
from concurrent import futures

import pytest

from integration_tests.warm_process import WarmProcess

ENDINGS = {"returns": "", "exits with 3": "sys.exit(3)", "exits with a text": "sys.exit('No.')", "fails": "1 / 0"}
SHOWN = "import os, sys\nprint(os.getcwd(), sys.argv[1:], os.environ, sys.stdin.read())\n"


def start(script, *arguments, **settings):
    return WarmProcess(script, *arguments, folder=script.parent, imported=(), **settings)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
def test_output_and_exit_code_are_those_of_a_started_script(tmp_path, ending):
    script = tmp_path / "script.py"
    script.write_text(SHOWN + ending)
    environment = {"PATH": os.environ["PATH"], "NAME": "naïve ☃", "LC_CTYPE": "C.UTF-8"}
    warm = start(script, "an argument", environment=environment)
    stdout, stderr = warm.communicate()
    started = subprocess.run(
        [sys.executable, str(script), "an argument"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (warm.returncode, stdout) == (started.returncode, started.stdout)
    assert stderr.splitlines()[-1:] == started.stderr.splitlines()[-1:]


@pytest.fixture
def endless(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text("import signal\nprint('started', flush=True)\nsignal.pause()\n")
    process = start(script)
    assert process.stdout.readline() == "started\n"
    return process


def test_killed_process_has_the_signal_as_its_code(endless):
    endless.kill()
    endless.communicate()
    assert endless.returncode == -signal.SIGKILL


def test_process_that_takes_too_long_is_killed(endless):
    with pytest.raises(futures.TimeoutError):
        endless.communicate(timeout=0.1)
    assert endless.wait() == -signal.SIGKILL
