"""What all streams of one sync share: the configuration, the client (one connection pool, one rate limit), warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception
from powerschool_enrollment_airbyte.warning_counter import WarningCounter
from powerschool_enrollment_api import Client, EnrollmentError, located, open_list
from source_powerschool_enrollment.config import SourceConfig
from source_powerschool_enrollment.record_types import RecordTypes


@dataclass(frozen=True)
class PublishedActionIds:
    """The ids of all forms that the service lists, and of those that the options select."""

    listed: frozenset[int]
    selected: tuple[int, ...]


@dataclass(frozen=True)
class SyncContext:
    """What the streams of one sync share."""

    config: SourceConfig
    client: Client
    warnings: WarningCounter = field(default_factory=WarningCounter)

    def published_action_ids(self) -> PublishedActionIds:
        """Request the forms, and return their ids.

        Raises EnrollmentError; InvalidOption if a selected form does not exist.
        """
        with located("GET /publishedactions"):
            forms = open_list(self.client.get("/publishedactions"))
        types = RecordTypes.of_stream("published_actions")
        usable = self.usable_objects("published_actions", types, forms, "GET /publishedactions")
        # A form that is listed twice, also with different titles, must not be read twice.
        selected = dict.fromkeys(form["id"] for form in self.config.published_actions.choose(usable))
        return PublishedActionIds(frozenset(form["id"] for form in usable), tuple(selected))

    def usable_objects(
        self, stream_name: str, types: RecordTypes, objects: list[dict[str, Any]], place: str
    ) -> list[dict[str, Any]]:
        """Return the objects of a list that have a usable id, each one once. Count those that are left out."""
        usable = types.with_ids(objects)
        self.count_without_id(stream_name, len(objects) - len(usable), place)
        first: dict[Any, dict[str, Any]] = {}
        distinct = [each for each in usable if first.setdefault(each["id"], each) is each or first[each["id"]] != each]
        if repeated := len(usable) - len(distinct):
            self.warnings.count(stream_name, "left out a record that the answer contains twice", repeated, place)
        return distinct

    def count_unreadable(self, stream_name: str, field_name: str) -> None:
        """Count a value that is not of the type in the schema, and is null in the output."""
        self.warnings.count(stream_name, f"{field_name} does not have the type in the schema, and is null instead")

    def count_without_id(self, stream_name: str, records: int, place: str) -> None:
        """Count records that are left out because they do not have a usable id."""
        if records:
            self.warnings.count(stream_name, "left out a record without a usable id", records, place)

    def count_removed(self, stream_name: str) -> None:
        """Count an object that was listed, and was removed before it was read."""
        self.warnings.count(stream_name, "skipped a record that was removed during the read")


def sync_for(options: Mapping[str, Any]) -> SyncContext:
    """Return the context of the sync with these options. Raises AirbyteTracedException for invalid options.

    The CDK creates each component separately and passes only the options: equal options have the same context.
    """
    try:
        return _sync_for(SourceConfig.parse(options))
    except EnrollmentError as error:
        raise as_traced_exception(error) from None


@lru_cache(maxsize=4)
def _sync_for(config: SourceConfig) -> SyncContext:
    warnings = WarningCounter()
    return SyncContext(config, Client(config.connection, on_repairs=warnings.count_repairs), warnings)
