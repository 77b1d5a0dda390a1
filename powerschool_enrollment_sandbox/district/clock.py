"""The clock of the sandbox, which tests can shift, freeze and release, and the formats of its times."""

import re
from datetime import date, datetime, timedelta, timezone

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Clock:
    """A clock in UTC: the machine's time plus `offset`, or a fixed moment while it is frozen."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """Return the current time of the sandbox, with the time zone UTC."""
        return self._frozen or datetime.now(timezone.utc) + self.offset

    def shift(self, **units: float) -> None:
        """Move the clock forward by the keywords of `timedelta`, such as `days=1`; negative values move it back."""
        if self._frozen:
            self._frozen += timedelta(**units)
        else:
            self.offset += timedelta(**units)

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the clock at a moment, by default now. A moment without a time zone is in UTC."""
        at = at or self.now()
        self._frozen = at.astimezone(timezone.utc) if at.tzinfo else at.replace(tzinfo=timezone.utc)

    def release(self) -> None:
        """Show the machine's time again, without offset."""
        self._frozen = None
        self.offset = timedelta()


def as_naive_text(moment: datetime) -> str:
    """Format a time like most times of the service: `2011-06-08T16:53:05`, in UTC but without a zone."""
    return moment.isoformat()[:19]


def as_utc_text(moment: datetime) -> str:
    """Format a time like the date of a batch: `2012-10-08T02:10:53Z`."""
    return f"{moment.isoformat()[:19]}Z"


def parsed_day(text: str) -> date | None:
    """Parse a day written `2012-10-03`. Return None for any other text."""
    # From Python 3.11, `fromisoformat` accepts other formats, too: `20121003`, `2012-W40-3`.
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
