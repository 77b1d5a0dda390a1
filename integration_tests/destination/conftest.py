"""What the destination's tests talk to."""

import shutil
from pathlib import Path

import pytest
from airbyte_cdk.test.standard_tests.pytest_hooks import pytest_generate_tests  # noqa: F401 - Airbyte's standard tests

from integration_tests import in_this_process
from integration_tests.destination.roster_command import EXAMPLES
from integration_tests.destination.stand_in import StandIn


@pytest.fixture(autouse=True)
def _nothing_left_running():
    """A test that failed may have left a command running in this process."""
    yield
    in_this_process.end_all()


@pytest.fixture
def service():
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The sample in a folder of the test's own: rejected rows go beside it."""
    (tmp_path / "examples").mkdir()
    return Path(shutil.copy(EXAMPLES / "roster.csv", tmp_path / "examples"))
