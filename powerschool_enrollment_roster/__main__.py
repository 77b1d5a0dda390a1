"""Runs the console script as `python -m powerschool_enrollment_roster`."""

from __future__ import annotations

from powerschool_enrollment_roster.command import run

run()
