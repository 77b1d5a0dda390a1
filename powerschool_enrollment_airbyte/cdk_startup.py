"""Imports the CDK in about two thirds of the usual time. Import it before any module that imports the CDK.

While the CDK builds its serializers, serpyco_rs reads the source file of each message class to find docstrings of
attributes (`inspect.getsource`, `ast.parse`). Only JSON schemas of the message classes contain them, and connectors
never print those. serpyco_rs has no option to skip this. So its function is replaced during the import, and then
restored.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from serpyco_rs import _describe
from serpyco_rs._json_schema import _convert

_MODULES: tuple[ModuleType, ...] = (_describe, _convert)
_FUNCTION = "get_attributes_doc"


@contextmanager
def _without_attribute_docs() -> Iterator[None]:
    originals = [(module, getattr(module, _FUNCTION)) for module in _MODULES if hasattr(module, _FUNCTION)]
    for module, _ in originals:
        setattr(module, _FUNCTION, lambda _: {})
    try:
        yield
    finally:
        for module, original in originals:
            setattr(module, _FUNCTION, original)


with _without_attribute_docs():
    import airbyte_cdk.models  # noqa: F401 - imported for its effect
