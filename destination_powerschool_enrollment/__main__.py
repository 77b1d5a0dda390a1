"""`python -m destination_powerschool_enrollment` is the console script: what the image runs."""

from __future__ import annotations

from destination_powerschool_enrollment.destination import run

run()
