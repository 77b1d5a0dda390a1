"""Sandboxes for the tests of the Connector Builder's manifest."""

import pytest

from powerschool_enrollment_sandbox import District, running_sandbox


@pytest.fixture(scope="module", params=["observed", "documented"])
def service(request):
    """A sandbox that no test changes, in each wire shape."""
    district = District.generate(
        forms=3, roster_records_per_form=23, submission_records_per_form=12, checklist_entries=6, approved_waiting=5
    )
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def options(service):
    return {"api_key": service.api_key, "base_url": service.base_url, "page_size": 10}


@pytest.fixture(params=["observed", "documented"])
def small_service(request):
    """A small sandbox that a test may change, in each wire shape."""
    district = District.generate(forms=2, roster_records_per_form=5, submission_records_per_form=3, checklist_entries=4)
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture
def small_options(small_service):
    return {"api_key": small_service.api_key, "base_url": small_service.base_url}
