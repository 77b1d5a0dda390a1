"""File names that families chose: safe on every disk, below the folder they belong to."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from source_powerschool_enrollment.documents.paths import document_path, safe_name

ANY_TEXT = st.text(st.characters())  # surrogates and control characters too


@given(ANY_TEXT)
@example("..")
@example("../../etc/passwd")
@example("C:\\boot.ini")
@example("con.pdf")
@example("a" * 300 + ".pdf")
@example("é" * 150 + " .pdf")
@example("a\u202egpj.exe")
@example("\ud800")
def test_a_safe_name_is_one_short_visible_component(text):
    name = safe_name(text)
    assert name not in {"", ".", ".."}
    assert not set(name) & set('/\\<>:"|?*')
    assert not any(unicodedata.category(character).startswith("C") for character in name)
    assert name == name.strip(" .")
    assert len(name.encode()) <= 201
    assert unicodedata.is_normalized("NFC", name)


@given(ANY_TEXT)
def test_a_safe_name_stays_as_it_is(text):
    assert safe_name(safe_name(text)) == safe_name(text)


@given(ANY_TEXT, ANY_TEXT)
def test_a_path_never_leaves_the_folder_of_its_record(field, name):
    path = document_path(30011, 5100021, field, name)
    assert path.parts[:2] == ("30011", "5100021")
    assert len(path.parts) == 4
    assert not path.is_absolute()
    assert ".." not in path.parts


@given(st.tuples(st.integers(1), ANY_TEXT), st.tuples(st.integers(1), ANY_TEXT))
def test_two_records_never_share_a_path(one, other):
    paths = {document_path(1, record_id, "doc", name) for record_id, name in (one, other)}
    assert len(paths) == 2 or one[0] == other[0]


@pytest.mark.parametrize("name", ["BirthCertificate Hays.pdf", "Führungszeugnis.jpg", "出生証明書.pdf", "a.tar.gz"])
def test_an_ordinary_name_is_kept(name):
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["con", "NUL.txt", "Com1.pdf", "lpt9", "aux .jpg"])
def test_names_that_some_disks_reserve_are_changed(name):
    assert safe_name(name) == f"_{name}"


def test_a_long_name_keeps_its_extension():
    assert safe_name("x" * 400 + ".jpeg") == "x" * 195 + ".jpeg"
