from pathlib import Path

import pytest

from integration_tests.destination.bench import EnrollmentBench
from integration_tests.destination.stand_in import StandIn
from integration_tests.destination.write_contract import WriteContract


class TestWriteContract(WriteContract):
    @pytest.fixture
    def bench(self, service: StandIn, tmp_path: Path) -> EnrollmentBench:
        return EnrollmentBench(service, tmp_path)
