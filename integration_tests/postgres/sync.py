"""Syncs through PyAirbyte into each of several caches; its argument is a JSON list of syncs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["AIRBYTE_OFFLINE_MODE"] = "1"  # before the import
sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import airbyte as ab
from airbyte.caches import DuckDBCache, PostgresCache
from postgres_cache import ExactPostgresCache

CACHES = {each.__name__: each for each in (DuckDBCache, PostgresCache, ExactPostgresCache)}

for sync in json.loads(sys.argv[1]):
    source = ab.get_source(
        "source-powerschool-enrollment",
        config=sync["config"],
        local_executable=sync.get("executable", Path(sys.executable).with_name("source-powerschool-enrollment")),
        streams=sync["streams"],
    )
    with CACHES[sync["cache"]](**sync["arguments"]) as cache:
        source.read(cache, **sync.get("how", {}))
