"""One object of an answer, bare or alone in a list."""

import json
import logging

import pytest
import requests

from source_powerschool_enrollment.components import EnvelopeExtractor
from source_powerschool_enrollment.context import sync_for

CONFIG = {"api_key": "details-key"}


def answer(payload):
    response = requests.Response()
    response.status_code = 200
    response._content = json.dumps(payload).encode()
    response.request = requests.Request("GET", "https://registration.powerschool.com/api/v1/rosterrecords/7").prepare()
    return response


@pytest.mark.parametrize("payload", [{"id": 7}, [{"id": 7}]])
def test_one_object_may_be_bare_or_alone_in_a_list(payload):
    extractor = EnvelopeExtractor(config=CONFIG, shape="one", name="roster_record_details")
    assert extractor.extract_records(answer(payload)) == [{"id": 7}]


def test_empty_list_instead_of_one_object_is_a_counted_warning(caplog):
    extractor = EnvelopeExtractor(config=CONFIG, shape="one", name="roster_record_details")
    assert extractor.extract_records(answer([])) == []
    sync_for(CONFIG).warnings.report(logging.getLogger("airbyte.test"))
    assert "roster_record_details: skipped a record that was removed during the read (once)." in caplog.messages


def test_empty_list_of_objects_causes_no_warning(caplog):
    assert EnvelopeExtractor(config=CONFIG, shape="list", name="checklists").extract_records(answer([])) == []
    sync_for(CONFIG).warnings.report(logging.getLogger("airbyte.test"))
    assert caplog.messages == []
