"""A sandbox with three forms, started once for each module of tests."""

import pytest

from integration_tests.survey.surveys import small_district, start_over
from powerschool_enrollment_sandbox import running_sandbox


@pytest.fixture(scope="module")
def district():
    return small_district()


@pytest.fixture(scope="module")
def running():
    with running_sandbox(district=small_district()) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, district):
    return start_over(running, district)
