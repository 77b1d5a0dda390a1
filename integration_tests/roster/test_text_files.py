"""Text files as systems export them: what arrives, what is refused, and what is printed. See text_cases.yaml."""

import ast
import gzip
import io
import zipfile
from pathlib import Path

import pytest
import yaml

from integration_tests.roster.roster_command import rows_sent, run_import, schema_ids, without_rate

CASES = yaml.safe_load(Path(__file__).with_name("text_cases.yaml").read_text(encoding="utf-8"))
KEYS = {"id", "name", "text", "bytes", "encoding", "line_end", "pack", "options", "code", "sent", "prints", "omits"}
# Parts of the values in the cases: none may be printed.
VALUES = ("yx", "Qa", "Boz", "Cyz", "Diz", "@", "555", "0012", "Jos", "oz", "/2012", "never", "secretly", "Spanish")


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_text_file(sandbox, tmp_path, case):
    assert case.keys() <= KEYS
    file = tmp_path / case.get("name", "roster.csv")
    file.write_bytes(content_of(case))
    result = run_import(file, "--into", schema_ids(sandbox)[1], *case.get("options", ()), sandbox=sandbox)
    shown = result.stdout + result.stderr
    assert result.returncode == case.get("code", 0), shown
    assert rows_sent(sandbox) == case.get("sent", [])
    assert [text for text in case.get("prints", ()) if text not in shown] == [], shown
    assert [text for text in case.get("omits", ()) if text in shown] == []
    assert [value for value in VALUES if value in without_rate(shown)] == [], shown


def content_of(case):
    if "bytes" in case:
        content = ast.literal_eval(f"b'{case['bytes']}'")
    else:
        text = case["text"].replace("\n", case["line_end"]) if "line_end" in case else case["text"]
        content = text.encode(case.get("encoding", "utf-8"))
    for pack in case.get("pack", "").split():
        content = PACKS[pack](content)
    return content


def zipped(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("__MACOSX/._roster.csv", b"resource fork")
        archive.writestr("export/roster.csv", content)
    return packed.getvalue()


PACKS = {"gz": gzip.compress, "zip": zipped, "cut": lambda content: content[:-9]}
