"""PyAirbyte's caches accept the arguments that the documents show."""

import ast
import json
import re
from pathlib import Path

from integration_tests.pyairbyte import needs_pyairbyte
from integration_tests.warm_process import run_warm

ROOT = Path(__file__).parents[1]
SHOWN = [
    (page.name, node)
    for page in (ROOT / "README.md", ROOT / "docs" / "deploy.md", ROOT / "docs" / "warehouse_recipes.md")
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for node in ast.walk(ast.parse(block.replace("=…", '="…"')))
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Cache")
]
ARGUMENTS = f"""
import json
import sys
from airbyte import caches
sys.path.insert(0, {str(ROOT / "examples")!r})
from postgres_cache import ExactPostgresCache
known = [getattr(caches, name) for name in dir(caches) if name.endswith("Cache")]
fields = {{each.__name__: each.model_fields for each in (*known, ExactPostgresCache)}}
print(json.dumps({{name: [each.alias or key for key, each in of.items()] for name, of in fields.items()}}))
"""


@needs_pyairbyte
def test_every_cache_accepts_the_arguments_that_the_documents_show(tmp_path):
    script = tmp_path / "arguments.py"
    script.write_text(ARGUMENTS)
    accepted = json.loads(run_warm(script, folder=tmp_path).stdout.splitlines()[-1])
    unknown = [
        (page, name, argument.arg)
        for page, node in SHOWN
        for name in [ast.unparse(node.func).rpartition(".")[2]]
        for argument in node.keywords
        if argument.arg not in accepted[name]
    ]
    assert unknown == []
    assert {ast.unparse(node.func).rpartition(".")[2] for _, node in SHOWN} == {
        "DuckDBCache",
        "ExactPostgresCache",
        "SnowflakeCache",
        "BigQueryCache",
    }
