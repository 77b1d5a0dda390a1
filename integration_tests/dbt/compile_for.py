"""Renders every model with the macros of another warehouse, and parses the result with that warehouse's grammar.

It runs in the environment of dbt, against a DuckDB file: `python compile_for.py snowflake`, with dbt's folders in
environment variables. No account is needed: only this package's macros are those of the other warehouse.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import sqlglot
from dbt.cli.main import dbtRunner
from dbt.context.providers import BaseDatabaseWrapper

PACKAGE = "powerschool_enrollment"
dbt_dispatch = BaseDatabaseWrapper.dispatch


class _OtherWarehouseMacros(BaseDatabaseWrapper):
    """Looks up macros as the adapter of the other warehouse does."""

    def _get_adapter_macro_prefixes(self) -> list[str]:
        return [sys.argv[1], "default"]


def dispatch(wrapper: BaseDatabaseWrapper, name: str, macro_namespace: str | None = None, **more: Any) -> Any:
    """Find this package's macros for the other warehouse, and dbt's for DuckDB."""
    if macro_namespace != PACKAGE:
        return dbt_dispatch(wrapper, name, macro_namespace, **more)
    other = _OtherWarehouseMacros(wrapper._adapter, wrapper._namespace)
    return dbt_dispatch(other, name, macro_namespace, **more)


def main() -> None:
    """Print the SQL of each model, by its name, as JSON."""
    BaseDatabaseWrapper.dispatch = dispatch
    done = dbtRunner().invoke(["--quiet", "compile", "--select", "resource_type:model"])
    if not done.success:
        sys.exit(str(done.exception or [str(result.message) for result in done.result]))
    target = Path(os.environ["DBT_TARGET_PATH"]) / "compiled" / PACKAGE / "models"
    # Tests that were compiled earlier are in folders named after their YAML file.
    compiled = (path for path in target.rglob("*.sql") if not any(part.endswith(".yml") for part in path.parts))
    models = {path.stem: path.read_text() for path in compiled}
    for sql in models.values():
        sqlglot.parse_one(sql, dialect=sys.argv[1])
    print(json.dumps(models))


if __name__ == "__main__":
    main()
