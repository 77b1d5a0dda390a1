"""The stream `batches` over a socket: an odd date stops neither this sync nor a later one."""

import pytest

from integration_tests.connector import read_streams
from integration_tests.source.wrong_delivery_answers import without_records

DAMAGED = (
    "batches: the state is damaged, or a date in it is in the future. "
    "The batches concerned are read again from the first date."
)
TOO_NEW = "2099-01-01T00:00:00Z"


@pytest.fixture
def config(service):
    return {"api_key": service.sandbox.api_key, "base_url": service.sandbox.base_url}


def deliver(service, target=7):
    service.approve(target, 1)
    service.deliver(target)
    return service.targets[target].batches[-1].id


def show(service, dates, target=7):
    """Let the list show these dates, by batch id."""
    service.targets[target].entries = lambda batch: batch | {"date": dates.get(batch["id"], batch["date"])}


def read(config, state=()):
    outcome = read_streams(config, "batches", sync_mode="incremental", state=list(state))
    assert outcome.exit_code == 0
    return outcome, [record["id"] for record in outcome.records("batches")]


def cursors(outcome):
    state = outcome.states[-1]["stream"]["stream_state"]
    return [state["state"]["date"], *(each["cursor"]["date"] for each in state["states"])]


def test_date_in_the_future_does_not_move_the_cursor(service, config):
    sent = [deliver(service), deliver(service)]
    show(service, {sent[0]: TOO_NEW})
    first, ids = read(config)
    assert ids == sent
    assert [record.get("date") for record in first.records("batches")] == [TOO_NEW, "2026-09-01T12:00:00Z"]
    assert cursors(first) == ["2026-09-01", "2026-09-01"]
    later = deliver(service)
    assert later in read(config, first.states[-1:])[1]


@pytest.mark.parametrize("odd", [None, "", "soon", 7, [], {}])
def test_date_that_cannot_be_read_is_null_with_a_counted_warning(service, config, odd):
    sent = [deliver(service), deliver(service)]
    show(service, {sent[0]: odd})
    outcome, ids = read(config)
    assert ids == sent
    assert [record.get("date") for record in outcome.records("batches")] == [None, "2026-09-01T12:00:00Z"]
    assert cursors(outcome) == ["2026-09-01", "2026-09-01"]
    mistyped = "batches: date does not have the type in the schema, and is null instead (once)."
    assert outcome.warnings == ([] if odd is None or odd == "" else [mistyped])


@pytest.mark.parametrize("odd", ["0001-01-01T00:00:00", "9999-12-31T23:59:59Z", None])
def test_batches_that_all_have_the_same_odd_date_are_read_by_each_sync(service, config, odd):
    sent = [deliver(service), deliver(service)]
    show(service, dict.fromkeys(sent, odd))
    first, ids = read(config)
    assert ids == sent
    assert read(config, first.states[-1:])[1] == sent


def test_state_that_an_older_version_moved_to_the_future_is_read_again(service, config):
    service.start_over(7, 8)
    sent = {deliver(service), deliver(service, 8)}
    state = read(config)[0].states[-1]
    state["stream"]["stream_state"]["state"]["date"] = "2099-01-01"
    state["stream"]["stream_state"]["states"][0]["cursor"]["date"] = "2099-01-01"
    outcome, ids = read(config, [state])
    assert set(ids) == sent
    assert set(cursors(outcome)) == {"2026-09-01"}
    assert outcome.warnings == [DAMAGED]


@pytest.mark.parametrize("start_date", ["0001-01-01", "1999-12-31"])
def test_first_date_before_the_service_existed_lists_all(service, config, start_date):
    sent = [deliver(service)]
    assert read({**config, "start_date": start_date})[1] == sent


def test_list_may_omit_the_records(service, config):
    sent = [deliver(service)]
    service.targets[7].entries = without_records
    assert read(config)[1] == sent
