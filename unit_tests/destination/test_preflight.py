import pytest

from destination_powerschool_enrollment.catalog import ConfiguredStream
from destination_powerschool_enrollment.config import parse_config
from destination_powerschool_enrollment.preflight import plan_routes
from destination_powerschool_enrollment.writable_targets import WritableTargets
from powerschool_enrollment_api import InvalidOption
from powerschool_enrollment_api.imports import ImportSchema

WRITABLE = WritableTargets({1: "Form"}, {1: {2: ImportSchema(2, "Roster", ("StudentID", "FirstName"))}})
TARGET = {"type": "import_schema", "published_action_id": 1, "import_schema_id": 2}
STUDENTS = ConfiguredStream("students", columns={"StudentID": {}, "FirstName": {}})


def problems(*streams, **options):
    config = parse_config({"api_key": "k", "imports": [{"stream": "students", "target": TARGET, **options}]})
    with pytest.raises(InvalidOption) as caught:
        plan_routes(config, streams or [STUDENTS], WRITABLE)
    return str(caught.value).splitlines()


def test_stream_without_an_import_is_reported_with_the_known_ones():
    stream = ConfiguredStream("Students", namespace="public")
    message = "Stream public.Students: the option imports has no entry for it. It has entries for: sis.students."
    assert problems(stream, namespace="sis") == [message]


def test_duplicate_stream_in_the_catalog_is_reported():
    assert problems(STUDENTS, STUDENTS) == ["The catalog has the stream students twice."]


def test_empty_namespace_in_imports_counts_as_missing():
    config = parse_config({"api_key": "k", "imports": [{"stream": "students", "namespace": "", "target": TARGET}]})
    (route,) = plan_routes(config, [STUDENTS], WRITABLE)
    assert route.stream is STUDENTS


def test_unknown_key_field_is_reported_once_with_a_suggestion():
    message = "Stream students: the import schema 2 has no field 'StudentId' for key_field (did you mean 'StudentID'?)."
    assert problems(key_field="StudentId") == [message]


def test_unknown_field_without_a_suggestion_lists_the_known_ones():
    message = "Stream students: the import schema 2 has no field 'Zip'; it has StudentID, FirstName."
    assert problems(field_mapping=[{"column": "FirstName", "field": "Zip"}]) == [message]


def test_key_field_without_a_column_is_reported():
    message = "Stream students: no column goes to its key_field 'StudentID'."
    assert problems(ConfiguredStream("students", columns={"FirstName": {}}), key_field="StudentID") == [message]


@pytest.mark.parametrize("mode", ["soft_delete", "update", "APPEND", "overwrite_all"])
def test_unsupported_destination_sync_mode_is_refused(mode):
    stream = ConfiguredStream("students", columns={"StudentID": {}}, destination_sync_mode=mode)
    message = (
        f"Stream students: the destination_sync_mode {mode!r} is not supported: the service can only create and "
        "update. Choose append or append_dedup."
    )
    assert problems(stream) == [message]


@pytest.mark.parametrize("mode", ["append", "append_dedup", "overwrite", "overwrite_dedup"])
def test_supported_destination_sync_modes_are_upserts(mode):
    config = parse_config({"api_key": "k", "imports": [{"stream": "students", "target": TARGET}]})
    stream = ConfiguredStream("students", columns={"StudentID": {}}, destination_sync_mode=mode)
    (route,) = plan_routes(config, [stream], WRITABLE)
    assert route.stream is stream
