"""The connectors' pages follow Airbyte's template, and describe each option of the form and each discovered stream."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from destination_powerschool_enrollment.config import options_schema
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from unit_tests.source.test_manifest import SPEC

ROOT = Path(__file__).parents[1]
PAGES = {
    "source": (ROOT / "docs" / "sources" / "powerschool-enrollment.md").read_text(),
    "destination": (ROOT / "docs" / "destinations" / "powerschool-enrollment.md").read_text(),
}
SPECS = {"source": SPEC, "destination": options_schema()}
# What Airbyte's checks require of a source's page; the destination's page follows it where it applies.
HEADERS = [
    "PowerSchool Enrollment",
    "Prerequisites",
    "Setup guide",
    "Set up PowerSchool Enrollment",
    "Set up the PowerSchool Enrollment connector in Airbyte",
    "Supported sync modes",
    "IP allow list",
    "Limitations & Troubleshooting",
    "Changelog",
]
CONFIG_WITH_ALL_STREAMS = {
    "api_key": "sandbox-key",
    "deliveries": {"mode": "consume", "delivery_target_ids": [1], "start_date": "2026-08-01"},
    "documents": [{"field": "doc_BirthCertificate"}],
}

each_connector = pytest.mark.parametrize("kind", PAGES)


def option_names(kind: str) -> list[str]:
    """Return the options in the order of the configuration form."""
    properties = SPECS[kind]["properties"]
    return sorted(properties, key=lambda name: properties[name]["order"])


def blocks(page: str) -> dict[str, str]:
    """Return what each FieldAnchor highlights, by its field, as one line of text."""
    anchors = re.findall(r'^<FieldAnchor field="([^"]+)">\n\n(.*?)\n\n</FieldAnchor>$', page, re.DOTALL | re.MULTILINE)
    return {field: " ".join(text.split()) for field, text in anchors}


def entries(schema: dict[str, Any]) -> Iterator[str]:
    """Yield the text with which a page must introduce each option of the schema, and each choice of an option."""
    required = schema.get("required", [])
    for name, option in schema.get("properties", {}).items():
        values = [option["const"]] if "const" in option else option.get("enum", [])
        if len(values) == 1:  # the constant that names a choice
            yield f'"{name}": "{values[0]}"'
        else:
            yield f"**{option['title']}** (`{name}`{remark(option, required=name in required)})"
        yield from choices(option)
        yield from entries(option.get("items", {}))


def choices(option: dict[str, Any]) -> Iterator[str]:
    for choice in option.get("oneOf", []):
        yield f"**{choice['title']}**"
        yield from entries(choice)


def remark(option: dict[str, Any], *, required: bool) -> str:
    default = option.get("default")
    if required or default in (None, [], {}):
        return ", required" if required else ""
    # Airbyte's checks open every URL on a page. The API's URL is not a web page, so it is written without https.
    shown = default.removeprefix("https://") if isinstance(default, str) else json.dumps(default)
    return f", default `{shown}`"


@each_connector
def test_each_option_has_a_field_anchor_in_the_order_of_the_form(kind):
    assert list(blocks(PAGES[kind])) == option_names(kind)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in PAGES for name in option_names(kind)])
def test_page_introduces_each_option_by_title_name_and_default(kind, name):
    spec = SPECS[kind]
    alone = {"properties": {name: spec["properties"][name]}, "required": spec["required"]}
    block = blocks(PAGES[kind])[name]
    assert [entry for entry in entries(alone) if entry not in block] == []


def test_options_in_a_choice_in_a_list_are_introduced():
    choice = {"title": "Skip", "properties": {"policy": {"const": "skip"}, "most": {"title": "Most", "default": 5}}}
    option = {"title": "Rule", "oneOf": [choice]}
    rules = {"title": "Rules", "items": {"properties": {"rule": option}}}
    schema = {"properties": {"rules": rules}, "required": ["rules"]}
    assert list(entries(schema)) == [
        "**Rules** (`rules`, required)",
        "**Rule** (`rule`)",
        "**Skip**",
        '"policy": "skip"',
        "**Most** (`most`, default `5`)",
    ]


@each_connector
def test_headers_are_in_the_order_of_the_template(kind):
    headers = re.findall(r"^#+ (.+)$", PAGES[kind], re.MULTILINE)
    assert [header for header in headers if header in HEADERS] == HEADERS


# Airbyte's documentation site reads pages as MDX, in which braces and unknown tags are code.
@each_connector
def test_page_has_no_braces_and_no_unknown_tags(kind):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", PAGES[kind], flags=re.DOTALL)
    tags = set(re.findall(r"<[^>]*>", re.sub(r' field="\w+"', "", text)))
    known = {f"<{slash}{name}>" for slash in ("", "/") for name in ("FieldAnchor", "HideInUI", "details", "summary")}
    assert tags == known
    assert "{" not in text


def supported(stream: Any) -> str:
    return ", ".join(mode.value.replace("_", " ") for mode in stream.supported_sync_modes)


def test_the_sources_page_describes_every_stream_as_it_is_discovered():
    source = SourcePowerschoolEnrollment(config=CONFIG_WITH_ALL_STREAMS)
    streams = [stream.as_airbyte_stream() for stream in source.streams(CONFIG_WITH_ALL_STREAMS)]
    table = PAGES["source"].partition("## Supported Streams")[2].partition("\n\n### ")[0]
    rows = [row.split("|")[1:5] for row in table.splitlines() if row.startswith("| `")]
    described = {tuple(cell.strip() for cell in row) for row in rows}
    assert described == {
        (
            f"`{stream.name}`",
            ", ".join(f"`{name}`" for (name,) in stream.source_defined_primary_key),
            supported(stream),
            ", ".join(f"`{name}`" for name in stream.default_cursor_field or []),
        )
        for stream in streams
    }
