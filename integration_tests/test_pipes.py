"""Files of the command line that are pipes, as in `--config <(…)`: a pipe can be read only once."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

from integration_tests.destination.session import catalog

BIN = Path(sys.executable).parent
FORMS = {"name": "published_actions", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
READ_FORMS = {"streams": [{"stream": FORMS, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}]}
STATE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "batches"}, "stream_state": {}}}


def run(program: str, command: str, **files: object) -> "subprocess.CompletedProcess[str]":
    """Run the command with a pipe for each file."""
    pipes = [f"--{name} <(printf %s {shlex.quote(json.dumps(content))})" for name, content in files.items()]
    line = " ".join([str(BIN / program), command, *pipes, "< /dev/null"])
    return subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=False, timeout=60)


def test_source_reads_each_pipe_once(sandbox, config):
    done = run("source-powerschool-enrollment", "read", config=config, catalog=READ_FORMS, state=[STATE])
    assert done.returncode == 0, done.stdout
    assert done.stdout.count('"type":"RECORD"') == len(sandbox.district.forms)


def test_destination_reads_each_pipe_once(sandbox, config):
    form = next(iter(sandbox.district.forms.values()))
    target = {"type": "submission", "published_action_id": form.id}
    options = {**config, "imports": [{"stream": "students", "target": target}]}
    done = run("destination-powerschool-enrollment", "write", config=options, catalog=catalog())
    assert done.returncode == 0, done.stdout
    assert "Writing complete." in done.stdout
