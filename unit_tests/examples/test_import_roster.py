"""Where rows may go, which file keeps the rejected ones, and how the command is ended."""

import argparse
import signal
from pathlib import Path

import import_roster
import pytest
from import_roster import SAMPLE, end_as_after_ctrl_c, file_for_rejected_rows, file_to_read, told_at_the_end
from roster_file import UnusableRoster
from roster_target import UnclearTarget

MINE = Path("my.csv")


def arguments(roster=None, *, sandbox=False, rejected=None):
    return argparse.Namespace(roster=roster, sandbox=sandbox, rejected=rejected)


@pytest.mark.parametrize(
    ("key", "roster", "sandbox", "read"),
    [
        (None, None, False, SAMPLE),
        (None, None, True, SAMPLE),
        (None, MINE, True, MINE),
        ("k", MINE, False, MINE),
        ("k", MINE, True, MINE),
        ("k", None, True, SAMPLE),
    ],
)
def test_a_roster_goes_to_the_district_and_the_sample_to_the_sandbox(monkeypatch, key, roster, sandbox, read):
    monkeypatch.setattr(import_roster, "API_KEY", key)
    assert file_to_read(arguments(roster, sandbox=sandbox)) == read


@pytest.mark.parametrize("key", [None, ""])
def test_a_roster_without_a_key_is_refused_unless_the_sandbox_was_asked_for(monkeypatch, key):
    monkeypatch.setattr(import_roster, "API_KEY", key)
    with pytest.raises(UnclearTarget, match=r"API_KEY is not set\. Set it, or add --sandbox"):
        file_to_read(arguments(MINE))


def test_made_up_children_never_go_to_a_district(monkeypatch):
    monkeypatch.setattr(import_roster, "API_KEY", "k")
    with pytest.raises(UnclearTarget, match="Name a roster: with a key the sample is not written"):
        file_to_read(arguments())


@pytest.mark.parametrize("content", [b"", b"kept by hand", b"one\n"])
def test_a_file_that_was_there_before_stays_as_it_is(tmp_path, content, capsys):
    file = tmp_path / "kept.jsonl"
    file.write_bytes(content)
    with told_at_the_end(file):
        pass
    assert file.read_bytes() == content
    assert capsys.readouterr().out == ""


def test_an_empty_file_that_the_import_made_is_taken_away(tmp_path):
    file = tmp_path / "kept.jsonl"
    with told_at_the_end(file):
        file.touch()
    assert not file.exists()


@pytest.mark.parametrize("last", ["\n", ""])
def test_rejected_rows_are_counted_even_if_the_last_line_has_no_end(tmp_path, last, capsys):
    file = tmp_path / "kept.jsonl"
    with told_at_the_end(file):
        file.write_text("{}\n{}" + last)
    assert capsys.readouterr().out.endswith("kept.jsonl: 2.\n")
    with told_at_the_end(file):
        file.write_text("{}\n" * 5)
    assert capsys.readouterr().out.endswith("kept.jsonl: 3, below the 2 of earlier runs.\n")


def test_rejected_rows_are_not_written_into_the_roster(tmp_path):
    roster = tmp_path / "my.csv"
    roster.touch()
    link = tmp_path / "kept.jsonl"
    link.symlink_to(roster)
    for rejected in (roster, link):
        with pytest.raises(UnusableRoster, match="is the roster itself"):
            file_for_rejected_rows(arguments(roster, rejected=rejected))


@pytest.fixture
def signals():
    """Give the signals their handlers back."""
    before = {told: signal.getsignal(told) for told in import_roster.ENDINGS}
    yield
    for told, handler in before.items():
        signal.signal(told, handler)


@pytest.mark.usefixtures("signals")
def test_a_second_signal_does_not_disturb_the_clearing_up():
    end_as_after_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGHUP)
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.usefixtures("signals")
def test_nohup_keeps_it_running_when_the_terminal_closes():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_as_after_ctrl_c()
    signal.raise_signal(signal.SIGHUP)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
