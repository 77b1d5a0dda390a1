"""The CDK's entry point, with our words for a configuration that cannot be right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import ConnectorSpecification, FailureType
from airbyte_cdk.sources.utils.schema_helpers import split_config
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_powerschool_enrollment.option_problems import option_problems


class EnrollmentEntrypoint(AirbyteEntrypoint):
    """Runs the source's commands."""

    @staticmethod
    def validate_connection(source_spec: ConnectorSpecification, config: Mapping[str, Any]) -> None:
        """Raise a config_error that names each wrong option: the CDK's repeats the value and names none."""
        options, _ = split_config(config)
        problems = option_problems(options, source_spec.connectionSpecification)
        if problems:
            text = " ".join(problems)
            raise AirbyteTracedException(message=text, internal_message=text, failure_type=FailureType.config_error)
