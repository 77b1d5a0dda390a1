"""The option `deliveries`: what is wrong in it is named before anything is asked of the service."""

from datetime import datetime, timedelta, timezone

import pytest

from powerschool_enrollment_api import InvalidOption
from source_powerschool_enrollment.deliveries.options import DeliveryOption
from source_powerschool_enrollment.options import check_options
from unit_tests.source.test_manifest import SPEC

IN_NINE_DAYS = (datetime.now(timezone.utc).date() + timedelta(days=9)).isoformat()


def config(**changes):
    deliveries = {"mode": "consume", "delivery_target_ids": [7], "start_date": "2026-08-01"}
    return {"api_key": "sandbox-key", "deliveries": {**deliveries, **changes}}


def problem_of(config):
    with pytest.raises(InvalidOption) as caught:
        check_options(config, SPEC)
    return caught.value.message


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"delivery_target_ids": []}, "The option deliveries.delivery_target_ids must not be empty."),
        (
            {"delivery_target_ids": [7, 7]},
            "The option deliveries.delivery_target_ids must not hold the same thing twice.",
        ),
        ({"delivery_target_ids": ["7"]}, "The option deliveries.delivery_target_ids.0 must be a whole number."),
        ({"start_date": "1 August"}, "The option deliveries.start_date must look like YYYY-MM-DD."),
        ({"mode": "on"}, "The option deliveries.mode must be one of: disabled, consume."),
    ],
)
def test_a_wrong_option_is_named(changes, problem):
    assert problem_of(config(**changes)) == problem


@pytest.mark.parametrize("name", ["delivery_target_ids", "start_date"])
def test_targets_and_a_first_date_must_be_named(name):
    option = config()
    del option["deliveries"][name]
    assert problem_of(option) == f"The option deliveries.{name} is missing."


@pytest.mark.parametrize("start_date", [IN_NINE_DAYS, "2026-02-30"])
def test_a_first_date_that_is_in_the_future_or_no_date_is_refused(start_date):
    with pytest.raises(InvalidOption, match=r"The option deliveries\.start_date (lies in the future|is not a date)"):
        DeliveryOption.from_config(config(start_date=start_date))


@pytest.mark.parametrize("option", [{}, {"deliveries": None}, {"deliveries": {"mode": "disabled"}}])
def test_deliveries_are_disabled_by_default(option):
    assert DeliveryOption.from_config(option) is None
