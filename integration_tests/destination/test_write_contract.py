import pytest
from bench import EnrollmentBench
from write_contract import WriteContract


class TestWriteContract(WriteContract):
    @pytest.fixture
    def bench(self, service, tmp_path):
        return EnrollmentBench(service, tmp_path)
