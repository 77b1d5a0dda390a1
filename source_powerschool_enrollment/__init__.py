"""The Airbyte source for the PowerSchool Enrollment API."""

from source_powerschool_enrollment.source import SourcePowerschoolEnrollment

__all__ = ["SourcePowerschoolEnrollment"]
