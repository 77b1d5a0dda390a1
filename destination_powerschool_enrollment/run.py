"""The console script `destination-powerschool-enrollment`."""

from __future__ import annotations

import sys

from destination_powerschool_enrollment.destination import DestinationPowerschoolEnrollment


def run() -> None:
    """Run the command on the command line."""
    DestinationPowerschoolEnrollment().run(sys.argv[1:])
