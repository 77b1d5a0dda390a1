"""An odd value in a body affects no other value, and every parsed body can be written as JSON again."""

from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powerschool_enrollment_api.json_body import (
    DEEPEST,
    NESTED,
    NOT_NUMBERS,
    NULS,
    NUMBERS,
    REPLACED,
    InvalidJson,
    parse_json,
)

BOM = b"\xef\xbb\xbf"
DIGITS = "123456789012345678901234567890"
TEXT = (
    b'"' + b"a text of a record " * 20_000 + b'"'
)  # more than 256 KiB, from which the nesting is checked in another way


def nested(levels, innermost=b"1"):
    return b"[" * levels + innermost + b"]" * levels


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (BOM + b"[]", []),
        (b" [1] \r\n", [1]),
        (b"null", None),
        (b"18446744073709551615", 2**64 - 1),
        (b"-9223372036854775808", -(2**63)),
        (b"[1.5, 0.30000000000000004, 1e-7]", [1.5, 0.30000000000000004, 1e-7]),
        (b"[0.50000000000000000000]", [0.5]),
        (b'["12345678901234567890", "\\\\u0000"]', ["12345678901234567890", "\\u0000"]),
        (b'"\\ud83d\\ude00"', "😀"),
        ('"Zoë 李"'.encode("utf-16"), "Zoë 李"),
        (nested(DEEPEST), json.loads(nested(DEEPEST))),
        (nested(DEEPEST - 1, TEXT), json.loads(nested(DEEPEST - 1, TEXT))),
    ],
    ids=lambda value: str(value)[:20],
)
def test_valid_json_needs_no_repair(body, value):
    parsed, repairs = parse_json(body)

    assert repr(parsed) == repr(value)
    assert not repairs


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (DIGITS, DIGITS),
        ("-" + DIGITS, "-" + DIGITS),
        ("18446744073709551616", "18446744073709551616"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("9" * 5000, "9" * 5000),
        ("0.3333333333333333333333333333", "0.3333333333333333333333333333"),
        ("1e999", "1e999"),
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize(
    "template", ["%s", '{"a":%s}', '{"a": %s}', "[1,%s]", "[\n%s\n]", '["\\ud800", %s]', "[%s, NaN]"]
)
def test_number_beyond_64_bits_is_kept_exactly_as_text(number, text, template):
    value, repairs = parse_json((template % number).encode())

    assert value == json.loads(orjson.dumps(value))
    assert text in (value if isinstance(value, (str, list)) else value.values())
    assert repairs.counts[NUMBERS] == 1


@pytest.mark.parametrize("offset", range(8))
def test_long_number_is_found_at_any_place_of_a_body(offset):
    body = b'{"a":"%b","n":9999999999999999999,"m":99999999999999999999}' % (b"x" * offset)

    assert parse_json(body)[0] == {"a": "x" * offset, "n": 9999999999999999999, "m": "99999999999999999999"}


@pytest.mark.parametrize("levels", [DEEPEST + 1, 300, 600])
@pytest.mark.parametrize("innermost", [b"1", TEXT, b'{"a": "\\u0000\\ud800", "n": 99999999999999999999}'])
def test_value_nested_too_deeply_becomes_json_text(levels, innermost):
    value, repairs = parse_json(b'{"id": 7, "deep": %b}' % nested(levels, innermost))

    orjson.dumps(value)
    assert value["id"] == 7
    assert repairs.counts[NESTED] == 1
    deep = value["deep"]
    for _ in range(DEEPEST - 1):
        (deep,) = deep
    assert deep.startswith("[")
    json.loads(deep)


def test_nesting_beyond_what_python_can_parse_is_reported():
    with pytest.raises(InvalidJson) as raised:
        parse_json(nested(100_000))
    assert (raised.value.offset, raised.value.is_cut) == (None, False)


@pytest.mark.parametrize("body", [b"1],[2", b"]" * 300 + b"[" * 300, b"[1],[2]", b"", b"1,2", b"[[1]"])
@pytest.mark.parametrize("blanks", [0, 300_000])
def test_brackets_around_the_body_do_not_hide_errors(body, blanks):
    with pytest.raises(InvalidJson):
        parse_json(body + b" " * blanks)


def test_nul_characters_are_removed_from_texts_and_keys():
    value, repairs = parse_json(b'{"a\\u0000": ["\\u0000", "b\\u0000c\\u0000", "\\\\u0000"], "d": "\\\\\\u0000"}')

    assert value == {"a": ["", "bc", "\\u0000"], "d": "\\"}
    assert repairs.counts == {NULS: 5}


def test_half_of_a_surrogate_pair_is_replaced_beside_a_long_number():
    value, repairs = parse_json(b'["\\ud800 left", "\\ud83d\\ude00", %b]' % DIGITS.encode())

    assert value == ["\N{REPLACEMENT CHARACTER} left", "😀", DIGITS]
    assert repairs.counts == {REPLACED: 1, NUMBERS: 1}


def test_nan_and_infinity_become_null():
    value, repairs = parse_json(b'{"a": NaN, "b": -Infinity}')

    assert value == {"a": None, "b": None}
    assert repairs.counts == {NOT_NUMBERS: 2}


def test_repairs_are_reported_as_counts_without_a_value():
    _, repairs = parse_json(b'["Ada\\u0000\\u0000", %b]' % DIGITS.encode())

    assert str(repairs) == "2 U+0000 characters, removed; 1 numbers beyond 64 bits, kept as text"
    assert not parse_json(b"[]")[1]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_body_can_be_written_again_or_is_not_json(body):
    try:
        value, _ = parse_json(body)
    except InvalidJson:
        return
    orjson.dumps(value)


@given(st.recursive(st.one_of(st.floats(), st.text(st.characters()), st.integers(), st.none()), st.lists))
def test_any_json_that_python_writes_is_read_and_can_be_written_again(value):
    text = json.dumps(value)
    parsed, repairs = parse_json(text.encode())

    orjson.dumps(parsed)
    if not repairs:
        assert parsed == json.loads(text)  # not `value`: two lone surrogates in a row are one character in JSON
