"""Rows without the namespace that their stream has in the catalog, as a cache sends them."""

from pathlib import Path

from integration_tests.destination.marked_row import MARKED
from integration_tests.destination.session import (
    config,
    configured_stream,
    record,
    run,
    stream_state,
)
from integration_tests.destination.stand_in import StandIn


def in_namespaces(*namespaces: str) -> dict:
    streams = [configured_stream("students", MARKED) for _ in namespaces]
    for stream, namespace in zip(streams, namespaces, strict=True):
        stream["stream"]["namespace"] = namespace
    return {"streams": streams}


def test_missing_namespace_means_the_only_stream_of_that_name(service: StandIn, tmp_path: Path) -> None:
    session = run(tmp_path, config(service), in_namespaces("public"), [record(MARKED), stream_state(1)])
    assert session.code == 0
    assert len(service.answered) == 1
    assert session.states[0]["destinationStats"] == {"recordCount": 1.0, "rejectedRecordCount": 0.0}
    assert session.states[0]["stream"]["stream_descriptor"] == {"name": "students"}


def test_a_row_without_a_namespace_that_may_belong_to_two_streams_fails_the_sync(
    service: StandIn, tmp_path: Path
) -> None:
    session = run(tmp_path, config(service), in_namespaces("public", "old"), [record(MARKED), stream_state(1)])
    assert session.code == 1
    assert (
        "stream students, which is not in the configured catalog (public.students, old.students)"
        in (session.failure["message"])
    )
    assert (service.answered, session.states) == ([], [])
