"""Syncs into a DuckDB file through PyAirbyte, as the example does; its argument is a JSON list of syncs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["AIRBYTE_OFFLINE_MODE"] = "1"  # before the import

import airbyte as ab
from airbyte.caches import DuckDBCache

for sync in json.loads(sys.argv[1]):
    source = ab.get_source(
        "source-powerschool-enrollment",
        config=sync["config"],
        local_executable=Path(sys.executable).with_name("source-powerschool-enrollment"),
        streams=sync["streams"],
    )
    cache = DuckDBCache(db_path=sync["db_path"], schema_name=sync["schema"])
    source.read(cache, write_strategy=sync["write_strategy"], force_full_refresh=sync["write_strategy"] == "replace")
    cache.close()
