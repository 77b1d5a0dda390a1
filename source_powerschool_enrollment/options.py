"""The source's configuration, read and checked once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

from powerschool_enrollment_airbyte.option_errors import valid_options
from powerschool_enrollment_api import InvalidOption

_PAGING = {"page", "pagesize"}
DEFAULT_PAGE_SIZE = 100


@dataclass(frozen=True)
class PublishedActionSelection:
    """Which forms the streams below a form read: all, those of some academic years, or some by id."""

    academic_years: frozenset[str] | None = None
    ids: frozenset[int] | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> PublishedActionSelection:
        """Read the option `published_actions`. Raises InvalidOption."""
        option = config.get("published_actions") or {"mode": "all"}
        mode = option.get("mode")
        if mode == "all":
            return cls()
        if mode == "academic_years" and option.get("academic_years"):
            return cls(academic_years=frozenset(year.strip() for year in option["academic_years"]))
        if mode == "ids" and option.get("ids"):
            return cls(ids=frozenset(option["ids"]))
        raise InvalidOption(f"The option published_actions has the mode {mode}, but nothing is chosen in it.")

    def choose(self, published_actions: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the selected forms. Raises InvalidOption if something selected is not there."""
        offered = list(published_actions)
        if self.ids is not None:
            known = [form["id"] for form in offered if form.get("id") is not None]
            require_known("published_actions.ids", self.ids, known)
            return [form for form in offered if form.get("id") in self.ids]
        if self.academic_years is not None:
            years = [str(form.get("academicYear")) for form in offered]
            require_known("published_actions.academic_years", self.academic_years, years)
            return [form for form in offered if str(form.get("academicYear")) in self.academic_years]
        return offered


def require_known(option: str, wanted: Iterable[Any], offered: Iterable[Any]) -> None:
    """Raise InvalidOption naming each wanted value that the service does not offer."""
    known = set(offered)
    missing = sorted(set(wanted) - known, key=str)
    if missing:
        names = ", ".join(map(str, missing))
        choice = ", ".join(map(str, sorted(known, key=str)[:20])) or "none"
        raise InvalidOption(
            f"The option {option} names {names}, which does not exist or belongs to another customer. "
            f"The service offers: {choice}."
        )


def search_parameters(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the option `record_search` as query parameters; one parameter may have several values.

    Raises InvalidOption for the paging parameters, which are not the user's to set.
    """
    parameters: dict[str, list[str]] = {}
    for entry in config.get("record_search") or []:
        name = str(entry["parameter"]).strip()
        if name.lower() in _PAGING:
            raise InvalidOption(f"The option record_search may not set {name}: use the option page_size.")
        parameters.setdefault(name, []).append(str(entry["value"]))
    return parameters


def page_size_of(config: Mapping[str, Any]) -> int:
    """Return how many records a page to ask for; a server may answer with fewer."""
    return int(config.get("page_size") or DEFAULT_PAGE_SIZE)


def refuse_future(option: str, text: str | None) -> None:
    """Raise InvalidOption for a first date that no server on earth has reached yet."""
    if not text:
        return
    try:
        first = date.fromisoformat(text)
    except ValueError:
        raise InvalidOption(f"The option {option} is not a date in the form YYYY-MM-DD.") from None
    if (first - datetime.now(timezone.utc).date()).days > 1:
        raise InvalidOption(f"The option {option} lies in the future.")


def check_options(config: Mapping[str, Any], specification: Mapping[str, Any]) -> None:
    """Raise InvalidOption for options that are invalid independent of the service."""
    options = valid_options(config, specification)
    PublishedActionSelection.from_config(options)
    search_parameters(options)
    refuse_future("start_date", options.get("start_date"))
