import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import requests

from powerschool_enrollment_sandbox import Change, Fault, running_sandbox
from powerschool_enrollment_sandbox.http import app


def test_fault_applies_after_skip_and_at_most_times(observed_caller, observed_sandbox):
    observed_sandbox.faults.add(Fault("status", path="/publishedactions", status=503, skip=1, times=2))
    statuses = [observed_caller.call("/publishedactions").status_code for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert observed_caller.call("/checklists").status_code == 200


@pytest.mark.parametrize(
    ("fault", "content_type", "body"),
    [
        (Fault("status", status=200, body="html"), "text/html", b"<!DOCTYPE html>"),
        (Fault("status", status=503, body="html"), "text/html", b"<!DOCTYPE html>"),
        (Fault("status", status=200, body="empty"), "application/json", b""),
        (Fault("status", status=500, message="Out of order."), "application/json", b'{"message":"Out of order."}'),
    ],
)
def test_status_fault_answers_its_body(observed_caller, observed_sandbox, fault, content_type, body):
    observed_sandbox.faults.add(fault)
    answer = observed_caller.call("/publishedactions")
    assert answer.status_code == fault.status
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.content[: len(body) or None] == body


def test_retry_after_is_seconds_a_date_or_missing(observed_caller, observed_sandbox):
    observed_sandbox.faults.add(
        Fault("status", status=429, retry_after=2, times=1),
        Fault("status", status=429, retry_after=2, retry_after_as_date=True, times=1, skip=1),
        Fault("status", status=429, times=1, skip=2),
    )
    given = [observed_caller.call("/publishedactions").headers.get("Retry-After") for _ in range(3)]
    assert given[0] == "2"
    assert given[1].endswith("GMT")
    assert given[2] is None


def test_status_fault_answers_a_redirect(observed_caller, observed_sandbox):
    observed_sandbox.faults.add(Fault("status", status=302, headers={"Location": "/elsewhere"}))
    answer = observed_caller.call("/publishedactions", allow_redirects=False)
    assert answer.headers["Location"] == "/elsewhere"


def test_truncate_fault_sends_less_than_the_content_length(observed_caller, observed_sandbox, form):
    observed_sandbox.faults.add(Fault("truncate", times=1))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        observed_caller.call(f"/publishedactions/{form}/rosterrecords")
    assert observed_caller.call(f"/publishedactions/{form}/rosterrecords").ok


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["drop", "hang", "status"])
def test_fault_applies_before_or_after_the_service_acts(observed_caller, observed_sandbox, target, kind, after):
    observed_sandbox.faults.add(Fault(kind, "POST", "/deliverytargets/*/createbatch", times=1, after_acting=after))
    if kind == "status":
        assert observed_caller.call(f"/deliverytargets/{target}/createbatch", "POST").status_code == 503
    else:
        with pytest.raises(requests.exceptions.ConnectionError, match="reset"):
            observed_caller.call(f"/deliverytargets/{target}/createbatch", "POST")
    assert len(observed_sandbox.district.delivery_targets[target].pending) == (35 if after else 60)
    [entry] = observed_sandbox.journal.entries("POST")
    assert (entry.acted, entry.fault) == (after, kind)


def test_hang_fault_runs_into_the_read_timeout(observed_sandbox):
    observed_sandbox.faults.add(Fault("hang", seconds=30))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{observed_sandbox.base_url}/publishedactions", timeout=0.1)


def test_sandbox_stops_without_output_during_requests(capfd, make_district):
    with running_sandbox(district=make_district()) as sandbox:
        sandbox.faults.add(Fault("hang", seconds=60))
        for _ in range(2):
            with pytest.raises(requests.exceptions.ReadTimeout):
                requests.get(f"{sandbox.base_url}/publishedactions", timeout=0.05)
        waiting = ThreadPoolExecutor(1).submit(requests.get, f"{sandbox.base_url}/checklists", timeout=60)
        wait_until(lambda: sandbox.journal.count(path="/checklists") == 1)
    assert isinstance(waiting.exception(10), requests.exceptions.ConnectionError)
    assert capfd.readouterr() == ("", "")


def wait_until(is_met, seconds=10):
    deadline = time.monotonic() + seconds
    while not is_met():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_bom_fault_adds_a_byte_order_mark(observed_caller, observed_sandbox):
    observed_sandbox.faults.add(Fault("bom"))
    content = observed_caller.call("/publishedactions").content
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(json.loads(content.decode("utf-8-sig"))) == 2


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("bad_byte", b'":"\xff'),
        ("nul", b'":"\\u0000'),
        ("long_number", b'{"sandboxLongNumber":123456789012345678901234567890'),
    ],
)
def test_odd_value_fault_changes_the_body(observed_caller, observed_sandbox, form, kind, found):
    observed_sandbox.faults.add(Fault(kind))
    assert found in observed_caller.call(f"/publishedactions/{form}/rosterrecords").content


def test_broken_json_fault_keeps_the_length_right(observed_caller, observed_sandbox):
    observed_sandbox.faults.add(Fault("broken_json"))
    assert observed_caller.call("/publishedactions").content.endswith(b",x]")


def test_trickle_fault_sends_the_whole_body_in_the_end(observed_caller, observed_sandbox):
    whole = observed_caller.call("/publishedactions").content
    observed_sandbox.faults.add(Fault("trickle", seconds=0.0001))
    assert observed_caller.call("/publishedactions").content == whole


def test_trickle_fault_ends_when_the_client_disconnects(observed_sandbox):
    observed_sandbox.faults.add(Fault("trickle", seconds=60))
    headers = {"Authorization": requests.auth._basic_auth_str(observed_sandbox.api_key, "")}
    with requests.get(f"{observed_sandbox.base_url}/publishedactions", headers=headers, stream=True, timeout=10):
        assert observed_sandbox.journal.count() == 1
    wait_until(lambda: observed_sandbox.journal.entries()[0].ended)


def test_extra_keys_fault_adds_keys_to_every_object(observed_caller, observed_sandbox, form):
    observed_sandbox.faults.add(Fault("extra_keys"))
    page = observed_caller.call(f"/publishedactions/{form}/rosterrecords").json()
    assert all("sandboxExtraKey" in part for part in (page, page["metaData"], page["records"][0]))


def test_without_status_fault_removes_the_status_of_an_import(observed_caller, observed_sandbox, form):
    observed_sandbox.faults.add(Fault("without_status", "POST"))
    schema = next(iter(observed_sandbox.district.forms[form].import_schemas))
    answer = observed_caller.call(f"/publishedactions/{form}/importschemas/{schema}", "POST", json={})
    assert set(answer.json()) == {"errors"}


@pytest.mark.parametrize("wire", ["observed", "documented"])
def test_without_records_fault_keeps_the_metadata(observed_caller, observed_sandbox, form, wire):
    observed_sandbox.settings.wire = wire
    observed_sandbox.faults.add(Fault("without_records"))
    metadata, records = observed_caller.page(f"/publishedactions/{form}/rosterrecords")
    assert (metadata["recordCount"], records) == (130, [])


def test_fault_applies_at_about_its_probability(observed_caller, observed_sandbox):
    observed_sandbox.faults.add(Fault("status", probability=0.3))
    refused = sum(not observed_caller.call("/checklists").ok for _ in range(100))
    assert 15 <= refused <= 45


def test_requests_wait_for_the_latency_concurrently(observed_sandbox):
    observed_sandbox.settings.latency_ms = 300
    with ThreadPoolExecutor(50) as pool:
        headers = {"Authorization": requests.auth._basic_auth_str(observed_sandbox.api_key, "")}
        address = f"{observed_sandbox.base_url}/checklists"
        answers = list(pool.map(lambda _: requests.get(address, headers=headers, timeout=30), range(50)))
    assert all(answer.ok for answer in answers)
    assert observed_sandbox.journal.max_concurrent > 10


def test_delay_applies_only_to_its_path(observed_caller, observed_sandbox, monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(app, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
    observed_sandbox.faults.add(Fault("delay", path="/checklists", seconds=0.2))
    observed_caller.call("/deliverytargets")
    assert waits == []
    observed_caller.call("/checklists")
    assert waits == [0.2]


def test_records_change_between_page_requests(observed_caller, observed_sandbox, form):
    observed_sandbox.changes.add(
        Change(path="*/rosterrecords", every=2, insert=3, remove=1, edit=2, where="start", times=1)
    )
    path = f"/publishedactions/{form}/rosterrecords"
    counts = [observed_caller.page(path, page=page)[0]["recordCount"] for page in (1, 2, 3)]
    assert counts == [130, 132, 132]


def test_on_request_is_called_before_each_answer(observed_caller, observed_sandbox, form):
    roster = observed_sandbox.district.forms[form].roster
    observed_sandbox.on_request = lambda _entry: roster.remove(roster.ids()[0])
    path = f"/publishedactions/{form}/rosterrecords"
    assert [observed_caller.page(path)[0]["recordCount"] for _ in range(3)] == [129, 128, 127]


def test_journal_records_every_request_and_can_be_cleared(observed_caller, observed_sandbox, form):
    observed_caller.call(f"/publishedactions/{form}/rosterrecords?page=2")
    observed_caller.call("/nowhere")
    page, nowhere = observed_sandbox.journal.entries()
    assert (page.method, page.query, page.status, page.acted) == ("GET", "page=2", 200, True)
    assert (nowhere.route, nowhere.status, nowhere.acted) == ("", 404, False)
    assert observed_sandbox.journal.count(path="/publishedactions/{id}/rosterrecords") == 1
    assert observed_sandbox.journal.count("GET", "*/rosterrecords", status=200) == 1
    observed_sandbox.journal.clear()
    assert observed_sandbox.journal.count() == 0
