"""What both connectors share and what depends on Airbyte: error mapping, command-line files, validation of options."""
