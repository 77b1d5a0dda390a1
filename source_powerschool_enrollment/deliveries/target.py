"""Delivers the batches of one delivery target, each at least once.

`createbatch` marks records as delivered on the server: a sync that crashes after it would lose them. One rule
prevents that: a batch that the committed state does not list was never confirmed, so it is reset, and its records
are delivered again. The numbers below are the steps in docs/deliveries.md.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import Enum, auto

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)
from tenacity.stop import stop_base
from typing_extensions import override

from powerschool_enrollment_api import AnswerTooLarge, Client, NotFound, RequestRefused, TemporaryFailure, Timeouts
from powerschool_enrollment_api.deliveries import Batch, create_batch, list_batches, reset_batch
from source_powerschool_enrollment.deliveries.dates import days_before, plausible_date, today_in_utc
from source_powerschool_enrollment.deliveries.state import MOST_NOT_FOUND, ListedBatch, TargetState

logger = logging.getLogger("airbyte.source_powerschool_enrollment")

# The service may read the date of a list request in another time zone, and it is not documented whether the list
# includes batches of that date.
_OVERLAP = timedelta(days=2)
_MOST_LOST_ANSWERS = 10  # consecutive; the pauses between the attempts add up to about five minutes


class _ResetOutcome(Enum):
    """The outcome of a request to reset a batch."""

    DONE = auto()
    NOT_FOUND = auto()
    REFUSED = auto()


@dataclass
class Delivery:
    """Delivers the available records of one target, one batch after another.

    `state` is at first the state of the last sync, and is updated when batches are settled. `start_date` is the first
    date whose batches belong to this connection.
    """

    client: Client
    delivery_target_id: int
    state: TargetState
    start_date: date
    today: Callable[[], date] = today_in_utc
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Keep the counts of the last sync: this sync increases each by one at most."""
        self._not_found_before = self.state.not_found

    def deliver(self) -> Iterator[tuple[Batch, TargetState]]:
        """Yield each batch with the state that is valid after its records were emitted. The last batch has no records.

        The next batch is created only when the caller requests it. Raises EnrollmentError.
        """
        self._replace_future_since()
        self._reset_orphans()  # 1
        while True:
            batch = self._create()  # 2 and 3
            if batch.records is None:
                self._warn_of_unknown_records(batch)
            else:
                self.state = self.state.with_created(batch.id)
            yield batch, self.state
            if not batch.records:
                return

    def _replace_future_since(self) -> None:
        """Replace `since` by `start_date` if it is in the future: every batch would count as settled."""
        today = self.today()
        if self.state.since <= today:
            return
        if self.state.since > self.start_date:
            logger.warning(
                "Delivery target %s: the state's date %s is in the future, so it counts as unknown. Batches are "
                "listed from %s; those that the state does not list as settled are delivered again.",
                self.delivery_target_id,
                self.state.since,
                self.start_date,
            )
        # Not later than today: the batches that this sync creates must not be before `since`.
        self.state = replace(self.state, since=min(self.start_date, today))

    def _reset_orphans(self) -> None:
        """1. Reset each batch that is not settled, which settles it. 4. Remove old batches from the state."""
        listed = self._list()
        orphans = self.state.orphans_in(listed)
        if orphans:
            logger.info("Delivery target %s: resetting unconfirmed batches: %s.", self.delivery_target_id, len(orphans))
        outcomes = {batch_id: self._reset(batch_id) for batch_id in orphans}
        reset, missing, refused = ([key for key, value in outcomes.items() if value is each] for each in _ResetOutcome)
        self.state = self.state.with_not_found(missing, self._not_found_before).with_reset(reset)
        self._give_up_or_warn()
        if refused:
            self._warn_of_refused(refused)
        self.state = self.state.advanced(listed, self.today())

    def _reset(self, batch_id: str) -> _ResetOutcome:
        """Reset a batch, and return the outcome. Raises EnrollmentError for a failure that is not about this batch."""
        try:
            reset_batch(self.client, self.delivery_target_id, batch_id)
        except NotFound:
            return _ResetOutcome.NOT_FOUND
        except RequestRefused:
            return _ResetOutcome.REFUSED
        return _ResetOutcome.DONE

    def _warn_of_refused(self, batch_ids: list[str]) -> None:
        # The batch exists and its records were never confirmed, so it never counts as settled.
        logger.warning(
            "Delivery target %s: resetbatch refused %s batches, the first is %s. They stay unsettled, and each sync "
            "resets them again. Ask PowerSchool why they cannot be reset.",
            self.delivery_target_id,
            len(batch_ids),
            batch_ids[0],
        )

    def _give_up_or_warn(self) -> None:
        """Settle the batches that enough syncs did not find, and warn of the others: the 404 may be wrong."""
        for batch_id in self.state.not_found_too_often():
            logger.warning(
                "Delivery target %s: resetbatch did not find batch %s in %s syncs. It counts as reset from now on.",
                self.delivery_target_id,
                batch_id,
                MOST_NOT_FOUND,
            )
        self.state = self.state.with_reset(self.state.not_found_too_often())
        if self.state.not_found:
            logger.warning(
                "Delivery target %s: resetbatch did not find %s batches that the list shows. They stay unsettled, "
                "and the next sync resets them again.",
                self.delivery_target_id,
                len(self.state.not_found),
            )

    def _create(self) -> Batch:
        """2. Create the next batch. 3. After an unknown outcome, reset the batch that may exist, then try again."""
        retrying = Retrying(
            retry=retry_if_exception(_is_unknown_outcome),
            wait=wait_exponential_jitter(initial=1, max=60),
            stop=stop_before_delay(Timeouts.from_environment().retries)
            | stop_after_attempt(_MOST_LOST_ANSWERS)
            | _StopAfterTwoTooLarge(),
            sleep=self.sleep,
            before=lambda attempt: self._reset_orphans() if attempt.attempt_number > 1 else None,
            reraise=True,
        )
        try:
            return retrying(create_batch, self.client, self.delivery_target_id)
        except AnswerTooLarge as fault:
            raise fault.repeated("") from None

    def _warn_of_unknown_records(self, batch: Batch) -> None:
        # It may hold records that the answer does not show, so it is not settled.
        logger.warning(
            "Delivery target %s: createbatch answered without a list of records. Batch %s counts as empty, "
            "and the next sync resets it.",
            self.delivery_target_id,
            batch.id,
        )

    def _list(self) -> list[ListedBatch]:
        first = days_before(self.state.since, _OVERLAP)
        batches, without_id = list_batches(self.client, self.delivery_target_id, first)
        if without_id:
            logger.warning(
                "Delivery target %s: %s entries in the list of batches have no usable id. They cannot be reset: "
                "compare the submissions in the warehouse with PowerSchool.",
                self.delivery_target_id,
                without_id,
            )
        listed = [ListedBatch(batch.id, plausible_date(batch.date, self.today())) for batch in batches]
        if self.state.may_be_incomplete(listed):
            logger.warning(
                "Delivery target %s: the list of batches since %s ends after %s batches and does not reach that date. "
                "The service may have cut it; an unconfirmed batch that it does not show cannot be delivered again.",
                self.delivery_target_id,
                self.state.since,
                len(listed),
            )
        return listed


class _StopAfterTwoTooLarge(stop_base):
    """Ends the attempts at the second answer that is too large: a further one would be, too."""

    def __init__(self) -> None:
        self._too_large = 0

    @override
    def __call__(self, retry_state: RetryCallState) -> bool:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        self._too_large += isinstance(error, AnswerTooLarge)
        return self._too_large >= 2


def _is_unknown_outcome(error: BaseException) -> bool:
    """Return whether the server may have created a batch that was not received, and a retry may help."""
    return isinstance(error, TemporaryFailure) and error.arrived
