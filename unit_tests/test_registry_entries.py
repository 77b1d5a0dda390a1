"""Both registry entries are valid by Airbyte's model, and describe the connectors as they are."""

import logging
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from airbyte_connector_models.metadata.v0.connector_metadata_definition_v0 import ConnectorMetadataDefinitionV0

from destination_powerschool_enrollment.config import options_schema
from destination_powerschool_enrollment.destination import DestinationPowerschoolEnrollment
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from unit_tests.source.test_manifest import SCHEMAS, SPEC

ROOT = Path(__file__).parents[1]
FOLDERS = {"source": ROOT, "destination": ROOT / "destination_powerschool_enrollment"}
ENTRIES = {kind: yaml.safe_load((folder / "metadata.yaml").read_text()) for kind, folder in FOLDERS.items()}
CONNECTORS = {"source": SourcePowerschoolEnrollment, "destination": DestinationPowerschoolEnrollment}
BASE_URL_OPTIONS = {
    "source": SPEC["properties"]["base_url"],
    "destination": options_schema()["properties"]["base_url"],
}
ALLOWED_ELEMENTS = {"svg", "title", "rect", "circle", "path"}

each_connector = pytest.mark.parametrize("kind", FOLDERS)


def data(kind):
    return ENTRIES[kind]["data"]


@each_connector
def test_the_entry_is_valid_by_airbytes_model(kind):
    assert ConnectorMetadataDefinitionV0.model_validate(ENTRIES[kind]).data.name == "PowerSchool Enrollment"


@each_connector
def test_the_entry_names_its_connector_everywhere(kind):
    entry = data(kind)
    assert entry["connectorType"] == kind
    assert entry["dockerRepository"] == f"airbyte/{kind}-powerschool-enrollment"
    assert entry["githubIssueLabel"] == f"{kind}-powerschool-enrollment"


@each_connector
def test_the_package_that_the_entry_names_is_built_here(kind):
    project = (ROOT / "packaging" / f"{kind}-powerschool-enrollment" / "pyproject.toml").read_text()
    assert data(kind)["remoteRegistries"]["pypi"]["packageName"] in re.findall(
        r'^name = "(.+)"$', project, re.MULTILINE
    )


def test_no_two_connectors_share_an_id():
    assert data("source")["definitionId"] != data("destination")["definitionId"]


@each_connector
def test_documentation_page_of_the_entry_exists(kind):
    page = data(kind)["documentationUrl"].removeprefix("https://docs.airbyte.com/integrations/")
    assert (ROOT / "docs" / f"{page}.md").is_file()


@each_connector
def test_spec_has_no_documentation_url(kind):
    assert CONNECTORS[kind]().spec(logging.getLogger()).documentationUrl is None


@each_connector
def test_support_level_makes_every_documentation_check_apply(kind):
    assert data(kind)["ab_internal"]["sl"] == 300


@each_connector
def test_the_addresses_that_the_form_offers_are_allowed(kind):
    option = BASE_URL_OPTIONS[kind]
    offered = {urlsplit(address).hostname for address in [option["default"], *option["examples"]]}
    assert offered <= set(data(kind)["allowedHosts"]["hosts"])


@each_connector
def test_base_image_is_that_of_the_dockerfile(kind):
    (image,) = re.findall(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert data(kind)["connectorBuildOptions"]["baseImage"] == image


def test_suggested_streams_exist():
    assert set(data("source")["suggestedStreams"]["streams"]) <= {path.stem for path in SCHEMAS}


def test_file_transfer_matches_the_registry_entry():
    config = {"api_key": "sandbox-key", "documents": [{"field": "doc_BirthCertificate"}]}
    streams = SourcePowerschoolEnrollment(config=config).streams(config)
    assert any(stream.as_airbyte_stream().is_file_based for stream in streams)
    assert data("source")["supportsFileTransfer"] is True


def icon(kind):
    return FOLDERS[kind] / data(kind)["icon"]


@each_connector
def test_icon_is_a_square_svg_without_scripts_and_links(kind):
    drawing = ET.parse(icon(kind)).getroot()  # noqa: S314 - our own file
    assert drawing.attrib["viewBox"] == "0 0 250 250"
    assert drawing.attrib["width"] == drawing.attrib["height"] == "250"
    elements = {element.tag.removeprefix("{http://www.w3.org/2000/svg}") for element in drawing.iter()}
    assert elements <= ALLOWED_ELEMENTS  # no script, no style sheet, no picture from elsewhere
    attributes = {name for element in drawing.iter() for name in element.attrib}
    assert [name for name in attributes if name.startswith("on") or name.endswith("href")] == []


def test_icons_differ():
    assert icon("source").read_bytes() != icon("destination").read_bytes()
