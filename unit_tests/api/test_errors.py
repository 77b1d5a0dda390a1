import pytest

from powerschool_enrollment_api import RateLimited, TemporaryFailure, UnexpectedAnswer, located

WHERE = "GET /publishedactions"


def test_error_gets_the_request_that_it_belongs_to():
    with pytest.raises(UnexpectedAnswer, match=r"^GET /publishedactions: not a list\. "), located(WHERE):
        raise UnexpectedAnswer("not a list.")


def test_error_keeps_its_type_and_fields():
    with pytest.raises(RateLimited) as caught, located(WHERE):
        raise RateLimited("wait.", status=429, arrived=False, retry_after=3)
    error = caught.value
    assert (error.where, error.status, error.arrived, error.retry_after) == (WHERE, 429, False, 3)


def test_error_that_names_its_request_is_unchanged():
    original = TemporaryFailure("lost.", "POST /submission")
    with pytest.raises(TemporaryFailure) as caught, located(WHERE):
        raise original
    assert caught.value is original
    assert original.where == "POST /submission"


def test_other_exceptions_are_raised_unchanged():
    with pytest.raises(KeyError), located(WHERE):
        raise KeyError
