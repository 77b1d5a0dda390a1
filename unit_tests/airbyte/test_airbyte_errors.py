"""How errors are reported to the platform."""

from __future__ import annotations

import copy
import pickle

import pytest
from airbyte_cdk.models import FailureType

from powerschool_enrollment_airbyte.airbyte_errors import as_traced_exception, failure_type_of
from powerschool_enrollment_api import (
    AlwaysTooLarge,
    AnswerTooLarge,
    BrokenAnswer,
    EnrollmentError,
    InvalidOption,
    KeyRefused,
    NeverReached,
    NotFound,
    RateLimited,
    Redirected,
    RequestRefused,
    TemporaryFailure,
    UnexpectedAnswer,
    Unreachable,
    Untrusted,
    WrongAddress,
    WrongEnvironment,
    errors,
)

FAILURE_TYPES = {
    InvalidOption: FailureType.config_error,
    WrongAddress: FailureType.config_error,
    NeverReached: FailureType.config_error,
    Untrusted: FailureType.config_error,
    WrongEnvironment: FailureType.config_error,
    KeyRefused: FailureType.config_error,
    NotFound: FailureType.system_error,
    RequestRefused: FailureType.system_error,
    UnexpectedAnswer: FailureType.system_error,
    AlwaysTooLarge: FailureType.system_error,
    TemporaryFailure: FailureType.transient_error,
    BrokenAnswer: FailureType.transient_error,
    AnswerTooLarge: FailureType.transient_error,
    Unreachable: FailureType.transient_error,
    RateLimited: FailureType.transient_error,
    Redirected: FailureType.transient_error,
    EnrollmentError: FailureType.system_error,
}


@pytest.mark.parametrize(("error", "failure_type"), FAILURE_TYPES.items())
def test_each_error_has_its_failure_type(error, failure_type):
    assert failure_type_of(error("it failed.")) is failure_type
    assert as_traced_exception(error("it failed.")).failure_type is failure_type


def test_no_error_of_the_error_tree_is_left_out_of_the_table():
    # Other modules define subclasses of these errors. A subclass is reported like its base class.
    tree = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, EnrollmentError)}
    assert set(FAILURE_TYPES) == tree


def test_caller_can_override_the_failure_type():
    error = as_traced_exception(NotFound("no form 5."), FailureType.config_error)

    assert error.failure_type is FailureType.config_error


def test_message_has_request_problem_service_message_and_guidance():
    error = KeyRefused("the API key was refused.", "GET /connection/test", 500, "You are not authorized.")

    assert as_traced_exception(error).message == (
        "GET /connection/test: the API key was refused. "
        'The service answered: "You are not authorized.". '
        "Check the option api_key: copy the key again from what PowerSchool provided."
    )


@pytest.mark.parametrize("error", [TemporaryFailure, Unreachable, NeverReached])
def test_message_about_a_missing_answer_also_fits_a_check(error):
    assert "sync" not in str(error("no answer.", "GET /connection/test"))


def test_guidance_without_a_connection_names_the_network():
    assert "network" in Unreachable.guidance
    assert "PowerSchool" not in NeverReached.guidance


def test_an_error_without_a_request_is_its_message_and_guidance():
    assert str(InvalidOption("The option x is wrong.")) == "The option x is wrong."
    assert str(WrongAddress("base_url is odd.")).startswith("base_url is odd. Check the option base_url")


@pytest.mark.parametrize(
    "error", [InvalidOption("x"), RateLimited("x", "GET /", 429, "m", arrived=False, retry_after=1)]
)
def test_an_error_survives_copying_and_pickling(error):
    for copied in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(copied), vars(copied)) == (type(error), vars(error))
