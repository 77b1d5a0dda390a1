"""The service that the destination's tests write to."""

import pytest
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests  # noqa: F401 - Airbyte's standard tests

from integration_tests import in_this_process
from integration_tests.destination.stand_in import StandIn


@pytest.fixture(autouse=True)
def _nothing_left_running():
    """End a command that a failed test left running in this process."""
    yield
    in_this_process.end_all()


@pytest.fixture
def service():
    with StandIn() as stand_in:
        yield stand_in
