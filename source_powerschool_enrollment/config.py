"""The source's configuration: parsed once, checked, and frozen. No other module reads the raw options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from powerschool_enrollment_airbyte.option_errors import valid_options, without_empty
from powerschool_enrollment_api import ConnectionSettings, InvalidOption
from source_powerschool_enrollment.documents.paths import safe_name

_PAGING = {"page", "pagesize"}
_MOST_CHOICES_NAMED = 20


@dataclass(frozen=True)
class PublishedActionSelection:
    """Which forms to read: all, those of some academic years, or some by id."""

    academic_years: frozenset[str] | None = None
    ids: frozenset[int] | None = None

    @classmethod
    def parse(cls, option: Mapping[str, Any]) -> PublishedActionSelection:
        """Read the option `published_actions`. Raises InvalidOption."""
        mode = option.get("mode")
        if mode == "all":
            return cls()
        if mode == "academic_years" and option.get("academic_years"):
            return cls(academic_years=frozenset(year.strip() for year in option["academic_years"]))
        if mode == "ids" and option.get("ids"):
            return cls(ids=frozenset(map(int, option["ids"])))
        raise InvalidOption(f"The option published_actions has the mode {mode}, but does not list any {mode}.")

    def choose(self, published_actions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the selected forms. Raises InvalidOption if a selected form or year does not exist."""
        offered = list(published_actions)
        if self.ids is not None:
            known = [form["id"] for form in offered if form.get("id") is not None]
            require_known("published_actions.ids", self.ids, known)
            return [form for form in offered if form.get("id") in self.ids]
        if self.academic_years is not None:
            years = [str(form.get("academicYear")).strip() for form in offered]
            require_known("published_actions.academic_years", self.academic_years, years)
            return [form for form, year in zip(offered, years, strict=True) if year in self.academic_years]
        return offered


@dataclass(frozen=True)
class DeliveryOption:
    """Which delivery targets this connection consumes, and the first date of its batches."""

    delivery_target_ids: tuple[int, ...]
    start_date: date

    @classmethod
    def parse(cls, option: Mapping[str, Any]) -> DeliveryOption | None:
        """Read the option `deliveries`; None if deliveries are not consumed. Raises InvalidOption."""
        if option["mode"] == "disabled":
            return None
        _refuse_future_date("deliveries.start_date", option["start_date"])
        # JSON's integers may be written `789.0`. Paths and the state must contain `789`.
        return cls(tuple(map(int, option["delivery_target_ids"])), date.fromisoformat(option["start_date"]))

    def require_known_targets(self, delivery_targets: Iterable[Mapping[str, Any]]) -> None:
        """Raise InvalidOption if a configured target is not among `delivery_targets`."""
        offered = [target.get("id") for target in delivery_targets]
        require_known("deliveries.delivery_target_ids", self.delivery_target_ids, offered)


@dataclass(frozen=True)
class DocumentField:
    """A data item that holds the ids of documents, and the data item that holds the names of their files."""

    field: str
    file_name_field: str | None = None


@dataclass(frozen=True)
class SourceConfig:
    """All options. Hashable, so that the components of one sync find their shared context by it."""

    connection: ConnectionSettings
    published_actions: PublishedActionSelection = PublishedActionSelection()
    record_search: tuple[tuple[str, str], ...] = ()
    page_size: int = 100
    detect_removed_records: bool = False
    deliveries: DeliveryOption | None = None
    documents: tuple[DocumentField, ...] = ()

    @classmethod
    def validated(cls, options: Mapping[str, Any], specification: Mapping[str, Any]) -> SourceConfig:
        """Check the options against the specification, then read them. Raises InvalidOption or WrongAddress."""
        return cls.parse(valid_options(options, specification))

    @classmethod
    def parse(cls, valid: Mapping[str, Any]) -> SourceConfig:
        """Read valid options; a missing, null or empty one has its default. Raises InvalidOption or WrongAddress."""
        options = without_empty(valid)
        _refuse_future_date("start_date", options.get("start_date"))
        return cls(
            connection=ConnectionSettings.from_config(options),
            published_actions=PublishedActionSelection.parse(options.get("published_actions") or {"mode": "all"}),
            record_search=tuple(_search_parameters(options.get("record_search") or [])),
            page_size=int(options.get("page_size") or cls.page_size),
            detect_removed_records=bool(options.get("detect_removed_records")),
            deliveries=DeliveryOption.parse(options.get("deliveries") or {"mode": "disabled"}),
            documents=_document_fields(options.get("documents") or []),
        )

    def search_parameters(self) -> dict[str, list[str]]:
        """Return `record_search` as query parameters: each name with its values."""
        parameters: dict[str, list[str]] = {}
        for name, value in self.record_search:
            parameters.setdefault(name, []).append(value)
        return parameters


def require_known(option: str, wanted: Iterable[Any], offered: Iterable[Any]) -> None:
    """Raise InvalidOption that names each wanted value that the service does not offer."""
    known = set(offered)
    missing = sorted(set(wanted) - known, key=str)
    if missing:
        names = ", ".join(map(str, missing))
        choice = ", ".join(map(str, sorted(known, key=str)[:_MOST_CHOICES_NAMED])) or "none"
        raise InvalidOption(
            f"The option {option} names {names}, which does not exist or belongs to another customer. "
            f"The service offers: {choice}."
        )


def _search_parameters(option: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield name and value. Raises InvalidOption for the paging parameters, which the connector sets."""
    for entry in option:
        name = str(entry["parameter"]).strip()
        if name.lower() in _PAGING:
            raise InvalidOption(f"The option record_search may not set {name}: use the option page_size.")
        yield name, str(entry["value"])


def _refuse_future_date(option: str, text: str | None) -> None:
    """Raise InvalidOption for a date that is in the future in every time zone."""
    if not text:
        return
    try:
        first = date.fromisoformat(text)
    except ValueError:
        raise InvalidOption(f"The option {option} is not a date in the form YYYY-MM-DD.") from None
    if (first - datetime.now(timezone.utc).date()).days > 1:
        raise InvalidOption(f"The option {option} is in the future.")


def _document_fields(option: list[Mapping[str, Any]]) -> tuple[DocumentField, ...]:
    """Read the option `documents`. Raises InvalidOption for an entry without a field, and for a repeated field."""
    fields = tuple(map(_document_field, option))
    # Some file systems ignore case, so fields that differ only in case would share a folder.
    folders = [safe_name(entry.field).casefold() for entry in fields]
    for folder, entry in zip(folders, fields, strict=True):
        if folders.count(folder) > 1:
            raise InvalidOption(
                f"The option documents names the field {entry.field} twice, or a field with the same folder name."
            )
    return fields


def _document_field(entry: Mapping[str, Any]) -> DocumentField:
    name = _text(entry.get("field"))
    if not name:
        raise InvalidOption("The option documents has an entry without a field.")
    return DocumentField(name, _text(entry.get("file_name_field")) or None)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
