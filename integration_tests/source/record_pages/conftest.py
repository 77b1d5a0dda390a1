"""A sandbox with one form in each wire shape, and reads of it, for the tests of this folder."""

from collections.abc import Callable
from typing import Any

import pytest

from integration_tests.connector import Outcome, configured_catalog, run_source
from integration_tests.source.record_pages.pages import PAGE_SIZE, RECORDS
from powerschool_enrollment_sandbox import District, running_sandbox


@pytest.fixture(params=["observed", "documented"])
def sandbox(request):
    district = District.generate(forms=1, roster_records_per_form=RECORDS, submission_records_per_form=3, data_items=2)
    with running_sandbox(district=district, wire=request.param) as running:
        yield running


@pytest.fixture(params=["full_refresh", "incremental"])
def sync_mode(request):
    return request.param


@pytest.fixture
def read(sandbox, streams) -> Callable[..., Outcome]:
    config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url, "page_size": PAGE_SIZE}

    def run(*names: str, sync_mode: str = "full_refresh", state: Any = None) -> Outcome:
        catalog = configured_catalog(streams, names or ["roster_records"], sync_mode)
        return run_source("read", config=config, catalog=catalog, state=state or [])

    return run
