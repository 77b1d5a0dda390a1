"""What the source needs of the CDK and the CDK does not promise, gathered here.

If a new CDK breaks the source, look here first: unit_tests/source/test_cdk_seams.py has a test for each of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import AirbyteMessage
from airbyte_cdk.sources.declarative.partition_routers import SinglePartitionRouter
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource
from airbyte_cdk.sources.message import MessageRepository
from airbyte_cdk.sources.types import Record
from airbyte_cdk.utils.print_buffer import PrintBuffer
from typing_extensions import override

# What a partition's `read` may yield. The CDK declares only records; it emits messages too, in the order in which a
# partition yields them. A state that is yielded behind its records therefore never overtakes them, which a state given
# to the message repository may do: another thread may take it from there.
PartitionOutput: TypeAlias = "Record | AirbyteMessage"

# A partition router without request options. The CDK has no base class that provides them for routers of other kinds.
RouterWithoutRequestOptions = SinglePartitionRouter


def buffered_output() -> PrintBuffer:
    """Return a context in which standard output and standard error are the CDK's buffer, which its logger flushes."""
    return PRINT_BUFFER


class DeclarativeSource(YamlDeclarativeSource):
    """The CDK's source, with names for what it keeps private."""

    @property
    def messages(self) -> MessageRepository:
        """Return the repository whose messages a read emits. The public `message_repository` is another one."""
        return self._message_repository

    @property
    def options(self) -> Mapping[str, Any]:
        """Return the options as the CDK passes them to components."""
        return self._config

    @override
    def configure(self, config: Mapping[str, Any], temp_dir: str) -> Mapping[str, Any]:
        """Adopt the configuration if the constructor was given none, as Airbyte's standard tests do.

        The CDK's method writes it, with the key, to a file that nothing reads, and that a killed sync leaves behind.
        """
        self._config = self._config or config
        return self._config
