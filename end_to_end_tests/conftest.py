"""What end-to-end tests share with integration tests."""

from integration_tests.conftest import (  # noqa: F401 - fixtures and hooks
    config,
    pytest_collection_finish,
    sandbox,
    small_district,
    streams,
)
