"""One sandbox for the tests of a module. Each test sees only the rows that it sent."""

import pytest

from powerschool_enrollment_sandbox import District, running_sandbox


@pytest.fixture(scope="module")
def running():
    district = District.generate(seed=3, forms=1, roster_records_per_form=12, families_started=False)
    with running_sandbox(district=district) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.district.imports.attempts.clear()
    running.faults.clear()
    running.on_request = None
    yield running
    running.faults.clear()
    running.on_request = None
