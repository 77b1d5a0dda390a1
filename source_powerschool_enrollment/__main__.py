"""`python -m source_powerschool_enrollment` is the console script: what the image runs."""

from __future__ import annotations

from source_powerschool_enrollment.run import run

run()
