"""examples/postgres_cache.py on a real server: source, DuckDB and PostgreSQL hold equal values."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from integration_tests.postgres.server import needs_postgres, running_server
from integration_tests.postgres.warehouses import Warehouses, comparable
from powerschool_enrollment_sandbox import District, running_sandbox

pytestmark = needs_postgres

STREAMS = ["published_actions", "roster_records", "batches", "checklist_entries"]
TIME_ZONES = {"india": "Asia/Kolkata", "chicago": "America/Chicago"}
# pandas guesses the type of a column by all of its values.
SAME_IN_EVERY_RECORD = {
    "externalFamilyID": "007120",
    "grade": "01",
    "household": "1e5",
    "enrollStatus": "12345678901234567890123",
}
IDS = [
    "007120",
    "01",
    "1e5",
    "12345678901234567890123",
    "-0",
    "0x1F",
    "",
    None,
    "true",
    "null",
    "2026-09-01",
    "00\x007120",
]
TEXTS = ["'", '"', "\\", 'O\'Brien "Bo" \\n :name %s', "Zoë 🎒", "a\nb\tc", "\u2028", " x ", "{}", "[1]", "NaN", "a\0b"]

each_database = pytest.mark.parametrize("database", TIME_ZONES)


def stored(values):
    """Return the values as they are stored: PostgreSQL cannot hold U+0000, so the source removes it."""
    return [value and value.replace("\0", "") for value in values]


def utc_now():
    return datetime.now(timezone.utc).replace(tzinfo=None)


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        for name, time_zone in TIME_ZONES.items():
            running.create_database(name, time_zone)
        yield running


@pytest.fixture(scope="module")
def district():
    district = District.generate(
        forms=2, roster_records_per_form=20, submission_records_per_form=4, checklist_entries=5
    )
    first, _ = district.forms.values()
    for form in district.forms.values():
        for record_id in form.roster.ids():
            form.roster.edit(record_id, **SAME_IN_EVERY_RECORD)
    first.roster.edit(first.roster.ids()[-1], externalFamilyID=None)
    for record_id, student_id, value in zip(first.roster.ids(), IDS, TEXTS, strict=False):
        first.roster.edit(record_id, {"stu_ID": student_id, value: value}, externalStudentID=student_id, lastName=value)
    return district


@pytest.fixture(scope="module")
def warehouses(server, district, tmp_path_factory):
    with running_sandbox(district=district) as sandbox:
        config = {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
        yield Warehouses(server, config, STREAMS, tmp_path_factory.mktemp("warehouses"))


@pytest.fixture(scope="module")
def exact_caches(warehouses):
    return [warehouses.postgres(database, "exact") for database in TIME_ZONES]


@pytest.fixture(scope="module")
def guessing_cache(warehouses):
    """Return PyAirbyte's own cache, which guesses types."""
    return warehouses.postgres("chicago", "guessed", cache="PostgresCache")


@pytest.fixture(scope="module")
def first_sync(warehouses, exact_caches, guessing_cache):
    """Return when the sync began and ended, what the source sent, and what PyAirbyte's own cache stored."""
    began = utc_now() - timedelta(seconds=1)
    done = warehouses.sync(warehouses.duckdb(), *exact_caches, guessing_cache)
    assert done.returncode == 0, done.stderr[-3000:]
    return began, utc_now(), warehouses.rows_in_source(), warehouses.rows("chicago", "roster_records", schema="guessed")


@pytest.mark.parametrize("stream", STREAMS)
def test_duckdb_and_postgres_contain_what_the_source_emitted(warehouses, first_sync, stream):
    _, _, sent, _ = first_sync
    expected = comparable(sent[stream])
    assert expected
    assert comparable(warehouses.rows_in_duckdb(stream)) == expected
    for database in TIME_ZONES:
        assert comparable(warehouses.rows(database, stream)) == expected


@each_database
@pytest.mark.usefixtures("first_sync")
def test_ids_and_texts_are_what_the_service_sent(warehouses, database):
    rows = warehouses.rows(database, "roster_records")
    assert [row["externalstudentid"] for row in rows[: len(IDS)]] == stored(IDS)
    assert [row["lastname"] for row in rows[: len(TEXTS)]] == stored(TEXTS)
    assert [row["dataitems"]["stu_ID"] for row in rows[: len(IDS)]] == stored(IDS)
    assert [row["dataitems"][text] for row, text in zip(rows, stored(TEXTS), strict=False)] == stored(TEXTS)
    for field, value in SAME_IN_EVERY_RECORD.items():
        assert {row[field.lower()] for row in rows} - {None} == {value}
    assert [row["externalfamilyid"] for row in rows].count(None) == 1


@each_database
def test_times_are_utc_in_every_time_zone(warehouses, first_sync, database):
    began, ended, _, _ = first_sync
    for row in warehouses.rows(database, "roster_records"):
        assert began <= row["synced_at"] <= ended
        assert began <= row["_airbyte_extracted_at"] <= ended


def test_pyairbytes_own_cache_still_guesses_types_and_shifts_times(first_sync):
    """If this fails, PyAirbyte stores what the source sends, and this project's cache is no longer needed."""
    began, _, _, rows = first_sync
    assert {field: {row[field.lower()] for row in rows} - {None} for field in SAME_IN_EVERY_RECORD} == {
        "externalFamilyID": {"7120.0"},
        "grade": {"1"},
        "household": {"100000"},
        "enrollStatus": {"12345678901234568000000"},
    }
    assert {row["synced_at"] < began for row in rows} == {True}  # the time in Chicago


@pytest.fixture(scope="module")
def second_sync(warehouses, district, exact_caches, first_sync):
    """Change records, and drop and add a column in one database. Return the rows to expect after the second sync."""
    roster = next(iter(district.forms.values())).roster
    changed, removed = roster.ids()[:2]
    roster.edit(changed, externalStudentID="000001")
    roster.remove(removed)
    roster.insert(externalStudentID="0e0", **SAME_IN_EVERY_RECORD)
    warehouses.server.execute("chicago", "alter table exact.roster_records drop column grade")
    warehouses.server.execute("chicago", "alter table exact.roster_records add column note text default 'kept'")
    done = warehouses.sync(*exact_caches)
    assert done.returncode == 0, done.stderr[-3000:]
    _, _, before, _ = first_sync
    (gone,) = [row for row in before["roster_records"] if row["id"] == removed]
    return [gone, *warehouses.rows_in_source()["roster_records"]]


def test_changes_are_merged_by_the_primary_key(warehouses, second_sync):
    rows = warehouses.rows("india", "roster_records")
    assert comparable(rows) == comparable(second_sync)
    assert {"000001", "0e0"} < {row["externalstudentid"] for row in rows}


def test_removed_column_is_added_again_and_others_stay(warehouses, second_sync):
    rows = warehouses.rows("chicago", "roster_records")
    sent_again = {row["id"] for row in rows if row["grade"] is not None}
    first, second = (set(ids) for ids in ids_by_form(second_sync))
    assert sent_again & second == set()  # nothing changed there, so its page was not sent
    assert sent_again == first - {second_sync[0]["id"]}
    assert {row["note"] for row in rows} == {"kept"}


def test_removed_record_is_marked_until_it_is_restored(warehouses, district):
    cache = warehouses.postgres("india", "detected")
    options = {**warehouses.config, "detect_removed_records": True}
    roster = next(iter(district.forms.values())).roster
    place, record_id = 3, roster.ids()[3]

    def row_after_sync():
        done = warehouses.sync(cache, config=options, streams=["roster_records"])
        assert done.returncode == 0, done.stderr[-3000:]
        rows = warehouses.rows("india", "roster_records", schema="detected")
        return next(row for row in rows if row["id"] == record_id)

    first = row_after_sync()
    removed = roster.remove(record_id)
    marked = row_after_sync()
    roster.put(removed, place)
    restored = row_after_sync()
    assert marked["_ab_cdc_deleted_at"] == marked["synced_at"] > first["synced_at"]
    assert marked["published_action_id"] == first["published_action_id"]
    assert (marked["status"], marked["lastname"], marked["dataitems"]) == (None, None, None)
    assert comparable([restored]) == comparable([first])
    assert restored["_ab_cdc_deleted_at"] is None


def test_full_refresh_repairs_what_pyairbytes_own_cache_stored(warehouses, second_sync):
    how = {"write_strategy": "replace", "force_full_refresh": True}
    done = warehouses.sync(warehouses.postgres("chicago", "guessed"), streams=["roster_records"], how=how)
    assert done.returncode == 0, done.stderr[-3000:]
    assert comparable(warehouses.rows("chicago", "roster_records", schema="guessed")) == comparable(second_sync[1:])


def ids_by_form(rows):
    forms = sorted({row["published_action_id"] for row in rows})
    return [[row["id"] for row in rows if row["published_action_id"] == form] for form in forms]


PROPERTIES = {
    "id": {"type": "integer"},
    "born": {"type": "string", "format": "date"},
    "seen": {"type": "string", "format": "date-time"},
}
STREAM = {
    "name": "students",
    "json_schema": {"type": "object", "properties": PROPERTIES},
    "supported_sync_modes": ["full_refresh"],
    "source_defined_primary_key": [["id"]],
}
PRIVATE = "7 Privet Drive"


def connector(folder, **values):
    """Write a connector that sends one student, and return the arguments of a sync from it."""
    record = {"stream": "students", "data": {"id": 1, **values}, "emitted_at": 1}
    answers = {
        "spec": {"type": "SPEC", "spec": {"connectionSpecification": {"type": "object", "properties": {}}}},
        "check": {"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}},
        "discover": {"type": "CATALOG", "catalog": {"streams": [STREAM]}},
        "read": {"type": "RECORD", "record": record},
    }
    script = folder / "connector.py"
    lines = {command: json.dumps(answer) for command, answer in answers.items()}
    script.write_text(f"import sys\nprint({lines!r}[sys.argv[1]])")
    return {"executable": str(script), "streams": ["students"], "config": {}}


def test_times_of_other_zones_are_converted(warehouses, tmp_path):
    settings = connector(tmp_path, seen="2026-09-01T00:30:00+05:30")
    done = warehouses.sync(warehouses.postgres("chicago", "zones"), **settings)
    assert done.returncode == 0, done.stderr[-3000:]
    (row,) = warehouses.rows("chicago", "students", schema="zones")
    assert row["seen"] == datetime(2026, 8, 31, 19)  # noqa: DTZ001 - as the driver returns it


def test_refused_value_is_not_in_the_error_and_leaves_no_temporary_table(warehouses, tmp_path):
    refused = warehouses.postgres("india", "refused")
    done = warehouses.sync(refused, **connector(tmp_path, born=PRIVATE))
    assert done.returncode == 1
    assert "PostgreSQL did not accept the records of students: InvalidDatetimeFormat." in done.stderr
    assert PRIVATE not in done.stdout + done.stderr
    tables = warehouses.server.rows("india", "select tablename from pg_tables where schemaname = 'refused'")
    assert sorted(row["tablename"] for row in tables if not row["tablename"].startswith("_airbyte")) == ["students"]
