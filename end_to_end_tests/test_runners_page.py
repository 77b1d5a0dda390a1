"""docs/runners.md agrees with its files, and its commands for psql work. `make runners` runs the others."""

import ast
import re
import shutil
import subprocess

import pytest
import yaml

from integration_tests.postgres.server import needs_postgres
from integration_tests.runners.outcomes import HEADER, Outcome, table
from integration_tests.runners.page import BEFORE, PAGE, ROOT, Numbers, Section, Step, runs, sections
from integration_tests.runners.services import running_services
from powerschool_enrollment_sandbox import District

TEXT = PAGE.read_text(encoding="utf-8")
FIRST, *RUNNERS = sections(TEXT)
EXAMPLES = ROOT / "examples" / "runners"
REQUIREMENTS = ROOT / "integration_tests" / "runners" / "requirements"

each_runner = pytest.mark.parametrize("section", RUNNERS, ids=lambda section: section.name)


@pytest.fixture(scope="module")
def environment():
    with running_services() as environment:
        yield environment


def variables(text):
    return set(re.findall(r"\b([A-Z_]+)=", text))


@needs_postgres
def test_first_section_exports_what_the_services_provide(environment):
    assert FIRST.name == BEFORE
    assert variables("".join(step.commands for step in FIRST.steps)) <= environment.keys()


def test_table_at_the_top_lists_every_runner():
    assert re.findall(r"^\| \[([^]]+)\]", TEXT, re.MULTILINE) == [
        "psql" if "psql" in section.name else section.name for section in RUNNERS
    ]


def test_every_block_of_commands_is_part_of_a_step():
    blocks = len(re.findall(r"^```sh$", TEXT, re.MULTILINE))
    assert blocks == sum(len(section.steps) for section in (FIRST, *RUNNERS))


@each_runner
def test_commands_are_valid_bash(section):
    done = subprocess.run(["bash", "-n", "-c", section.script.replace("\\0", "")], capture_output=True, check=False)
    assert done.stderr == b""


@each_runner
def test_two_runs_show_the_numbers_of_the_sandbox(section):
    first, second, *_ = runs([step.shown for step in section.steps])
    assert first == (expected_of_the_district() if len(first) > 1 else [Numbers("students", 3, 3)])
    assert {stream.stream for stream in second} <= {stream.stream for stream in first}
    assert all(stream.received <= 600 for stream in second if section.name != "source-declarative-manifest")


def expected_of_the_district():
    district = District.generate()
    sizes = {
        "batches": sum(len(target.batches) for target in district.delivery_targets.values()),
        "checklist_entries": sum(len(checklist.entry_ids) for checklist in district.checklists.values()),
        "roster_records": sum(len(form.roster) for form in district.forms.values()),
    }
    return [Numbers(stream, size, size) for stream, size in sizes.items()]


def test_page_and_folder_name_the_same_example_files():
    named = set(re.findall(r"examples/runners/([\w.]+)", TEXT))
    assert named == {path.name for path in EXAMPLES.iterdir() if path.is_file()}


def test_page_and_folder_name_the_same_requirements():
    script = "".join(section.script for section in RUNNERS)
    named = re.findall(r"runners/requirements/(?:\{([\w,]+)\}|(\w+))\.txt", script)
    assert {name for several, one in named for name in [*several.split(","), one] if name} == {
        path.stem for path in REQUIREMENTS.glob("*.txt")
    }


@pytest.mark.parametrize("path", sorted(REQUIREMENTS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_requirement_is_pinned(path):
    requirements = path.read_text().splitlines()
    assert [
        line for line in requirements if not re.search(r"^[\w.\[\]-]+(==[\w.]+| @ git\+\S+@[0-9a-f]{40}$)", line)
    ] == []
    wanted = re.findall(r"^([\w-]+)\S*==(\S+)", path.with_suffix(".in").read_text(), re.MULTILINE)
    assert [f"{name}=={version}" for name, version in wanted if not pins(requirements, name, version)] == []


def pins(requirements, name, version):
    return any(re.match(rf"{re.escape(name)}(\[\w+\])?=={re.escape(version)}( ;|$)", line) for line in requirements)


def test_meltano_project_installs_the_files_that_the_page_copies():
    project = yaml.safe_load((EXAMPLES / "meltano.yml").read_text())
    plugins = [plugin for kind in project["plugins"].values() for plugin in kind]
    files = {plugin["pip_url"].removeprefix("-r ${MELTANO_PROJECT_ROOT}/") for plugin in plugins}
    assert files == {"tap_airbyte.txt", "target_postgres.txt"}
    named = set(re.findall(r"\$([A-Z_]+)", str(project)))
    assert named - {"MELTANO_PROJECT_ROOT"} <= variables("".join(step.commands for step in FIRST.steps))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_python_examples_write_private_files_and_read_the_same_streams(path):
    text = path.read_text()
    ast.parse(text)
    if path.stem != "connector":
        assert "os.umask(0o077)" in text
        assert 'STREAMS = ["batches", "checklist_entries", "roster_records"]' in text


def test_unexpected_output_is_a_failure_that_names_the_step():
    section = Section("dlt", [Step("one\n", "…\n"), Step("two\n", "batches|8|8\n"), Step("three\n", "batches|0|8\n")])
    passed = Outcome(section, 0, "installed\n\0batches|8|8\n\0batches|0|8\n")
    assert (passed.failure, passed.row) == (None, ("dlt", "passed", "batches", "8", "8", "0 batches"))
    lost = Outcome(section, 0, "installed\n\0batches|2|2\n\0batches|0|2\n")
    assert lost.row == ("dlt", "failed", "batches", "8", "2", "0 batches")
    assert "two" in lost.failure
    assert "one" not in lost.failure


@pytest.mark.parametrize(("code", "printed"), [(1, "…\n\0"), (1, "…\n\0batches|8|8\n"), (1, ""), (0, "…\n")])
def test_a_script_that_ends_early_fails(code, printed):
    section = Section("dlt", [Step("one\n", "…\n"), Step("two\n", "batches|8|8\n")])
    outcome = Outcome(section, code, printed)
    assert outcome.failure
    assert outcome.row[1] == "failed"


def test_the_table_has_a_column_for_each_title():
    lines = table([("dlt", "passed", "batches", "8", "8", "2 batches")]).splitlines()
    assert [len(line.split(" | ")) for line in lines] == [len(HEADER)] * 2


@needs_postgres
@pytest.mark.skipif(not shutil.which("jq"), reason="the page uses jq, which is not on PATH; the gate installs it")
def test_psql_commands_print_what_the_page_shows(tmp_path, environment):
    (section,) = [each for each in RUNNERS if "psql" in each.name]
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    done = subprocess.run(
        ["bash", "-euc", section.script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert Outcome(section, done.returncode, done.stdout).failure is None, done.stderr
