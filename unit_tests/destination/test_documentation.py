import re
from pathlib import Path

import yaml

from destination_powerschool_enrollment.options import parse_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "destinations" / "powerschool-enrollment.md").read_text(encoding="utf-8")


def test_the_pages_example_is_a_configuration():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert parse_config(yaml.safe_load(example)).imports[0].key_field == "StudentID"


def test_the_registry_entry_says_that_data_activation_is_supported():
    metadata = yaml.safe_load((ROOT / "destination_powerschool_enrollment" / "metadata.yaml").read_text())
    assert metadata["data"]["supportsDataActivation"] is True
