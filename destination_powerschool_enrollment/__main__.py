"""Runs the console script as `python -m destination_powerschool_enrollment`, which is what the image does."""

from __future__ import annotations

from destination_powerschool_enrollment.destination import run

run()
