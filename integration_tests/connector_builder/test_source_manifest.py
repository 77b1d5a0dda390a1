"""The Python source's manifest in a Connector Builder that has the package and runs its components."""

import base64
import json

import pytest
import yaml
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.test import entrypoint_wrapper

from integration_tests.connector import configured_catalog
from integration_tests.connector_builder.builder import call_builder, pages_of, shown_by_test_read
from powerschool_enrollment_sandbox import District, Fault, running_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment
from source_powerschool_enrollment.source import MANIFEST as MANIFEST_FILE

MANIFEST = yaml.safe_load(MANIFEST_FILE.read_text())
STREAMS = [stream["$ref"].rpartition("/")[2] for stream in MANIFEST["streams"]]
KEY = "key-of-the-district"


@pytest.fixture(params=["observed", "documented"])
def sandbox(request):
    district = District.generate(forms=2, roster_records_per_form=2, submission_records_per_form=2, checklist_entries=2)
    with running_sandbox(district=district, wire=request.param, api_key=KEY) as running:
        yield running


@pytest.fixture
def config(sandbox):
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


@pytest.fixture
def builder(monkeypatch):
    """Permit Python components, as a Builder does in which the package is installed."""
    monkeypatch.setenv("AIRBYTE_ENABLE_UNSAFE_CODE", "true")


@pytest.mark.usefixtures("builder")
@pytest.mark.parametrize("name", STREAMS)
def test_a_test_read_shows_requests_and_responses_without_the_key(sandbox, config, name):
    shown = shown_by_test_read(config, MANIFEST, name)
    pages = [*pages_of(shown)]
    assert any(page["records"] for page in pages)
    for page in pages:
        assert page["request"]["http_method"] == "GET"
        assert page["request"]["url"].startswith(sandbox.base_url)
        assert page["request"]["headers"]["Authorization"] == "****"
        assert page["response"]["status"] == 200
        assert json.loads(page["response"]["body"])
    for secret in (KEY, base64.b64encode(f"{KEY}:".encode()).decode()):
        assert secret not in str(shown)
    assert [log["message"] for log in shown["logs"] if log["level"] == "WARN"] == []


@pytest.mark.usefixtures("builder")
def test_a_test_read_shows_the_requests_for_parents_separately(sandbox, config):
    shown = shown_by_test_read(config, MANIFEST, "import_schemas")
    assert [request["request"]["url"] for request in shown["auxiliary_requests"]] == [
        f"{sandbox.base_url}/publishedactions"
    ]
    assert len([*pages_of(shown)]) == len(sandbox.district.forms)


@pytest.mark.usefixtures("builder")
def test_a_removed_object_is_not_a_page(sandbox, config):
    gone = min(sandbox.district.checklists)
    sandbox.faults.add(Fault("status", path=f"/checklists/{gone}", status=404))
    pages = [*pages_of(shown_by_test_read(config, MANIFEST, "checklist_details"))]
    assert len(pages) == len(sandbox.district.checklists) - 1


def test_python_components_are_refused_where_the_builder_does_not_permit_them(config):
    answer = call_builder("test_read", config, MANIFEST, "checklists")
    assert "custom" in answer.trace.error.message.lower()


@pytest.mark.parametrize("name", ["checklists", "roster_record_details", "checklist_entries"])
def test_outside_the_builder_no_response_is_logged_at_any_level(sandbox, config, streams, name):
    def on_answer(_entry, payload):
        for entry in payload if isinstance(payload, list) else [payload]:
            entry["note"] = "Jane Q. Doe"
        return payload

    sandbox.on_answer = on_answer
    catalog = ConfiguredAirbyteCatalogSerializer.load(configured_catalog(streams, [name]))
    source = SourcePowerschoolEnrollment(catalog, config, [])
    output = entrypoint_wrapper.read(source, config, catalog, debug=True)
    assert any("Jane Q. Doe" in str(message.record.data) for message in output.records)
    assert "Jane Q. Doe" not in f"{output.logs}{output.stderr}"
    assert '"http"' not in f"{output.logs}"
