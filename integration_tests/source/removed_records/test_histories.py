"""Over a socket, in both wire shapes: after random histories the warehouse holds the service's records."""

import os
from collections import Counter

import pytest

from integration_tests.source.removed_records.history import History
from powerschool_enrollment_sandbox import District, running_sandbox

# `make soak` sets it.
HISTORIES = int(os.environ.get("POWERSCHOOL_ENROLLMENT_SOAK_REMOVALS", "150"))


@pytest.fixture(scope="module", params=["observed", "documented"])
def sandbox(request):
    with running_sandbox(district=District.generate(forms=1), wire=request.param) as running:
        yield running


def test_warehouse_equals_the_service_after_any_history(sandbox, monkeypatch):
    monkeypatch.setenv("POWERSCHOOL_ENROLLMENT_RETRY_SECONDS", "0")
    counts = Counter()
    for number in range(HISTORIES // 2):
        seed = 2 * number + (sandbox.settings.wire == "observed")
        history = History(sandbox, seed)
        history.run(history.chance.randint(1, 4))
        try:
            history.assert_equal_to_service()
        except AssertionError as error:
            raise AssertionError(f"history {seed}: {error}") from None
        counts.update(tombstones=history.tombstones, rows=len(history.warehouse.rows))
    print(
        f"{sandbox.settings.wire}: {HISTORIES // 2} histories, {counts['rows']} rows, {counts['tombstones']} tombstones"
    )
    assert counts["tombstones"]
