import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import requests

from powerschool_enrollment_sandbox import Change, Fault, running_sandbox
from powerschool_enrollment_sandbox.http import app


def test_a_status_fault_strikes_after_its_skip_and_only_so_often(observer, observed):
    observed.faults.add(Fault("status", path="/publishedactions", status=503, skip=1, times=2))
    statuses = [observer.ask("/publishedactions").status_code for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]
    assert observer.ask("/checklists").status_code == 200


@pytest.mark.parametrize(
    ("fault", "content_type", "body"),
    [
        (Fault("status", status=200, body="html"), "text/html", b"<!DOCTYPE html>"),
        (Fault("status", status=503, body="html"), "text/html", b"<!DOCTYPE html>"),
        (Fault("status", status=200, body="empty"), "application/json", b""),
        (Fault("status", status=500, message="Out of order."), "application/json", b'{"message":"Out of order."}'),
    ],
)
def test_a_status_fault_answers_the_body_it_was_given(observer, observed, fault, content_type, body):
    observed.faults.add(fault)
    answer = observer.ask("/publishedactions")
    assert answer.status_code == fault.status
    assert answer.headers["content-type"].startswith(content_type)
    assert answer.content[: len(body) or None] == body


def test_retry_after_may_be_seconds_a_date_or_missing(observer, observed):
    observed.faults.add(
        Fault("status", status=429, retry_after=2, times=1),
        Fault("status", status=429, retry_after=2, retry_after_as_date=True, times=1, skip=1),
        Fault("status", status=429, times=1, skip=2),
    )
    given = [observer.ask("/publishedactions").headers.get("Retry-After") for _ in range(3)]
    assert given[0] == "2"
    assert given[1].endswith("GMT")
    assert given[2] is None


def test_a_redirect_can_be_answered(observer, observed):
    observed.faults.add(Fault("status", status=302, headers={"Location": "/elsewhere"}))
    answer = observer.ask("/publishedactions", allow_redirects=False)
    assert answer.headers["Location"] == "/elsewhere"


def test_a_body_cut_short_ends_before_its_length(observer, observed, form):
    observed.faults.add(Fault("truncate", times=1))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        observer.ask(f"/publishedactions/{form}/rosterrecords")
    assert observer.ask(f"/publishedactions/{form}/rosterrecords").ok


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["drop", "hang", "status"])
def test_a_fault_strikes_before_the_service_acted_or_after(observer, observed, target, kind, after):
    observed.faults.add(Fault(kind, "POST", "/deliverytargets/*/createbatch", times=1, after_acting=after))
    if kind == "status":
        assert observer.ask(f"/deliverytargets/{target}/createbatch", "POST").status_code == 503
    else:
        with pytest.raises(requests.exceptions.ConnectionError, match="reset"):
            observer.ask(f"/deliverytargets/{target}/createbatch", "POST")
    assert len(observed.district.delivery_targets[target].pending) == (35 if after else 60)
    [entry] = observed.journal.entries("POST")
    assert (entry.acted, entry.fault) == (after, kind)


def test_a_hang_outlasts_an_impatient_client(observed):
    observed.faults.add(Fault("hang", seconds=30))
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(f"{observed.base_url}/publishedactions", timeout=0.1)


def test_sandbox_stops_at_once_and_silently_during_requests(capfd, district_of):
    with running_sandbox(district=district_of()) as sandbox:
        sandbox.faults.add(Fault("hang", seconds=60))
        for _ in range(2):
            with pytest.raises(requests.exceptions.ReadTimeout):
                requests.get(f"{sandbox.base_url}/publishedactions", timeout=0.05)
        waiting = ThreadPoolExecutor(1).submit(requests.get, f"{sandbox.base_url}/checklists", timeout=60)
        until(lambda: sandbox.journal.count(path="/checklists") == 1)
    assert isinstance(waiting.exception(10), requests.exceptions.ConnectionError)
    assert capfd.readouterr() == ("", "")


def until(holds, bound=10):
    deadline = time.monotonic() + bound
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_json_may_begin_with_a_byte_order_mark(observer, observed):
    observed.faults.add(Fault("bom"))
    content = observer.ask("/publishedactions").content
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(json.loads(content.decode("utf-8-sig"))) == 2


def test_unknown_keys_may_appear_anywhere(observer, observed, form):
    observed.faults.add(Fault("extra_keys"))
    page = observer.ask(f"/publishedactions/{form}/rosterrecords").json()
    assert all("sandboxExtraKey" in part for part in (page, page["metaData"], page["records"][0]))


def test_an_import_may_be_answered_without_status(observer, observed, form):
    observed.faults.add(Fault("without_status", "POST"))
    schema = next(iter(observed.district.forms[form].import_schemas))
    answer = observer.ask(f"/publishedactions/{form}/importschemas/{schema}", "POST", json={})
    assert set(answer.json()) == {"errors"}


@pytest.mark.parametrize("wire", ["observed", "documented"])
def test_a_page_may_claim_records_and_hold_none(observer, observed, form, wire):
    observed.settings.wire = wire
    observed.faults.add(Fault("without_records"))
    metadata, records = observer.page(f"/publishedactions/{form}/rosterrecords")
    assert (metadata["recordCount"], records) == (130, [])


def test_faults_by_chance_come_at_about_their_rate(observer, observed):
    observed.faults.add(Fault("status", probability=0.3))
    refused = sum(not observer.ask("/checklists").ok for _ in range(100))
    assert 15 <= refused <= 45


def test_requests_wait_out_their_latency_together(observed):
    observed.settings.latency_ms = 300
    with ThreadPoolExecutor(50) as pool:
        headers = {"Authorization": requests.auth._basic_auth_str(observed.api_key, "")}
        address = f"{observed.base_url}/checklists"
        answers = list(pool.map(lambda _: requests.get(address, headers=headers, timeout=30), range(50)))
    assert all(answer.ok for answer in answers)
    assert observed.journal.max_concurrent > 10


def test_delay_applies_only_to_its_path(observer, observed, monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    monkeypatch.setattr(app, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": sleep}))
    observed.faults.add(Fault("delay", path="/checklists", seconds=0.2))
    observer.ask("/deliverytargets")
    assert waits == []
    observer.ask("/checklists")
    assert waits == [0.2]


def test_records_change_between_page_requests(observer, observed, form):
    observed.changes.add(Change(path="*/rosterrecords", every=2, insert=3, remove=1, edit=2, where="start", times=1))
    path = f"/publishedactions/{form}/rosterrecords"
    counts = [observer.page(path, page=page)[0]["recordCount"] for page in (1, 2, 3)]
    assert counts == [130, 132, 132]


def test_a_hook_is_called_before_each_request_is_answered(observer, observed, form):
    roster = observed.district.forms[form].roster
    observed.on_request = lambda _entry: roster.remove(roster.ids()[0])
    path = f"/publishedactions/{form}/rosterrecords"
    assert [observer.page(path)[0]["recordCount"] for _ in range(3)] == [129, 128, 127]


def test_the_journal_knows_every_request_and_can_forget(observer, observed, form):
    observer.ask(f"/publishedactions/{form}/rosterrecords?page=2")
    observer.ask("/nowhere")
    page, nowhere = observed.journal.entries()
    assert (page.method, page.query, page.status, page.acted) == ("GET", "page=2", 200, True)
    assert (nowhere.route, nowhere.status, nowhere.acted) == ("", 404, False)
    assert observed.journal.count(path="/publishedactions/{id}/rosterrecords") == 1
    assert observed.journal.count("GET", "*/rosterrecords", status=200) == 1
    observed.journal.clear()
    assert observed.journal.count() == 0
