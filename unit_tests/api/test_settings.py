"""The options for the connection, which both connectors share, and the time-outs."""

from __future__ import annotations

import pytest

from powerschool_enrollment_api import DEFAULT_BASE_URL, ConnectionSettings, InvalidOption, Timeouts, WrongAddress

READ = "POWERSCHOOL_ENROLLMENT_READ_TIMEOUT_SECONDS"
RETRY = "POWERSCHOOL_ENROLLMENT_RETRY_SECONDS"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv(READ, raising=False)
    monkeypatch.delenv(RETRY, raising=False)


def settings_of(**options):
    return ConnectionSettings.from_config({"api_key": "k", **options})


def test_a_key_alone_is_enough():
    assert settings_of() == ConnectionSettings("k", DEFAULT_BASE_URL, 8, None)


def test_null_and_blank_options_count_as_absent():
    assert settings_of(base_url=None, num_workers=None, requests_per_minute=None) == settings_of()
    assert settings_of(base_url="  ") == settings_of()


def test_spaces_around_key_and_address_are_dropped():
    assert settings_of(api_key=" k\n", base_url=f" {DEFAULT_BASE_URL}/ ") == settings_of()


def test_whole_numbers_may_be_written_with_a_decimal_point_as_in_json():
    settings = settings_of(num_workers=4.0, requests_per_minute=60.0)

    assert (repr(settings.num_workers), repr(settings.requests_per_minute)) == ("4", "60")


@pytest.mark.parametrize("key", [None, "", "   ", "\n"])
def test_an_empty_key_is_an_invalid_option(key):
    with pytest.raises(InvalidOption, match="option api_key is empty"):
        settings_of(api_key=key)
    with pytest.raises(InvalidOption, match="option api_key is empty"):
        ConnectionSettings.from_config({})


@pytest.mark.parametrize("key", ["secret\nsecret", "secret\x00", "secret\ud800"])
def test_key_with_invalid_characters_is_refused_and_not_quoted(key):
    with pytest.raises(InvalidOption, match="option api_key") as raised:
        settings_of(api_key=key)

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("option", ["num_workers", "requests_per_minute"])
@pytest.mark.parametrize("value", [0, -1, 1.5, True, "8", [], float("nan"), float("inf")])
def test_invalid_number_is_refused_with_the_name_of_its_option(option, value):
    with pytest.raises(InvalidOption, match=f"option {option} "):
        settings_of(**{option: value})


@pytest.mark.parametrize("value", [5, ["https://example.org"], "http://example.org", "nowhere"])
def test_a_wrong_address_names_its_option(value):
    with pytest.raises(WrongAddress, match="base_url"):
        settings_of(base_url=value)


def test_the_key_never_shows_in_a_representation():
    settings = settings_of(api_key="top-secret")

    assert "top-secret" not in repr(settings) + str(settings) + f"{settings!r}"


def test_equal_settings_have_equal_hashes():
    assert len({settings_of(), settings_of(api_key=" k ")}) == 1


def test_default_timeouts_are_ten_seconds_two_minutes_and_ten_minutes(monkeypatch):
    assert Timeouts.from_environment() == Timeouts(connect=10, read=120, retries=600)
    monkeypatch.setenv(READ, " ")
    assert Timeouts.from_environment() == Timeouts(connect=10, read=120, retries=600)


def test_environment_changes_the_timeouts(monkeypatch):
    monkeypatch.setenv(READ, "0.5")
    monkeypatch.setenv(RETRY, "0")

    assert Timeouts.from_environment() == Timeouts(connect=10, read=0.5, retries=0)


def test_answer_may_take_as_long_as_the_wait_for_its_first_byte(monkeypatch):
    monkeypatch.setenv(READ, "900")

    assert Timeouts.from_environment() == Timeouts(read=900, answer=900)


@pytest.mark.parametrize(
    ("variable", "text"),
    [(RETRY, "soon"), (RETRY, "-1"), (RETRY, "nan"), (RETRY, "inf"), (READ, "0"), (READ, "1e30"), (READ, "5 s")],
)
def test_error_for_an_invalid_variable_names_it(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)

    with pytest.raises(InvalidOption, match=variable):
        Timeouts.from_environment()


def test_check_sends_each_request_once_with_short_timeouts(monkeypatch):
    assert Timeouts.for_a_check() == Timeouts(connect=10, read=30, retries=0, answer=60)
    monkeypatch.setenv(READ, "5")
    assert Timeouts.for_a_check().read == 5
