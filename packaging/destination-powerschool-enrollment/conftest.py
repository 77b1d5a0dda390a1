"""For `airbyte-cdk connector test`, which runs pytest in this folder."""

pytest_plugins = ["integration_tests.connector_test_configs"]
