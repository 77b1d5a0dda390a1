"""What the documents say is so: options, streams, commands, links and versions."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from unit_tests.source.test_manifest import SCHEMAS, SPEC

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
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


def test_the_readme_names_targets_that_the_makefile_has():
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"make ([\w-]+)", README)) <= targets


def test_the_readme_is_short():
    assert len(README.splitlines()) < 150


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_to_one(page):
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_changelog_and_both_registry_entries_have_the_packages_version():
    released = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    entries = [ROOT / "metadata.yaml", ROOT / "destination_powerschool_enrollment" / "metadata.yaml"]
    versions = {yaml.safe_load(entry.read_text())["data"]["dockerImageTag"] for entry in entries}
    assert released is not None
    assert versions | {released[1]} == {version("airbyte-powerschool-enrollment")}
