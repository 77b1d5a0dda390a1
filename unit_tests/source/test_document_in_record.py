"""What the stream `documents` finds in a submission record."""

import pytest

from source_powerschool_enrollment.config import DocumentField
from source_powerschool_enrollment.documents.stream import document_in

PLAIN, NAMED = DocumentField("doc_A"), DocumentField("doc_A", "doc_A_Name")


def record(**items):
    return {"id": 7, "published_action_id": 3, "dataItems": items}


@pytest.mark.parametrize("value", ["", "  ", None])
def test_a_field_without_an_id_holds_no_document(value):
    assert document_in(record(doc_A=value), PLAIN) is None


def test_record_without_the_field_or_without_data_items_holds_no_document():
    assert document_in(record(), PLAIN) is None
    assert document_in({"id": 7, "published_action_id": 3, "dataItems": None}, PLAIN) is None


@pytest.mark.parametrize("items", ["doc_A", ["doc_A"], 7, True])
def test_data_items_that_are_not_an_object_hold_no_document(items):
    assert document_in({"id": 7, "published_action_id": 3, "dataItems": items}, PLAIN) is None


def test_a_document_knows_its_record_form_and_name():
    document = document_in(record(doc_A="guid", doc_A_Name="a.pdf"), NAMED)
    assert (document.submission_record_id, document.published_action_id, document.field) == (7, 3, "doc_A")
    assert (document.object_id, document.file_name) == ("guid", "a.pdf")


def test_representation_of_a_document_has_no_id_and_no_name():
    document = document_in(record(doc_A="guid", doc_A_Name="a.pdf"), NAMED)
    assert "guid" not in repr(document)
    assert "a.pdf" not in repr(document)
