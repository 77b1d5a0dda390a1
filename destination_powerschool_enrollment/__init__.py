"""Airbyte destination for the PowerSchool Enrollment API: rosters back into PowerSchool, row by row."""

from destination_powerschool_enrollment.destination import DestinationPowerschoolEnrollment

__all__ = ["DestinationPowerschoolEnrollment"]
