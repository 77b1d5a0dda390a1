"""Airbyte's standard tests for destinations."""

from pathlib import Path

from airbyte_cdk.test.standard_tests import DestinationTestSuiteBase

import destination_powerschool_enrollment
from destination_powerschool_enrollment import DestinationPowerschoolEnrollment


class TestStandard(DestinationTestSuiteBase):
    connector = DestinationPowerschoolEnrollment

    @classmethod
    def get_connector_root_dir(cls):
        return Path(destination_powerschool_enrollment.__file__).parent
