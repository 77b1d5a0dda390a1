"""All uses of private or unspecified behaviour of the CDK in the source.

If a new CDK breaks the source, look here first: unit_tests/source/test_cdk_seams.py has a test for each of these.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeAlias

from airbyte_cdk import entrypoint
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage, ConfiguredAirbyteCatalog
from airbyte_cdk.sources.declarative.partition_routers import SinglePartitionRouter
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.streams.concurrent.abstract_stream import AbstractStream
from airbyte_cdk.sources.streams.concurrent.cursor import Cursor
from airbyte_cdk.sources.types import ConnectionDefinition, Record
from airbyte_cdk.utils.print_buffer import PrintBuffer
from airbyte_cdk.utils.yaml_loader import safe_load_yaml
from typing_extensions import override

# What a partition's `read` may yield. The CDK declares only records; it emits messages too, in the order in which a
# partition yields them. A state that a partition yields after its records therefore never overtakes them. A state in
# the message repository may overtake them, because another thread may emit it.
PartitionOutput: TypeAlias = "Record | AirbyteMessage"

# The base class of a partition router that adds nothing to requests. The CDK has no general base class for that.
RouterWithoutRequestOptions = SinglePartitionRouter


@contextmanager
def without_temporary_folder() -> Iterator[None]:
    """Let the CDK's entry point create no temporary folder in this context.

    The folder is for cached responses, and this source caches none. Creating it fails on a read-only file system.
    """
    names = vars(entrypoint)
    original = names["tempfile"]
    names["tempfile"] = _NoFolders
    try:
        yield
    finally:
        names["tempfile"] = original


class _NoFolders:
    """The part of the module `tempfile` that the entry point uses."""

    @staticmethod
    def TemporaryDirectory(**_: Any) -> AbstractContextManager[str]:  # noqa: N802 - the name in `tempfile`
        """Return a context that creates nothing."""
        return nullcontext("")


def buffered_output() -> PrintBuffer:
    """Return a context in which standard output and standard error are the CDK's buffer, which its logger flushes."""
    return PRINT_BUFFER


def replace_cursor(stream: AbstractStream, wrap: Callable[[Cursor], Cursor]) -> AbstractStream:
    """Return the stream with a cursor that wraps the given one. Its partitions still come from the given one."""
    vars(stream)["_cursor"] = wrap(stream.cursor)
    return stream


class DeclarativeSource(YamlDeclarativeSource):
    """The CDK's source, with public names for its private attributes."""

    _names: Container[str] | None = None  # of the streams to build; None: all

    @property
    def messages(self) -> MessageRepository:
        """Return the repository whose messages a read emits. The public `message_repository` is another object."""
        return self._message_repository

    @property
    def options(self) -> Mapping[str, Any]:
        """Return the options as the CDK passes them to components."""
        return self._config

    def streams_among(self, names: Container[str]) -> list[AbstractStream]:
        """Return the streams, without those of the manifest that have other names: building each takes milliseconds."""
        self._names = names
        try:
            return self.streams(self.options)
        finally:
            self._names = None

    def read_streams(
        self, streams: list[AbstractStream], catalog: ConfiguredAirbyteCatalog
    ) -> Iterator[AirbyteMessage]:
        """Read those of the streams that the catalog selects. The CDK's `read` would build all streams once more."""
        if selected := self._select_streams(streams, catalog):  # without a stream, the CDK's loop would not end
            yield from self._concurrent_source.read(selected)

    @override
    def _stream_configs(self, manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the definitions from which the CDK builds the manifest's streams."""
        definitions = super()._stream_configs(manifest)
        return [each for each in definitions if self._names is None or each["name"] in self._names]

    @override
    def _read_and_parse_yaml_file(self, path_to_yaml_file: str) -> ConnectionDefinition:
        """Parse the manifest as UTF-8. The CDK's method takes the encoding of the locale.

        Its test is in integration_tests/test_output_encoding.py, because only a new process has another locale.
        """
        manifest: ConnectionDefinition = safe_load_yaml(Path(path_to_yaml_file).read_text(encoding="utf-8"))
        return manifest

    @override
    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Use this configuration if the constructor received none: Airbyte's standard tests do not pass it there.

        The CDK's method writes the configuration, with the key, to a file that is never read. A killed sync would
        leave that file behind.
        """
        self._config = self._config or config
        return self._config
