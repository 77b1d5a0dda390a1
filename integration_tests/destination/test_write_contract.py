"""This destination fulfils the platform's requirements."""

from pathlib import Path

import pytest

from integration_tests.destination.harness import EnrollmentHarness
from integration_tests.destination.stand_in import StandIn
from integration_tests.destination.write_contract import WriteContract


class TestWriteContract(WriteContract):
    @pytest.fixture
    def harness(self, service: StandIn, tmp_path: Path) -> EnrollmentHarness:
        return EnrollmentHarness(service, tmp_path)
