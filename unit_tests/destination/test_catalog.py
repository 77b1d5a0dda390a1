import json

import pytest

from destination_powerschool_enrollment.catalog import parse_catalog
from powerschool_enrollment_api import InvalidOption

STREAM = {"name": "students", "json_schema": {"properties": {"a": {}}}}


def error_message(catalog):
    with pytest.raises(InvalidOption) as caught:
        parse_catalog(catalog, "The file c.json")
    text = str(caught.value)
    assert 'has the form {"streams": [{"stream": {"name": …' in text
    return text


def test_configured_catalog_is_parsed_into_streams():
    (stream,) = parse_catalog({"streams": [{"stream": STREAM, "primary_key": [["a"]]}]})
    assert (stream.name, stream.primary_key, list(stream.columns)) == ("students", ("a",), ["a"])


@pytest.mark.parametrize(
    ("configured", "mode"),
    [({}, "append"), ({"destination_sync_mode": None}, "append"), ({"destination_sync_mode": "update"}, "update")],
)
def test_destination_sync_mode_is_kept_and_defaults_to_append(configured, mode):
    (stream,) = parse_catalog({"streams": [{"stream": STREAM, **configured}]})
    assert stream.destination_sync_mode == mode


@pytest.mark.parametrize(
    "catalog",
    [
        {"streams": [STREAM]},
        {"type": "CATALOG", "catalog": {"streams": [STREAM]}},
        {"type": "DESTINATION_CATALOG", "destination_catalog": {"operations": []}},
    ],
)
def test_discovered_catalog_is_distinguished_from_a_configured_one(catalog):
    assert error_message(catalog).startswith(
        "The file c.json is a catalog as discover prints it, not a configured one."
    )


@pytest.mark.parametrize("catalog", [{}, {"streams": "a"}, {"streams": {"stream": STREAM}}])
def test_catalog_without_streams_is_invalid(catalog):
    assert error_message(catalog).startswith("The file c.json is not a configured catalog: it has no list of streams.")


@pytest.mark.parametrize("entry", ["vertraulich", {}, {"stream": "vertraulich"}, {"stream": {}}, None])
def test_invalid_stream_entry_is_named_by_its_position_only(entry):
    text = error_message({"streams": [{"stream": STREAM}, entry]})
    assert "its entry streams.1 is not valid." in text
    assert "vertraulich" not in text


@pytest.mark.parametrize("primary_key", [["id"], "id", [["id"], "a"], [[1]], [[]], {"id": 1}])
def test_primary_key_that_is_not_a_list_of_lists_is_refused(primary_key):
    for entry in (
        {"stream": STREAM, "primary_key": primary_key},
        {"stream": {**STREAM, "source_defined_primary_key": primary_key}},
    ):
        assert "its entry streams.0 is not valid." in error_message({"streams": [entry]})


@pytest.mark.parametrize(
    "entry",
    [
        {"stream": STREAM, "config": {"destinationSyncMode": "append"}},
        {"stream": STREAM, "syncMode": "incremental", "destinationSyncMode": "update"},
        {"stream": {"name": "students", "jsonSchema": {}}, "destination_sync_mode": "append"},
    ],
)
def test_catalog_of_airbytes_api_is_refused(entry):
    text = error_message({"streams": [{"stream": STREAM}, entry]})
    assert text.startswith("The file c.json is a catalog of Airbyte's API, not of its protocol. A configured catalog")


def test_error_shows_the_form_of_a_catalog_as_json():
    """The template is meant to be copied: only the placeholders are not JSON."""
    form = error_message({}).partition("has the form ")[2].rstrip(".")
    assert json.loads(form.replace("…", "null")).keys() == {"streams"}
