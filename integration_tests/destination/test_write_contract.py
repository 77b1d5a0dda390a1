from pathlib import Path

import pytest
from bench import EnrollmentBench
from stand_in import StandIn
from write_contract import WriteContract


class TestWriteContract(WriteContract):
    @pytest.fixture
    def bench(self, service: StandIn, tmp_path: Path) -> EnrollmentBench:
        return EnrollmentBench(service, tmp_path)
