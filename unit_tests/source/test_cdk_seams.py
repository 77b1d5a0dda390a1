"""What the source needs of the CDK beyond its public interface, with a test for each."""

import logging
import sys
import tempfile
from queue import Queue

from airbyte_cdk import entrypoint
from airbyte_cdk.models import AirbyteStream, ConfiguredAirbyteCatalog, ConfiguredAirbyteStream, SyncMode, Type
from airbyte_cdk.models import DestinationSyncMode as Destination
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.sources.connector_state_manager import ConnectorStateManager
from airbyte_cdk.sources.message import InMemoryMessageRepository
from airbyte_cdk.sources.streams.concurrent.cursor import FinalStateCursor
from airbyte_cdk.sources.streams.concurrent.default_stream import DefaultStream
from airbyte_cdk.sources.streams.concurrent.partitions.partition import Partition
from airbyte_cdk.sources.streams.concurrent.partitions.partition_generator import PartitionGenerator
from airbyte_cdk.sources.types import Record, StreamSlice
from airbyte_cdk.sources.utils.slice_logger import DebugSliceLogger

from source_powerschool_enrollment import SourcePowerschoolEnrollment
from source_powerschool_enrollment.cdk_seams import (
    RouterWithoutRequestOptions,
    buffered_output,
    replace_cursor,
    without_temporary_folder,
)
from source_powerschool_enrollment.records.stream import RECORD_STREAMS

LOGGER = logging.getLogger("airbyte.test")
NAME = "numbers"
OPTIONS = {"api_key": "sandbox-key"}


class Numbers(Partition):
    """Yields ten records, each with a state after it."""

    def read(self):
        states = ConnectorStateManager()
        for number in range(10):
            yield Record({"id": number}, NAME)
            states.update_state_for_stream(NAME, None, {"number": number})
            yield states.create_state_message(NAME, None)

    def to_slice(self):
        return {}

    def stream_name(self):
        return NAME

    def __hash__(self):
        return id(self)


class OneOfNumbers(PartitionGenerator):
    def generate(self):
        yield Numbers()


def test_messages_of_a_partition_are_emitted_in_the_same_order():
    messages = InMemoryMessageRepository()
    stream = DefaultStream(OneOfNumbers(), NAME, {}, [], None, LOGGER, FinalStateCursor(NAME, None, messages))
    source = ConcurrentSource.create(2, 1, LOGGER, DebugSliceLogger(), messages, Queue())
    kinds = [message.type for message in source.read([stream]) if message.type in {Type.RECORD, Type.STATE}]
    assert kinds[:20] == [Type.RECORD, Type.STATE] * 10


def test_router_without_request_options_adds_nothing_to_a_request():
    router, part = RouterWithoutRequestOptions(parameters={}), StreamSlice(partition={"id": 1}, cursor_slice={})
    assert router.get_request_params(stream_slice=part) == router.get_request_headers(stream_slice=part) == {}
    assert router.get_request_body_data(stream_slice=part) == router.get_request_body_json(stream_slice=part) == {}


def test_buffered_output_is_written_when_the_context_ends(capsys):
    with buffered_output():
        before = capsys.readouterr().out
        sys.stdout.write("a message\n")
    assert before == ""
    assert capsys.readouterr().out == "a message\n"


def test_entry_point_has_its_temporary_folder_back_after_the_context():
    with without_temporary_folder(), entrypoint.tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        assert folder == ""
    assert entrypoint.tempfile is tempfile


def test_messages_of_the_repository_are_put_on_the_queue_of_the_read():
    source = SourcePowerschoolEnrollment(_catalog(), OPTIONS, [])
    message = ConnectorStateManager().create_state_message("published_actions", None)
    source.messages.emit_message(message)
    assert source.messages._queue.get_nowait() == message


def test_options_reach_the_components_without_empty_ones():
    source = SourcePowerschoolEnrollment(_catalog(), {**OPTIONS, "start_date": None, "base_url": ""}, [])
    assert source.options == OPTIONS


def test_configure_adopts_the_options_and_writes_no_file(tmp_path):
    source = SourcePowerschoolEnrollment()
    assert source.configure(OPTIONS, str(tmp_path)) == source.options == OPTIONS
    assert list(tmp_path.iterdir()) == []


def test_the_streams_of_the_catalog_are_read_and_no_others():
    source = SourcePowerschoolEnrollment(_catalog(NAME), OPTIONS, [])
    streams = [
        DefaultStream(OneOfNumbers(), name, {}, [], None, LOGGER, FinalStateCursor(name, None, source.messages))
        for name in (NAME, "others")
    ]
    messages = [*source.read_streams(streams, _catalog(NAME))]
    assert {message.trace.stream_status.stream_descriptor.name for message in messages if message.trace} == {NAME}
    assert sum(message.type == Type.RECORD for message in messages) == 10
    assert [*source.read_streams(streams, ConfiguredAirbyteCatalog([]))] == []


def test_a_read_builds_the_streams_of_its_catalog_once(monkeypatch):
    source = SourcePowerschoolEnrollment(_catalog(), OPTIONS, [])
    all_streams = {stream.name for stream in source.streams(OPTIONS)}
    built = []
    monkeypatch.setattr(source, "read_streams", lambda streams, _: built.append({each.name for each in streams}) or [])
    build = source.streams
    monkeypatch.setattr(source, "streams", lambda options: built.append("") or build(options))
    assert [*source.read(LOGGER, OPTIONS, _catalog(), [])] == []
    assert built == ["", {"published_actions", *RECORD_STREAMS}]
    assert {stream.name for stream in source.streams(OPTIONS)} == all_streams


def _catalog(name="published_actions"):
    stream = AirbyteStream(name, {}, [SyncMode.full_refresh])
    return ConfiguredAirbyteCatalog([ConfiguredAirbyteStream(stream, SyncMode.full_refresh, Destination.append)])


def test_replaced_cursor_is_the_one_that_observes_the_records():
    class Observer(FinalStateCursor):
        seen = 0

        def observe(self, record):
            self.seen += isinstance(record, Record)

    messages = InMemoryMessageRepository()
    observer = Observer(NAME, None, messages)
    stream = DefaultStream(OneOfNumbers(), NAME, {}, [], None, LOGGER, FinalStateCursor(NAME, None, messages))
    replaced = replace_cursor(stream, lambda _given: observer)
    list(ConcurrentSource.create(2, 1, LOGGER, DebugSliceLogger(), messages, Queue()).read([replaced]))
    assert observer.seen >= 10
