"""What the destination's tests talk to."""

import pytest
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests  # noqa: F401 - Airbyte's standard tests

from integration_tests.destination.stand_in import StandIn


@pytest.fixture
def service():
    with StandIn() as stand_in:
        yield stand_in


def pytest_collection_modifyitems(items):
    """Leave out the standard tests of a built image, which need a container engine."""
    items[:] = [item for item in items if not item.get_closest_marker("image_tests")]
