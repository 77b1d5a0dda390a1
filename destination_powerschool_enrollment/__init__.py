"""Airbyte destination for the PowerSchool Enrollment API: writes rosters and submissions, row by row."""

import powerschool_enrollment_airbyte.cdk_startup  # noqa: F401 - before the first import of the CDK
from destination_powerschool_enrollment.destination import DestinationPowerschoolEnrollment

__all__ = ["DestinationPowerschoolEnrollment"]
