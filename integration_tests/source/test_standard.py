"""Airbyte's own suite for sources, against the sandbox."""

import json
from pathlib import Path

import pytest
from airbyte_cdk.test.models import ConnectorTestScenario
from airbyte_cdk.test.standard_tests import DiscoveredCatalogWarning
from airbyte_cdk.test.standard_tests.source_base import SourceTestSuiteBase

from powerschool_enrollment_sandbox import District, running_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment

pytestmark = pytest.mark.filterwarnings(f"error::{DiscoveredCatalogWarning.__module__}.DiscoveredCatalogWarning")


class TestSource(SourceTestSuiteBase):
    """Each test runs with every configuration below."""

    connector = SourcePowerschoolEnrollment

    @classmethod
    def get_connector_root_dir(cls):
        return Path(__file__).parents[2]

    @pytest.fixture(scope="class")
    def sandbox(self, small_district):
        with running_sandbox(district=District.generate(**small_district)) as running:
            yield running

    @pytest.fixture(params=["right key", "wrong key"])
    def scenario(self, request, sandbox, tmp_path):
        right = request.param == "right key"
        path = tmp_path / "config.json"
        path.write_text(
            json.dumps({"api_key": sandbox.api_key if right else "a-wrong-key", "base_url": sandbox.base_url})
        )
        sections = ("spec", "connection", "discovery", "basic_read") if right else ("spec", "connection")
        return ConnectorTestScenario(config_path=path, status="succeed" if right else "failed", sections=sections)
