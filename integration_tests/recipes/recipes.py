"""The SQL of docs/warehouse_recipes.md, by the heading above it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "warehouse_recipes.md"


def recipes() -> dict[str, str]:
    """Return each heading's SQL; headings without SQL are not recipes."""
    sections = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    found = {section.partition("\n")[0]: re.findall(r"```sql\n(.*?)```", section, re.DOTALL) for section in sections}
    return {heading: sql for heading, (sql,) in ((heading, sqls) for heading, sqls in found.items() if sqls)}
