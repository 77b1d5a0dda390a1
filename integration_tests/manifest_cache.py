"""Resolves and validates each manifest once per process. Without this module, each new source takes 0.1 s of CPU more.

Import this module for its side effect: all sources that this process, or a fork of it, creates use the cached results.
"""

from __future__ import annotations

import functools
import pickle
from typing import Any

from airbyte_cdk.sources.declarative import concurrent_declarative_source as cdk

_validate = cdk.validate_manifest
_resolve = cdk.ConcurrentDeclarativeSource._pre_process_manifest


@functools.cache
def _resolved(source: type, manifest: bytes) -> bytes:
    return pickle.dumps(_resolve(object.__new__(source), pickle.loads(manifest)))


@functools.cache
def _validated(manifest: bytes) -> None:
    _validate(pickle.loads(manifest), _schema)


def _resolved_once(source: cdk.ConcurrentDeclarativeSource, manifest: dict[str, Any]) -> Any:
    return pickle.loads(_resolved(type(source), pickle.dumps(manifest)))


_schema = cdk.get_declarative_component_schema()
cdk.get_declarative_component_schema = lambda: _schema
cdk.validate_manifest = lambda manifest, _schema: _validated(pickle.dumps(manifest))
cdk.ConcurrentDeclarativeSource._pre_process_manifest = _resolved_once  # type: ignore[method-assign]
