import json
import re
from contextlib import closing
from datetime import datetime
from pathlib import Path

import yaml

from destination_powerschool_enrollment.config import parse_config
from destination_powerschool_enrollment.protocol import RowMessage
from destination_powerschool_enrollment.rejected_rows import RejectedRowsFile
from destination_powerschool_enrollment.send_row import Outcome, RowResult

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "destinations" / "powerschool-enrollment.md").read_text(encoding="utf-8")


def test_example_of_the_page_is_a_valid_configuration():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert parse_config(yaml.safe_load(example)).imports[0].key_field == "StudentID"


def test_page_shows_a_rejected_row_as_it_is_in_the_file(tmp_path):
    (line,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
    shown = json.loads(line)
    outcome = Outcome(RowResult.REJECTED, shown["reason"], status=shown["status"])
    path = tmp_path / "rejected.jsonl"
    moment = datetime.fromisoformat(shown["rejected_at"].replace("Z", "+00:00"))
    with closing(RejectedRowsFile(str(path), now=lambda: moment)) as file:
        file.add(RowMessage((shown["namespace"], shown["stream"]), shown["row"]), outcome)
    assert path.read_text() == line


def test_registry_entry_declares_data_activation():
    metadata = yaml.safe_load((ROOT / "destination_powerschool_enrollment" / "metadata.yaml").read_text())
    assert metadata["data"]["supportsDataActivation"] is True
