"""Runs the console script as `python -m source_powerschool_enrollment`. The image starts it like that."""

from __future__ import annotations

from source_powerschool_enrollment.run import run

run()
