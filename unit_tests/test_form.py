"""The configuration forms: every option of both specifications can be understood, and filled in, by a person."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pytest
from jsonschema import Draft7Validator

from destination_powerschool_enrollment.config import options_schema
from unit_tests.source.test_manifest import SPEC

FORMS = {"source": SPEC, "destination": options_schema()}
SECRET = re.compile(r"(^|_)(key|token|secret|password|passphrase|credentials?)$")


@dataclass(frozen=True)
class Option:
    """One field of a form. `choices` are the keywords, such as `oneOf`, of the choices that contain it."""

    path: str
    schema: dict[str, Any]
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    def __str__(self) -> str:
        return self.path


def objects(schema: dict[str, Any], path: str, choices: tuple[str, ...] = ()) -> Iterator[Option]:
    """Yield everything in the form that contains options, at any depth."""
    if "properties" in schema:
        yield Option(path, schema, choices)
    for name, option in schema.get("properties", {}).items():
        yield from objects(option, f"{path}.{name}", choices)
    for kind in ("oneOf", "anyOf", "allOf"):
        for branch in schema.get(kind, ()):
            yield from objects(branch, path, (*choices, kind))
    if "items" in schema:
        yield from objects(schema["items"], f"{path}[]", choices)


OBJECTS = [each for connector, form in FORMS.items() for each in objects(form, connector)]
OPTIONS = [
    Option(f"{parent.path}.{name}", option, parent.choices)
    for parent in OBJECTS
    for name, option in parent.schema["properties"].items()
]
CHOICES = [option for option in OPTIONS if "oneOf" in option.schema]

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_object = pytest.mark.parametrize("parent", OBJECTS, ids=str)
each_option = pytest.mark.parametrize("option", OPTIONS, ids=str)
each_choice = pytest.mark.parametrize("option", CHOICES, ids=str)


def test_options_are_found_at_every_depth():
    assert {
        "source.api_key",
        "source.published_actions.ids",
        "source.documents[].file_name_field",
        "destination.imports[].target.import_schema_id",
        "destination.imports[].field_mapping[].column",
    } <= {option.path for option in OPTIONS}


@each_form
def test_a_form_is_a_valid_schema(form):
    Draft7Validator.check_schema(form)
    assert form["title"] == "PowerSchool Enrollment"


@each_option
def test_every_option_has_a_type_a_title_a_description_and_an_order(option):
    assert {"type", "title", "description", "order"} <= option.schema.keys()


@each_option
def test_a_title_is_a_short_label(option):
    assert re.fullmatch(r"[A-Z].{2,38}[^:.\s]", option.schema["title"])


@each_option
def test_a_description_is_a_few_short_sentences(option):
    assert re.fullmatch(r"[A-Z].{10,280}\.", option.schema["description"])


@each_object
def test_options_are_in_reading_order(parent):
    orders = [option["order"] for option in parent.schema["properties"].values()]
    assert orders == list(range(len(orders)))


@each_object
def test_no_two_options_of_an_object_share_a_title(parent):
    titles = [option["title"] for option in parent.schema["properties"].values()]
    assert len(set(titles)) == len(titles)


@each_object
def test_required_options_exist(parent):
    assert set(parent.schema.get("required", ())) <= parent.schema["properties"].keys()


@each_form
def test_cards_are_in_the_order_of_their_options(form):
    cards = [card for card, _ in groupby(option["group"] for option in form["properties"].values())]
    assert cards == [group["id"] for group in form["groups"]]
    assert all(group["title"] for group in form["groups"])


@each_form
def test_every_card_except_speed_shows_an_option_at_first(form):
    required = set(form["required"])
    shown = {
        option["group"] for name, option in form["properties"].items() if name in required or option.get("always_show")
    }
    assert {group["id"] for group in form["groups"]} - shown == {"speed"}


@each_option
def test_secret_is_hidden_and_not_inside_a_choice(option):
    assert bool(SECRET.search(option.name)) == bool(option.schema.get("airbyte_secret"))
    assert not (option.schema.get("airbyte_secret") and option.choices)


def test_secret_names_are_recognised():
    assert all(SECRET.search(name) for name in ("api_key", "password", "access_token"))
    assert not any(SECRET.search(name) for name in ("key_field", "rejected_rows_file", "published_actions"))


@each_choice
def test_choice_has_one_constant_and_explains_each_branch(option):
    assert option.schema["type"] == "object"
    branches = option.schema["oneOf"]
    constants = [
        {name: field["const"] for name, field in branch["properties"].items() if "const" in field}
        for branch in branches
    ]
    (name,) = {name for each in constants for name in each}
    assert len({each[name] for each in constants}) == len(branches)
    assert all(name in branch["required"] and branch["type"] == "object" for branch in branches)
    assert all(branch["title"] and branch["description"].endswith(".") for branch in branches)


@each_option
def test_examples_and_the_default_are_values_that_the_option_accepts(option):
    validator = Draft7Validator(option.schema)
    values = [*option.schema.get("examples", ()), *([option.schema["default"]] if "default" in option.schema else ())]
    assert [value for value in values if not validator.is_valid(value)] == []


@each_option
def test_pattern_has_a_description_and_an_example(option):
    if "pattern" in option.schema:
        assert option.schema["pattern_descriptor"]
        assert option.schema["examples"]
        assert all(re.search(option.schema["pattern"], example) for example in option.schema["examples"])


@each_option
def test_a_field_that_starts_empty_shows_an_example(option):
    """Options with a default, a constant, choices or fields need no example, and neither does a secret."""
    explains_itself = {"default", "const", "oneOf", "airbyte_secret"} & option.schema.keys()
    of_objects = "properties" in option.schema.get("items", {})
    assert explains_itself or of_objects or option.schema.get("examples")
