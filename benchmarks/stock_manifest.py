"""Runs the stock manifest as a source."""

import sys
from pathlib import Path

from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

arguments = sys.argv[1:]
config = YamlDeclarativeSource.read_config(AirbyteEntrypoint.extract_config(arguments))
catalog = YamlDeclarativeSource.read_catalog(AirbyteEntrypoint.extract_catalog(arguments))
manifest = str(Path(__file__).with_suffix(".yaml"))
launch(YamlDeclarativeSource(manifest, config=config, catalog=catalog), arguments)
