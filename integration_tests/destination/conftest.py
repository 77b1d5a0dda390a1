"""Makes the modules beside this one importable by their names, and starts what the tests talk to."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from stand_in import StandIn


@pytest.fixture
def service():
    with StandIn() as stand_in:
        yield stand_in
