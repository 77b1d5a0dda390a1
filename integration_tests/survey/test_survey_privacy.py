"""No value of an answer reaches a report, the log or standard error: planted values in every place of every answer."""

import itertools
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from integration_tests.survey.surveys import FIELD, run_survey, small_district, start_over
from powerschool_enrollment_sandbox import Fault, running_sandbox
from powerschool_enrollment_survey.report import markdown_of
from source_powerschool_enrollment.source import MANIFEST

# One for each format that a report distinguishes. Each planted text has a unique mark.
FORMATS = (
    "Ada-{mark}", "{mark}", "1873-04-15T00:00:00.{mark}", "1873-04-15T00:00:00.{mark}Z", "04/15/{mark}",
    "{mark:>08}-18d3-18d3-18d3-18d318d318d3", "ada.{mark}@example.org", "+1 ({mark})", "Q\u0000{mark}", "|`{mark}\n#",
)  # fmt: skip
FIRST_MARK = 718_281_800
LEAST_PLANTED = 2000


@dataclass
class Planter:
    """Replaces values of answers, and remembers what it planted."""

    planted: list[str] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(FIRST_MARK))

    def text(self) -> str:
        number = next(self.numbers)
        self.planted.append(str(number))
        return FORMATS[number % len(FORMATS)].format(mark=number)

    def number(self) -> int:
        self.planted.append(str(next(self.numbers)))
        return int(self.planted[-1])

    def texts(self, value: Any) -> Any:
        """Replace each text."""
        return _mapped(value, lambda leaf: self.text() if isinstance(leaf, str) else leaf)

    def leaves(self, value: Any) -> Any:
        """Replace each text, number and null, also ids and page numbers."""
        return _mapped(value, lambda leaf: self.number() if isinstance(leaf, int) else self.text())

    def keys(self, value: Any) -> Any:
        """Add five keys to each object. Some of them look like the name of a field."""
        if isinstance(value, dict):
            planted = {self.text(): "Q" for _ in range(5)}
            return {name: self.keys(entry) for name, entry in value.items()} | planted
        return [self.keys(entry) for entry in value] if isinstance(value, list) else value

    def types(self, value: Any) -> Any:
        """Replace each text by an object, a list, a number or a text."""
        shapes = itertools.cycle([lambda text: {text: text}, lambda text: [text], lambda _: self.number(), str])
        return _mapped(value, lambda leaf: next(shapes)(self.text()) if isinstance(leaf, str) else leaf)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _mapped(entry, change) for name, entry in value.items()}
    return [_mapped(entry, change) for entry in value] if isinstance(value, list) else change(value)


@pytest.fixture(scope="module")
def district():
    return small_district(forms=2, records=20)


@pytest.fixture(scope="module")
def running():
    with running_sandbox(district=small_district(forms=1)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, district, caplog):
    caplog.set_level(logging.DEBUG)
    return start_over(running, district)


each_wire = pytest.mark.parametrize("wire", ["observed", "documented"])


def leaked(planted, surveyed, caplog):
    """Return the planted values that were printed, in either format of the report, or logged."""
    reports = [surveyed.stdout, markdown_of(surveyed.facts)] if surveyed.stdout else []
    written = "\n".join([*reports, surveyed.stderr, *map(_whole, caplog.records)])
    digits = " ".join(re.findall(r"\d{6,}", written))  # few, so the search for all marks is fast
    return [value for value in planted if value in (digits if value.isdigit() else written)]


def _whole(record: logging.LogRecord) -> str:
    return f"{record.getMessage()} {record.args} {record.exc_text or ''}"


@each_wire
@pytest.mark.parametrize("kind", ["texts", "leaves", "keys", "types"])
def test_no_planted_value_is_reported(sandbox, caplog, kind, wire):
    sandbox.settings.wire = wire
    planter = Planter()
    lists = ("/publishedactions", "/deliverytargets", "/checklists")  # without their ids, the survey sends few requests

    def plant(entry, content):
        return getattr(planter, "texts" if kind == "leaves" and entry.path in lists else kind)(content)

    sandbox.on_answer = plant
    headers = {"X-RateLimit-Limit": f"Q{planter.number()}", "Retry-After": str(planter.number())}
    sandbox.settings.headers = headers | {"Content-Encoding": "identity", "X-Student": str(planter.number())}
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert surveyed.exit_code in {0, 1}
    assert len(surveyed.verdicts) == 14
    assert leaked(planter.planted, surveyed, caplog) == []
    assert len(planter.planted) >= LEAST_PLANTED


@each_wire
def test_values_are_not_reported_even_with_field_names(sandbox, caplog, wire):
    sandbox.settings.wire = wire
    planter = Planter()
    sandbox.on_answer = lambda _, content: planter.texts(content)
    surveyed = run_survey(sandbox, "--document", FIELD, "--field-names")
    assert "dataItems.stu_FirstName" in surveyed.stdout
    assert leaked(planter.planted, surveyed, caplog) == []
    assert len(planter.planted) >= LEAST_PLANTED


@each_wire
def test_nothing_of_the_district_itself_is_reported(sandbox, caplog, wire):
    sandbox.settings.wire = wire
    answers: list[str] = []

    def remember(_entry, content):
        answers.extend(str(leaf) for leaf in _leaves(content))
        return content

    sandbox.on_answer = remember
    surveyed = run_survey(sandbox, "--document", FIELD)
    schemas = "".join(path.read_text() for path in (MANIFEST.parent / "schemas").glob("*.json"))
    own_words = f"{schemas} PowerSchool"
    values = {text for text in answers if len(text) >= 6 and text not in own_words}
    assert len(values) >= LEAST_PLANTED / 4
    assert leaked(values, surveyed, caplog) == []


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, (dict, list)):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _leaves(entry)
    else:
        yield value


# How an answer may be broken: the body that is sent, made from the JSON of the answer.
BODIES = {
    "half a body": lambda text: text[: len(text) // 2],
    "HTML": lambda text: f"<html>{text}",
    "tail": lambda text: f"{text}]",
    "text": lambda text: f'"{text[1:60]}',
    "bytes": lambda text: text.replace("Q", "\x80"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_value_of_a_broken_answer_is_reported(sandbox, caplog, body):
    planter = Planter()

    def broken(entry, content):
        text = json.dumps(planter.texts(content))
        return body(text).encode("latin-1", "replace") if "records" in entry.path else content

    sandbox.on_answer = broken
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert surveyed.exit_code in {0, 1}
    assert leaked(planter.planted, surveyed, caplog) == []
    assert planter.planted


@pytest.mark.parametrize(
    ("status", "path"),
    [*((status, "*records*") for status in (302, 400, 401, 404, 429, 500)), *((status, "*") for status in (401, 500))],
)
def test_no_message_or_header_of_an_error_is_reported(sandbox, caplog, status, path):
    planter = Planter()
    headers = {"Location": f"https://{planter.number()}.example/?q={planter.number()}", "X-Name": str(planter.number())}
    message = f"No child {planter.number()} at {planter.number()}"
    sandbox.faults.add(Fault("status", path=path, status=status, message=message, headers=headers))
    surveyed = run_survey(sandbox, "--document", FIELD)
    assert surveyed.exit_code == (2 if path == "*" else 1)
    assert leaked(planter.planted, surveyed, caplog) == []


def test_no_key_and_no_document_address_is_reported(sandbox, caplog):
    surveyed = run_survey(sandbox, "--document", FIELD)
    addresses = ["sig=", "secure-uploadeddocuments", sandbox.api_key, FIELD]
    assert leaked(addresses, surveyed, caplog) == []
