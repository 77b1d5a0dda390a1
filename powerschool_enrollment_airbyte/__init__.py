"""Code that both connectors share and that depends on Airbyte: error mapping, command-line files, option validation."""
