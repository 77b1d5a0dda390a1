import base64
import re

import pytest
import requests

RECORD_KEYS = {
    "id", "status", "firstName", "lastName", "dateOfBirth", "externalStudentID", "externalFamilyID", "household",
    "school", "grade", "enrollStatus", "imported", "started", "submitted", "tags", "dataItems",
}  # fmt: skip
NAIVE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@pytest.mark.parametrize("path", ["/healthz", "/api/healthz"])
def test_health_check_does_not_need_a_key(sandbox, path):
    answer = requests.get(f"{sandbox.root_url}{path}", timeout=10)
    assert answer.status_code == 200
    assert set(answer.json()) == {"Status", "SoftwareVersion", "DateTimeNow"}


def test_connection_test_accepts_the_key(caller):
    assert caller.call("/connection/test").json()["Status"] == "Healthy"


@pytest.mark.parametrize("auth", [("wrong", ""), ("", ""), ("sandbox-key", "password"), None])
@pytest.mark.parametrize("status", [500, 401, 403])
def test_wrong_key_is_answered_with_the_configured_status(sandbox, auth, status):
    sandbox.settings.refusal_status = status
    answer = requests.get(f"{sandbox.base_url}/publishedactions", auth=auth, timeout=10)
    assert answer.status_code == status
    assert answer.json() == {"message": "You are not authorized to access this resource."}


def test_published_actions_have_id_title_and_year(caller):
    forms = caller.call("/publishedactions").json()
    assert [set(form) for form in forms] == [{"id", "title", "academicYear"}] * 2
    assert all(isinstance(form["id"], int) for form in forms)


def test_import_schemas_have_fields(caller, form):
    schemas = caller.call(f"/publishedactions/{form}/importschemas").json()
    assert all(set(schema) == {"id", "title", "fields"} for schema in schemas)
    assert "ExternalID" in schemas[1]["fields"]


@pytest.mark.parametrize("kind", ["roster", "submission"])
def test_records_have_the_observed_fields_in_pages_and_in_details(caller, form, kind):
    metadata, records = caller.page(f"/publishedactions/{form}/{kind}records", pagesize=1000)
    assert metadata == {"page": 1, "pageSize": 1000, "pageCount": 1, "recordCount": len(records)}
    for record in records:
        assert set(record) == RECORD_KEYS
        assert isinstance(record["id"], int)
        assert record["dateOfBirth"].endswith("T00:00:00")
        assert all(record[time] is None or NAIVE_TIME.fullmatch(record[time]) for time in ("imported", "submitted"))
        assert all(value is None or isinstance(value, str) for value in record["dataItems"].values())
        assert len(record["dataItems"]) >= 60
    assert caller.details(f"/{kind}records/{records[7]['id']}") == records[7]


def test_default_page_size_is_fifty(caller, form):
    metadata, records = caller.page(f"/publishedactions/{form}/rosterrecords")
    assert metadata == {"page": 1, "pageSize": 50, "pageCount": 3, "recordCount": 130}
    assert len(records) == 50


def test_page_size_is_capped_and_the_metadata_contains_the_cap(caller, sandbox, form):
    sandbox.settings.page_size_cap = 20
    metadata, records = caller.page(f"/publishedactions/{form}/rosterrecords", PAGE=2, PageSize=500)
    assert (metadata["pageSize"], metadata["page"], len(records)) == (20, 2, 20)


def test_page_after_the_last_is_empty(caller, form):
    metadata, records = caller.page(f"/publishedactions/{form}/rosterrecords", page=99)
    assert (metadata["recordCount"], records) == (130, [])


@pytest.mark.parametrize("query", ["page=0", "pagesize=x", "page=-1", f"page={2**64}", f"pagesize={'9' * 5000}"])
def test_invalid_page_or_page_size_is_400(caller, form, query):
    assert caller.call(f"/publishedactions/{form}/rosterrecords?{query}").status_code == 400


def test_search_compares_fields_without_case(caller, form):
    path = f"/publishedactions/{form}/submissionrecords"
    _, everyone = caller.page(path, pagesize=1000)
    metadata, found = caller.page(path, STATUS="approved", Grade=everyone[40]["grade"], pagesize=1000)
    wanted = [r for r in everyone if r["status"] == "Approved" and r["grade"] == everyone[40]["grade"]]
    assert found == wanted
    assert metadata["recordCount"] == len(wanted)
    tag = next(record["tags"][-1] for record in everyone if record["tags"])
    assert caller.page(path, tag=tag, pagesize=1000)[1] == [r for r in everyone if tag in r["tags"]]


@pytest.mark.parametrize(
    "path",
    [
        "/publishedactions/1/rosterrecords", "/publishedactions/x/submissionrecords", "/rosterrecords/1",
        "/submissionrecords/1", "/publishedactions/1/importschemas", "/deliverytargets/1/getbatches", "/checklists/1",
        "/checklists/1/checklistentries", "/documents/nobody", "/nowhere", f"/rosterrecords/{'9' * 5000}",
    ],
)  # fmt: skip
def test_unknown_path_or_id_is_404_with_a_message(caller, path):
    answer = caller.call(path)
    assert answer.status_code == 404
    assert answer.json()["message"]


def test_wrong_method_is_405_and_names_the_right_one(caller):
    answer = caller.call("/publishedactions", "POST")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_checklists_have_details_and_entries(caller):
    listed = caller.call("/checklists").json()
    details = caller.details(f"/checklists/{listed[0]['id']}")
    assert details | listed[0] == details
    entries = caller.call(f"/checklists/{listed[0]['id']}/checklistentries").json()
    assert len(entries) == 5
    items = {item["id"] for item in details["items"]}
    dates = {item["dateCompleted"] for entry in entries for item in entry["checklistItems"]}
    assert all({item["checklistItemID"] for item in entry["checklistItems"]} == items for entry in entries)
    assert "" in dates
    assert all(date == "" or re.fullmatch(r"\d\d/\d\d/\d{4}", date) for date in dates)


def document_of(caller, form):
    _, records = caller.page(f"/publishedactions/{form}/submissionrecords", pagesize=1000)
    return next(items for r in records if (items := r["dataItems"])["doc_BirthCertificate"])


def address_in(answer):
    return answer.json() if answer.headers["content-type"].startswith("application/json") else answer.text


def test_document_address_serves_the_content_without_a_key(caller, sandbox, form):
    document = document_of(caller, form)["doc_BirthCertificate"]
    address = address_in(caller.call(f"/documents/{document}"))
    answer = requests.get(address, timeout=10)
    assert answer.content == sandbox.district.documents.get(document).content
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) == 20_000
    assert not sandbox.journal.entries("GET", "/secure-*")[-1].authorization


def test_document_address_with_file_name_sets_type_and_disposition(caller, form):
    document = document_of(caller, form)
    query = {
        "file": base64.b64encode(document["doc_BirthCertificate_FileName"].encode()).decode(),
        "providerDocUID": base64.b64encode(document["doc_BirthCertificate"].encode()).decode(),
    }
    answer = requests.get(address_in(caller.call("/documents/document/url", params=query)), timeout=10)
    assert answer.headers["content-type"] == "application/pdf"
    assert "filename=" in answer.headers["content-disposition"]


@pytest.mark.parametrize("value", ["not base64", "\xf9", "/w=="])
@pytest.mark.parametrize("name", ["file", "providerDocUID"])
def test_document_query_that_is_not_base64_is_400(observed_caller, name, value):
    query = {"file": "", "providerDocUID": "", name: value}
    answer = observed_caller.call("/documents/document/url", params=query)
    assert answer.status_code == 400
    assert name.lower() in answer.json()["message"]


def test_document_address_expires_and_rejects_a_changed_signature(caller, sandbox, form):
    sandbox.clock.freeze()
    document = document_of(caller, form)["doc_BirthCertificate"]
    address = address_in(caller.call(f"/documents/{document}"))
    assert requests.get(f"{address}A", timeout=10).status_code == 403
    sandbox.clock.shift(seconds=119)
    assert requests.get(address, timeout=10).status_code == 200
    sandbox.clock.shift(seconds=2)
    expired = requests.get(address, timeout=10)
    assert expired.status_code == 403
    assert "AuthenticationFailed" in expired.text


def test_removed_document_is_404_in_the_api_and_in_the_storage(caller, sandbox, form):
    document = document_of(caller, form)["doc_BirthCertificate"]
    address = address_in(caller.call(f"/documents/{document}"))
    sandbox.district.documents.remove(document)
    assert requests.get(address, timeout=10).status_code == 404
    assert caller.call(f"/documents/{document}").status_code == 404


@pytest.mark.parametrize(("shape", "start"), [("json", '"http'), ("text", "http")])
def test_format_of_document_addresses_is_configurable(caller, sandbox, form, shape, start):
    document = document_of(caller, form)["doc_BirthCertificate"]
    sandbox.settings.document_url_shape = shape
    assert caller.call(f"/documents/{document}").text.startswith(start)


def test_ids_are_unique(sandbox):
    district = sandbox.district
    ids = [*district.forms, *district.delivery_targets, *district.checklists]
    for form in district.forms.values():
        ids += [*form.import_schemas, *form.roster.ids(), *form.submissions.ids()]
    for checklist in district.checklists.values():
        ids += [*checklist.item_ids, *checklist.entry_ids]
    assert len(set(ids)) == len(ids)
