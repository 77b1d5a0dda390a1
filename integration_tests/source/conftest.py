"""A sandbox for the tests of deliveries."""

from collections.abc import Iterator

import pytest

from integration_tests.source.delivery_sandbox import DeliverySandbox, delivery_sandbox


@pytest.fixture(scope="module")
def _running() -> Iterator[DeliverySandbox]:
    with delivery_sandbox() as running:
        yield running


@pytest.fixture
def service(_running: DeliverySandbox) -> DeliverySandbox:
    _running.start_over(7)
    return _running
