"""Reads docs/openapi.yaml, and makes it strict for the sandbox."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from powerschool_enrollment_sandbox.http.routes import API_PATH

PATH = Path(__file__).parents[2] / "docs" / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def read() -> dict[str, Any]:
    return yaml.safe_load(PATH.read_text(encoding="utf-8"))


def for_sandbox(document: dict[str, Any], wire: str) -> dict[str, Any]:
    """Return a copy that allows only the shapes of one wire format and the statuses that it names.

    The answers under `default` allow every status, so they are left out. The paths contain those of their servers,
    as in `/api/v1/publishedactions`, because Schemathesis uses one address for all of them.
    """
    strict: dict[str, Any] = _narrowed(document, wire)
    root = strict.pop("servers")
    strict["paths"] = {
        _server_path(item.pop("servers", root)) + path: item for path, item in list(strict["paths"].items())
    }
    for item in strict["paths"].values():
        for method in item.keys() & set(METHODS):
            del item[method]["responses"]["default"]
    return strict


def operations(document: dict[str, Any]) -> set[tuple[str, str]]:
    """Return method and path of each operation, as the sandbox's journal has them, with `{}` for each parameter."""
    root = document["servers"]
    return {
        (method.upper(), nameless((_server_path(item.get("servers", root)) + path).removeprefix(API_PATH)))
        for path, item in document["paths"].items()
        for method in item.keys() & set(METHODS)
    }


def nameless(path: str) -> str:
    """Return the path with `{}` for each parameter: their names differ between documentation and sandbox."""
    return re.sub(r"{\w+}", "{}", path)


def _narrowed(value: Any, wire: str) -> Any:
    if isinstance(value, dict):
        return {name: _narrowed(part, wire) for name, part in value.items() if _is_of(part, wire)}
    if isinstance(value, list):
        return [_narrowed(part, wire) for part in value if _is_of(part, wire)]
    return value


def _is_of(part: Any, wire: str) -> bool:
    return not isinstance(part, dict) or part.get("x-wire", wire) == wire


def _server_path(servers: list[dict[str, Any]]) -> str:
    (path,) = {urlsplit(server["url"]).path for server in servers}
    return path
