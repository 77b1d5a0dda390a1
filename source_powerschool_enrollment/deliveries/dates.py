"""Dates of batches: which of them are plausible, and subtraction that stops at the calendar's first date."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from source_powerschool_enrollment.record_types import utc_time

# Some services write 0001-01-01 in place of a missing date. This service did not exist before the year 2000.
_FIRST = date(2000, 1, 1)
_CLOCK_TOLERANCE = timedelta(days=1)


def today_in_utc() -> date:
    """Return this machine's date in UTC."""
    return datetime.now(timezone.utc).date()


def days_before(day: date, distance: timedelta) -> date:
    """Return the date that is `distance` before `day`, or the calendar's first date if there is no such date."""
    return day - distance if day - date.min > distance else date.min


def plausible_date(text: str | None, today: date) -> date | None:
    """Return the date (UTC) of a batch; None if it is missing, unreadable, before 2000, or more than a day ahead."""
    try:
        day = date.fromisoformat(utc_time(text)[:10]) if text else None
    except ValueError:
        return None
    return day if day and _FIRST <= day <= today + _CLOCK_TOLERANCE else None
