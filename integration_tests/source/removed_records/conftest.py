"""A sandbox, and reads of it with the option `detect_removed_records`, for the tests of this folder."""

import pytest

from integration_tests.source.removed_records.tombstones import small_district
from integration_tests.source.stream_read import read_stream
from powerschool_enrollment_sandbox import running_sandbox


@pytest.fixture(scope="module", params=["observed", "documented"])
def running(request):
    with running_sandbox(district=small_district(), wire=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.district = small_district()
    yield running
    running.faults.clear()
    running.changes.clear()
    running.on_answer = running.on_request = None


@pytest.fixture
def forms(sandbox):
    return list(sandbox.district.forms.values())


@pytest.fixture(autouse=True)
def _no_retries(monkeypatch, caplog):
    monkeypatch.setenv("POWERSCHOOL_ENROLLMENT_RETRY_SECONDS", "0")
    caplog.set_level("WARNING", "airbyte")


@pytest.fixture
def options(sandbox):
    return {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "page_size": 5,
        "detect_removed_records": True,
    }


@pytest.fixture
def read(sandbox, options):
    """Read one record stream incrementally from the outcome of an earlier read, by default with the option."""

    def read(before=None, *, name="roster_records", **changed):
        sandbox.journal.clear()
        return read_stream({**options, **changed}, name, before.state if before else [])

    return read
