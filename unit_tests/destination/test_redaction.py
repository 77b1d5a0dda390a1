import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_powerschool_enrollment.redaction import VOCABULARY, redact

ROW = ["Zoë Marie O'Brien", "190292", "5", "04/20/2007", "Name"]
FIELDS = {"FirstName", "Address 2", "stu_Line22", "姓名"}
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October"]
MONTHS += ["November", "December", "Mai", "juin", "März"]


def shown(reason, values=(), fields=()):
    return redact(reason, values, fields).text


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("Grade is required.", "Grade is required."),
        ("Student 190292 not found.", "Student … not found."),
        ("No space for zoë marie o'brien here", "No space for …"),
        ("Marie is locked", "… is locked"),
        ("Brien's record is locked", "… record is locked"),
        ("Grade 5 is not available", "Grade … is not available"),
        ("'April 20' is not a date for 'FirstName'", "… is not a date for 'FirstName'"),
        ("birth 4/20/2007", "birth …"),
        ("FirstName of marie", "FirstName of …"),
        ("The field stu_Line22 is too long", "The field stu_Line22 is too long"),
        ("姓名: 王小明 is invalid", "姓名: … is invalid"),
        ("required\n\tfield\x00\u200b", "required …"),
        ("The student's record doesn't exist (Address 2)", "The student's record doesn't exist (Address 2)"),
        ("FirstNam\u0301e FirstName\u0301 FirstNames", "…"),
    ],
)
def test_reason_shows_only_known_words_and_field_names(reason, expected):
    assert shown(reason, ROW, FIELDS) == expected


@pytest.mark.parametrize(
    ("value", "reason", "expected"),
    [
        ("First", "First is not the first student", "… is not the … student"),
        ("Long Beach School", "The school Long Beach School is too long", "The … is too …"),
        ("Réquired", "REQUIRED is invalid", "… is invalid"),
        ("Formosa", "Form is closed", "… is closed"),
        ("Andover", "Over and out", "… out"),
        ("Field", "Fields of field's form", "… of … form"),
        ("FirstName", "FirstName is required", "… is required"),
        ("A", "A record exists", "… record exists"),
    ],
)
def test_known_word_that_is_part_of_a_value_is_redacted(value, reason, expected):
    assert shown(reason, [value], FIELDS) == expected


def without_accents(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


SPELLINGS = [
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFD", text),
    without_accents,
    str.upper,
    lambda text: text[: max(3, len(text) // 2)],
    lambda text: text[-max(3, len(text) // 2) :],
    "\u200b".join,
]
TEMPLATES = [
    "The value {} is not valid.",
    "Student {} (born {}) is locked; the record of {} was not changed",
    "{}",
    "Date {}{} exceeds the maximum",
    "first name:{}, last name:{}",
]
NAMES = [
    "Zoë",
    "Jürgen",
    "Ñuñoa",
    "Ağaoğlu",
    "Nguyễn",
    "王小明",
    "佐藤",
    "김철수",
    "Иванова",
    "Grant",
    "Will",
    "Field",
    "Short",
]
NAMES += ["First", "Long", "Page", "Formán", "Valida", "O'Dell", "Szymański", "Émilie", "İpek", "Weiß", "Ødegård"]
NAMES += ["Street", "Locke", "Requiréd", "Rule", "State", "Day", *MONTHS]


def planted_values(count):
    randomness = random.Random(5)
    for _ in range(count):
        value = " ".join(randomness.choices(NAMES, k=randomness.randint(1, 3)))
        yield value, randomness.choice(SPELLINGS)(value), randomness.choice(TEMPLATES)


def test_no_planted_value_remains_in_any_spelling():
    for value, written, template in planted_values(2_000):
        text = shown(template.replace("{}", written), [value], FIELDS)
        for word in [*written.split(), *value.split()]:
            assert len(word) < 3 or word.lower() not in text.lower().split(), (value, written, text)


@pytest.mark.parametrize("cell", ["not a date", "Not", "it cannot be"])
def test_negation_is_shown_although_a_cell_contains_it(cell):
    assert "not valid" in shown("DateOfBirth is not valid.", [cell])
    assert "cannot be" in shown("The record cannot be changed.", ["not", "cannot"])


def test_month_names_are_not_shown():
    for month in MONTHS:
        assert shown(f"{month} is not valid", ["2007-05-20"]) == "… is not valid"


def test_vocabulary_has_several_hundred_plain_words():
    assert 500 < len(VOCABULARY) < 1_000
    assert all(word.replace("'", "").isascii() and word.replace("'", "").isalpha() for word in VOCABULARY)


@pytest.mark.parametrize(
    "reason", ["no " * 500, "required " * 100_000, "x" * 200_000, "\"'«`“" * 100_000, "…" * 200_000, "1 " * 100_000]
)
def test_long_reason_is_cut(reason):
    assert len(shown(reason, ROW, FIELDS)) <= 301


def test_word_that_the_limit_cuts_is_not_shown():
    reason = "x" * 1_996 + " formosa"
    assert shown(reason) == "…"


def test_row_with_a_long_value_is_searched_completely():
    assert shown("The field is locked", ["é" * 1_200_000 + "locked"]) == "The field is …"


def test_template_does_not_depend_on_the_values_of_the_row():
    reason = "A record of {} exists"
    one, other = redact(reason.format("Ann"), ["A", "Ann"], ()), redact(reason.format("Bea Lou"), ["Bea Lou"], ())
    assert (one.text, other.text) == ("… record of … exists", "A record of … exists")
    assert one.template == other.template
    assert "A record" not in repr(one)


@given(st.lists(st.text(min_size=4, alphabet=st.characters(categories=["L"])), min_size=1, max_size=5))
def test_no_value_of_four_letters_remains(values):
    text = shown(" and ".join(values), values)
    assert not any(value in text for value in values if value not in " and …")
