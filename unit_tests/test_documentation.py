"""What the documentation states about options, streams, commands, links and versions is true."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from benchmarks import sizing
from destination_powerschool_enrollment.config import Config
from powerschool_enrollment_sandbox import District, running_sandbox
from unit_tests.source.test_manifest import SCHEMAS, SPEC

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()
ENTRIES = [ROOT / "metadata.yaml", ROOT / "destination_powerschool_enrollment" / "metadata.yaml"]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def first_cells(text: str, header: str) -> set[str]:
    """Return the names in the first column of the table with this header."""
    table = text.partition(header)[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines() if "|" in row]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_readme_names_every_option_of_the_source():
    assert first_cells(README, "| Option | Default | Meaning |") == set(SPEC["properties"])


def test_the_readme_names_every_stream():
    assert first_cells(README, "| Stream | Primary key | |") == {path.stem for path in SCHEMAS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_on_a_page_exists(page):
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z][\w-]*)", page.read_text(), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_script_on_a_page_exists(page):
    text = page.read_text()
    modules = [name.replace(".", "/") + ".py" for name in re.findall(r"python -m (benchmarks[\w.]+)", text)]
    files = re.findall(r"python ((?:benchmarks|examples)/\w+\.py)", text)
    assert [name for name in (*modules, *files) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_linked_heading_exists(page):
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text()):
        text = (page.parent / target).read_text() if target else page.read_text()
        headings = re.findall(r"^#+ (.+)", text, re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, anchor


def test_deploy_page_shows_the_output_of_the_sizing():
    assert f"<!-- python -m benchmarks.sizing -->\n\n{sizing.page()}\n\n<!-- end -->" in DEPLOY


def test_options_on_the_deploy_page_exist():
    named = set(re.findall(r"`(num_workers|requests_per_minute|base_url|rejected_rows_file|skip_unchanged)`", DEPLOY))
    assert named <= set(SPEC["properties"]) | set(Config.model_fields)
    assert len(named) == 5


def test_the_deploy_page_pushes_the_images_that_the_registry_entries_name():
    for entry in ENTRIES:
        data = yaml.safe_load(entry.read_text())["data"]
        assert f"docker tag {data['dockerRepository']}:{data['dockerImageTag']} " in DEPLOY


def test_the_deploy_page_names_the_hosts_that_the_registry_entry_allows():
    hosts = yaml.safe_load(ENTRIES[0].read_text())["data"]["allowedHosts"]["hosts"]
    assert [host for host in hosts if f"`{host.strip('${}')}`" not in DEPLOY] == []


def test_the_readme_is_short():
    assert len(README.splitlines()) < 180


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_linked_file_exists(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    ("place", "pattern"),
    [
        ("CHANGELOG.md", r"\A# Changelog\n\n## (\S+)"),
        *((str(entry.relative_to(ROOT)), r"dockerImageTag: (\S+)") for entry in ENTRIES),
        ("Dockerfile", r"io\.airbyte\.version=(\S+)"),
        *(
            (f"packaging/{kind}-powerschool-enrollment/pyproject.toml", r'(?:^version = "|enrollment==)([^"]+)"')
            for kind in ("source", "destination")
        ),
        ("docs/deploy.md", r"powerschool-enrollment:([\w.]+)|image tag\*: `([\w.]+)`"),
    ],
)
def test_every_stated_version_is_that_of_the_package(place, pattern):
    stated = {"".join(found.groups("")) for found in re.finditer(pattern, (ROOT / place).read_text(), re.MULTILINE)}
    assert stated == {version("airbyte-powerschool-enrollment")}


def test_pip_and_uv_accept_the_defaults_of_the_dockerfile():
    defaults = dict(re.findall(r"^ARG ((?:PIP|UV)_\w+)=(.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert defaults.keys() == {"PIP_NO_INDEX", "UV_OFFLINE"}
    uv = Path(sys.executable).with_name("uv")
    for command in ([uv, "pip", "list", "--python", sys.executable], [sys.executable, "-m", "pip", "list"]):
        finished = subprocess.run(command, env={**os.environ, **defaults}, capture_output=True, check=False)
        assert finished.returncode == 0, finished.stderr


def test_reliability_table_names_existing_tests():
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs" / "reliability.md").read_text())
    folders = [ROOT / name for name in ("unit_tests", "integration_tests", "end_to_end_tests")]
    code = "".join(path.read_text() for folder in folders for path in folder.rglob("test_*.py"))
    assert [name for name in named if f"def {name}(" not in code] == []
    assert named


# A merge that keeps both versions of a changed line leaves an entry twice.
def test_no_reliability_row_or_changelog_entry_is_repeated():
    tests = re.findall(r"^\|.*\|([^|]*`test_[^|]*)\|$", (ROOT / "docs" / "reliability.md").read_text(), re.MULTILINE)
    beginnings = re.findall(r"^- (.{50})", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert len(tests) > 50
    assert len(beginnings) > 50
    assert sorted(set(tests)) == sorted(tests)
    assert sorted(set(beginnings)) == sorted(beginnings)


def test_readme_client_library_example_runs(sandbox, capsys):
    program = README.partition("## The client library")[2].partition("```python\n")[2].partition("```")[0]
    options = f'{{"api_key": "{sandbox.api_key}", "base_url": "{sandbox.base_url}"}}'
    exec(program.replace('{"api_key": "…"}', options), {})  # noqa: S102 - the program is part of the README
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(sandbox.district.forms)
    assert all(line.rpartition(" ")[2].isdigit() for line in printed)


@pytest.fixture
def sandbox():
    with running_sandbox(district=District.generate(forms=2, roster_records_per_form=10)) as running:
        yield running
