"""`airbyte-cdk connector test`: Airbyte's standard suite for both connectors, as docs/quality.md shows it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("connector", "passing"), [("source", 8), ("destination", 4)])
def test_standard_suite_passes(connector, passing):
    done = subprocess.run(
        [
            Path(sys.executable).with_name("airbyte-cdk"),
            *("connector", "test", f"packaging/{connector}-powerschool-enrollment/"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
    assert re.search(rf"\b{passing} passed\b", done.stdout)
    assert "failed" not in done.stdout
