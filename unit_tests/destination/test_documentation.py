import re
from pathlib import Path

import pytest
import yaml

from destination_powerschool_enrollment.config import Config, parse_config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "destinations" / "powerschool-enrollment.md").read_text(encoding="utf-8")


def test_the_page_lists_every_option_in_the_forms_order():
    (table,) = re.findall(r"\| Option \| Default.*?\n\n", PAGE, re.DOTALL)
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == list(Config.model_fields)


@pytest.mark.parametrize("option", ["base_url", "date_format", "null_values", "num_workers"])
def test_the_page_states_the_defaults(option):
    (default,) = re.findall(rf"^\| `{option}` \| (?:`([^`]*)`|\d+) \|", PAGE, re.MULTILINE)
    assert default in {"", str(Config(api_key="k").model_dump()[option])}


def test_the_pages_example_is_a_configuration():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert parse_config(yaml.safe_load(example)).imports[0].key_field == "StudentID"


def test_the_registry_entry_says_that_data_activation_is_supported():
    metadata = yaml.safe_load((ROOT / "destination_powerschool_enrollment" / "metadata.yaml").read_text())
    assert metadata["data"]["supportsDataActivation"] is True
