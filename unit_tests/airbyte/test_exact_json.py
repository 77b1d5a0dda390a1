import json

import pytest

from destination_powerschool_enrollment.protocol import MalformedInput, StateMessage, read_messages, with_stats
from powerschool_enrollment_airbyte.exact_json import ExactNumber, dumps_exactly, loads_exactly

NUMBERS = [
    "1e400",
    "-1E+400",
    "0.10000000000000000001",
    "1.0",
    "1.50",
    "-0",
    "-0.0",
    "1E5",
    "9" * 5_000,
    str(2**70),
    "7",
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:30])
def test_numbers_are_written_as_they_were_read(number):
    assert dumps_exactly(loads_exactly(f'{{"a": [{number}]}}'.encode())) == f'{{"a": [{number}]}}'


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:30])
def test_confirmed_state_has_the_numbers_of_the_source(number):
    line = f'{{"type": "STATE", "state": {{"data": {{"cursor": {number}}}}}}}'.encode()
    (message,) = read_messages([line])
    assert isinstance(message, StateMessage)
    assert f'"cursor": {number}}}' in dumps_exactly(with_stats(message.state, 1, 0))


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_state_with_a_constant_that_is_not_json_is_refused(constant):
    line = f'{{"type": "STATE", "state": {{"data": {{"cursor": {constant}}}}}}}'.encode()
    with pytest.raises(MalformedInput, match=r"^Line 1 of the input is a state with NaN or Infinity"):
        list(read_messages([line]))


def test_text_that_looks_like_a_number_stays_text():
    text = json.dumps({"a": "1e400", "b": '"1"'})
    assert dumps_exactly(loads_exactly(text.encode())) == text


def test_other_objects_are_not_written():
    with pytest.raises(TypeError, match="object cannot be written"):
        dumps_exactly({"a": object()})
    assert dumps_exactly(ExactNumber("1e400")) == "1e400"
