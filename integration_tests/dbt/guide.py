"""Reads the queries of docs/warehouse_recipes.md, and writes their results below them.

python -m integration_tests.dbt.guide FILE  # with the results from the DuckDB file at FILE
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

PAGE = Path(__file__).parents[2] / "docs" / "warehouse_recipes.md"
SCHEMA = "sandbox"
MODELS = f"{SCHEMA}_powerschool_enrollment"
# A query, and the table that is its result.
QUERY = re.compile(r"```sql\n(?P<sql>.*?)```\n(?P<result>\n(?:\|[^\n]*\n)+)?", re.DOTALL)
# These need what `make sync` does not read; other tests run them.
WITHOUT_RESULT = ("## Latest delivery of each submission", "## Comparison with a snapshot")


def sections() -> Iterator[tuple[str, str]]:
    """Yield the heading and the text of each section."""
    for section in re.split(r"(?m)^(?=## )", PAGE.read_text(encoding="utf-8")):
        yield section.partition("\n")[0], section


def block(heading: str, language: str) -> str:
    """Return the first block of this language in a section."""
    (section,) = [text for name, text in sections() if name == heading]
    return re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)[0]


def with_results(file: Path) -> str:
    """Return the page with the result of each query in the models of this file."""
    with duckdb.connect(str(file), read_only=True) as warehouse:
        warehouse.execute(f"set search_path = '{MODELS},{SCHEMA}'")
        return "".join(_with_result(heading, text, warehouse) for heading, text in sections())


def _with_result(heading: str, section: str, warehouse: duckdb.DuckDBPyConnection) -> str:
    if heading in WITHOUT_RESULT:
        return section
    return QUERY.sub(lambda found: f"```sql\n{found['sql']}```\n\n{_table(warehouse, found['sql'])}", section)


def _table(warehouse: duckdb.DuckDBPyConnection, sql: str) -> str:
    found = warehouse.execute(sql)
    names = [name for name, *_ in found.description]
    rows = [[str(value) if value is not None else "" for value in row] for row in found.fetchall()]
    return "".join(f"| {' | '.join(row)} |\n" for row in (names, ["---"] * len(names), *rows))


if __name__ == "__main__":
    PAGE.write_text(with_results(Path(sys.argv[1])), encoding="utf-8")
