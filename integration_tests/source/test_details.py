"""Single records over a socket: in both shapes, at once, of the selected forms, and unharmed by one that is gone."""

from collections import Counter
from itertools import islice

import pytest

from integration_tests.connector import run_source
from powerschool_enrollment_sandbox import District, Fault, running_sandbox

WORKERS = 6


@pytest.fixture(params=["observed", "documented"])
def sandbox(request):
    district = District.generate(forms=2, roster_records_per_form=70, submission_records_per_form=60)
    with running_sandbox(district=district, wire=request.param, latency_ms=30) as running:
        yield running


def catalog(*names):
    return {
        "streams": [
            {
                "stream": {"name": name, "json_schema": {"type": "object"}, "supported_sync_modes": ["full_refresh"]},
                "sync_mode": "full_refresh",
                "destination_sync_mode": "overwrite",
            }
            for name in names
        ]
    }


def test_details_are_read_at_once_for_the_selected_forms_and_records_and_skip_what_is_gone(sandbox):
    form = sandbox.district.forms[max(sandbox.district.forms)]
    ((status, _),) = Counter(record["status"] for record in form.submissions).most_common(1)
    wanted = {record["id"] for record in form.submissions if record["status"] == status}
    gone = set(islice(wanted, 2))
    for record_id in gone:
        sandbox.faults.add(Fault("status", path=f"/submissionrecords/{record_id}", status=404))
    config = {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "num_workers": WORKERS,
        "page_size": 5,
        "published_actions": {"mode": "ids", "ids": [form.id]},
        "record_search": [{"parameter": "status", "value": status}],
    }
    outcome = run_source("read", config=config, catalog=catalog("submission_record_details"))
    assert (outcome.exit_code, outcome.errors) == (0, [])
    records = outcome.records("submission_record_details")
    assert {record["id"] for record in records} == wanted - gone
    assert {record["published_action_id"] for record in records} == {form.id}
    assert "submission_record_details: skipped what was removed while it was read (2 times)." in outcome.warnings
    assert sandbox.journal.max_concurrent == WORKERS
