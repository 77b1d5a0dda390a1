"""The Airbyte source for the PowerSchool Enrollment API."""

import powerschool_enrollment_airbyte.cdk_startup  # noqa: F401 - before the first import of the CDK
from source_powerschool_enrollment.source import SourcePowerschoolEnrollment

__all__ = ["SourcePowerschoolEnrollment"]
