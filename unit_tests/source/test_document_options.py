"""The option `documents`, and what it finds in a submission record."""

import pytest

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.documents.options import DocumentField, document_fields


def record(**items):
    return {"id": 7, "published_action_id": 3, "dataItems": items}


@pytest.mark.parametrize("config", [{}, {"documents": []}, {"documents": None}])
def test_no_fields_are_looked_for_unless_some_are_configured(config):
    assert document_fields(config) == ()


def test_a_field_may_have_one_for_its_files_name():
    config = {"documents": [{"field": " doc_A "}, {"field": "doc_B", "file_name_field": "doc_B_Name"}]}
    assert document_fields(config) == (DocumentField("doc_A"), DocumentField("doc_B", "doc_B_Name"))


@pytest.mark.parametrize("entries", [[{"field": " "}], [{"file_name_field": "doc_A"}]])
def test_an_entry_without_a_field_is_refused(entries):
    with pytest.raises(InvalidOption, match="without a field"):
        document_fields({"documents": entries})


@pytest.mark.parametrize("twin", ["doc_A", "DOC_a", " doc_A"])
def test_fields_that_would_share_a_folder_are_refused(twin):
    with pytest.raises(InvalidOption, match="twice"):
        document_fields({"documents": [{"field": "doc_A"}, {"field": twin}]})


@pytest.mark.parametrize("value", ["", "  ", None])
def test_a_field_without_an_id_holds_no_document(value):
    assert DocumentField("doc_A").document_in(record(doc_A=value)) is None


def test_a_record_without_the_field_or_without_any_holds_no_document():
    assert DocumentField("doc_A").document_in(record()) is None
    assert DocumentField("doc_A").document_in({"id": 7, "published_action_id": 3, "dataItems": None}) is None


def test_a_document_knows_its_record_form_and_name():
    document = DocumentField("doc_A", "doc_A_Name").document_in(record(doc_A="guid", doc_A_Name="a.pdf"))
    assert (document.submission_record_id, document.published_action_id, document.field) == (7, 3, "doc_A")
    assert (document.object_id, document.file_name) == ("guid", "a.pdf")


def test_a_document_never_shows_its_id_or_name_in_a_traceback():
    document = DocumentField("doc_A", "doc_A_Name").document_in(record(doc_A="guid", doc_A_Name="a.pdf"))
    assert "guid" not in repr(document)
    assert "a.pdf" not in repr(document)
