"""The service's clock, which tests may set apart from theirs."""

from datetime import datetime, timedelta, timezone


class Clock:
    """Time in UTC: the machine's, shifted by `offset`, or standing still at a frozen moment."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._frozen: datetime | None = None

    def now(self) -> datetime:
        """The time here, with its zone (UTC)."""
        return self._frozen or datetime.now(timezone.utc) + self.offset

    def shift(self, **units: float) -> None:
        """Move the clock on (or back) by `days=`, `hours=`, `seconds=`..., frozen or not."""
        if self._frozen:
            self._frozen += timedelta(**units)
        else:
            self.offset += timedelta(**units)

    def freeze(self, at: datetime | None = None) -> None:
        """Stop at a moment (naive: UTC), or now; batches made from here on have equal dates."""
        at = at or self.now()
        self._frozen = at.astimezone(timezone.utc) if at.tzinfo else at.replace(tzinfo=timezone.utc)

    def release(self) -> None:
        """Run again from the machine's time, with no offset."""
        self._frozen = None
        self.offset = timedelta()


def as_naive_text(moment: datetime) -> str:
    """Format a time as most are sent: `2011-06-08T16:53:05`, in UTC without a zone."""
    return moment.isoformat()[:19]


def as_utc_text(moment: datetime) -> str:
    """As batch dates come: `2012-10-08T02:10:53Z`."""
    return f"{moment.isoformat()[:19]}Z"
