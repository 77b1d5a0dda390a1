"""The gate, the workflow and the hooks agree: nothing passes in one place and fails in another."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
MAKEFILE = (ROOT / "Makefile").read_text()
PYPROJECT = (ROOT / "pyproject.toml").read_text()
TARGETS = set(re.findall(r"^([\w-]+):(?!=)", MAKEFILE, re.MULTILINE))
CI = ROOT / ".github" / "workflows" / "ci.yml"
WORKFLOW = yaml.safe_load(CI.read_text())
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
HOOKS = [
    hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
]
ALL_GREEN = "all-green"

each_job = pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
each_hook = pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])


def commands(*jobs: dict[str, Any]) -> set[str]:
    return {step["run"] for job in jobs for step in job["steps"] if "run" in step}


def supported_pythons() -> list[str]:
    (first, beyond) = re.findall(r'^requires-python = ">=3\.(\d+),<3\.(\d+)"', PYPROJECT, re.MULTILINE)[0]
    return [f"3.{minor}" for minor in range(int(first), int(beyond))]


def test_workflow_runs_on_changes_with_read_permission_only():
    assert WORKFLOW[True].keys() == {"push", "pull_request"}  # YAML reads `on` as true
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert all(job.get("permissions", {}) == {} for job in JOBS.values())
    assert "github.ref" in WORKFLOW["concurrency"]["group"]


@each_job
def test_every_job_has_a_name_a_time_limit_and_steps(job):
    assert job["name"]
    assert job["runs-on"] == "ubuntu-latest"
    assert 0 < job["timeout-minutes"] <= 60
    assert job["steps"]


def test_every_action_is_pinned_to_a_commit_with_its_version():
    actions = re.findall(r"uses: (.+)", CI.read_text())
    assert len(actions) > len(JOBS)
    assert [each for each in actions if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+)+", each)] == []


@each_job
def test_a_checkout_leaves_no_credentials_behind(job):
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_every_command_of_the_workflow_is_one_target_of_the_makefile():
    assert commands(*JOBS.values()) <= {f"make {target}" for target in TARGETS}
    assert all(commands(job) for name, job in JOBS.items() if name != ALL_GREEN)


def test_workflow_runs_every_target_of_the_gate():
    gate = re.findall(r"^make (.+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    targets = {word for line in gate for word in line.split() if not word.startswith("--")}
    assert targets >= {"check", "test"}
    assert {f"make {target}" for target in targets} <= commands(*JOBS.values())


def test_all_green_waits_for_every_other_job():
    assert set(JOBS[ALL_GREEN]["needs"]) == JOBS.keys() - {ALL_GREEN}
    assert JOBS[ALL_GREEN]["if"] == "always()"
    (step,) = JOBS[ALL_GREEN]["steps"]
    assert step["with"] == {"jobs": "${{ toJSON(needs) }}"}


def test_workflow_and_make_test_every_supported_python():
    assert JOBS["test"]["strategy"]["matrix"]["python"] == supported_pythons()
    assert re.findall(r"^PYTHONS := (.+)$", MAKEFILE, re.MULTILINE) == [" ".join(supported_pythons())]
    assert re.findall(r"Python :: (3\.\d+)", PYPROJECT) == supported_pythons()


def test_make_looks_for_the_pythons_that_are_supported():
    script = (ROOT / ".ci" / "environment").read_text()
    (beyond_pyairbyte,) = re.findall(r"airbyte>=\S+; python_version < '3\.(\d+)'", PYPROJECT)
    oldest, *_, newest = (version.removeprefix("3.") for version in supported_pythons())
    assert re.findall(r"^oldest=(\d+)", script, re.MULTILINE) == [oldest]
    assert re.findall(r"^newest=(\d+)", script, re.MULTILINE) == [newest]
    assert set(re.findall(r"^ +newest=(\d+)", script, re.MULTILINE)) == {str(int(beyond_pyairbyte) - 1)}


@each_hook
def test_every_hook_runs_a_tool_that_the_lock_installs(hook):
    folder, _, program = hook["entry"].split()[0].rpartition("/")
    assert (hook["language"], folder) == ("system", ".venv/bin")
    assert (BIN / program).exists()


def test_hooks_run_the_steps_of_make_check():
    checked = re.search(r"^check:.*\n((?:\t.+\n)+)", MAKEFILE, re.MULTILINE)
    tools = {tuple(tool) for tool in re.findall(r"\$\(BIN\)/(\w+)(?: (check|format))?", checked[1])}
    hooked = {tuple(re.match(r"\.venv/bin/([\w-]+)(?: (check|format))?", hook["entry"]).groups("")) for hook in HOOKS}
    assert tools <= hooked
