"""Runs Airbyte's QA checks one by one, and reports which of them lacked a network."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
from airbyte_ops_mcp.connector_ops.utils import Connector
from airbyte_ops_mcp.connector_qa.checks import ENABLED_CHECKS
from airbyte_ops_mcp.connector_qa.checks.metadata import ValidateMetadata
from airbyte_ops_mcp.connector_qa.models import Check, CheckStatus
from airbyte_ops_mcp.metadata_validator import PRE_UPLOAD_VALIDATORS, ValidatorOptions, validate_and_load

from integration_tests.quality.outcomes import DOES_NOT_APPLY, FAILED, NEEDS_A_NETWORK, PASSED, Outcome

_STATUS = {CheckStatus.PASSED: PASSED, CheckStatus.FAILED: FAILED, CheckStatus.SKIPPED: DOES_NOT_APPLY}
_TIMEOUT_SECONDS = 30


class NewConnector(Connector):
    """A connector that is not in Airbyte's registry yet, so that four checks run without a request to the registry."""

    is_released = False


def run_all(name: str) -> Iterator[Outcome]:
    """Run every check on the connector of this name. The working directory is the monorepo."""
    connector = NewConnector(name)
    for check in ENABLED_CHECKS:
        status, message = _run(check, connector)
        yield Outcome(check.name, connector.connector_type, status, message)


def _run(check: Check, connector: Connector) -> tuple[str, str]:
    with redirect_stdout(io.StringIO()), _unreachable_hosts() as hosts:
        with suppress(requests.ConnectionError, requests.Timeout):
            result = check.run(connector)
        if not hosts:
            return _STATUS[result.status], result.message
        problem = _problem_without_docker_hub(connector) if isinstance(check, ValidateMetadata) else None
    return (FAILED, problem) if problem else (NEEDS_A_NETWORK, f"it asks {', '.join(sorted(hosts))}.")


@contextmanager
def _unreachable_hosts() -> Iterator[set[str]]:
    """Collect the hosts that did not answer during the check: a check may ignore the failure, and pass."""
    hosts: set[str] = set()
    request = requests.Session.request

    def recording_failures(session: requests.Session, method: str, url: str, **options: Any) -> requests.Response:
        try:
            return request(session, method, url, **{"timeout": _TIMEOUT_SECONDS, **options})
        except (requests.ConnectionError, requests.Timeout):
            hosts.add(str(urlsplit(url).hostname))
            raise

    with patch.object(requests.Session, "request", recording_failures):
        yield hosts


def _problem_without_docker_hub(connector: Connector) -> str | None:
    """Return the problem that the validators find without a request to Docker Hub, or None."""
    options = ValidatorOptions(docs_path=str(connector.documentation_file_path), disable_dockerhub_checks=True)
    _, problem = validate_and_load(connector.metadata_file_path, PRE_UPLOAD_VALIDATORS, options)
    return str(problem) if problem else None
