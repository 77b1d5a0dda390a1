"""Fixtures and pytest hooks of all integration tests."""

import gc

import pytest

from integration_tests.connector import discovered_streams
from powerschool_enrollment_sandbox import District, running_sandbox


@pytest.fixture(scope="session")
def small_district():
    """Arguments of `District.generate`: a sync of this district takes about a second."""
    return {
        "forms": 3,
        "roster_records_per_form": 130,
        "submission_records_per_form": 70,
        "approved_waiting": 20,
        "checklist_entries": 25,
        "document_bytes": 500,
    }


@pytest.fixture(scope="session")
def streams():
    """Return the streams that `discover` prints with default options, by name."""
    return discovered_streams()


@pytest.fixture
def sandbox(small_district):
    with running_sandbox(district=District.generate(**small_district)) as running:
        yield running


@pytest.fixture
def config(sandbox):
    return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}


def pytest_collection_modifyitems(items):
    """Leave out the standard tests of a built image, which need a container engine."""
    items[:] = [item for item in items if not item.get_closest_marker("image_tests")]


def pytest_collection_finish():
    """Exclude the imports from garbage collection, as the console script does. This saves 25 % of a command's time."""
    gc.collect()
    gc.freeze()
