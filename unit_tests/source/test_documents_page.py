"""The examples of docs/documents.md work: its query, its configuration, its catalog and its table of fields."""

import json
import re
from pathlib import Path

import duckdb
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer

from powerschool_enrollment_sandbox import District
from source_powerschool_enrollment.circuit_breaker import MOST_FAILURES
from source_powerschool_enrollment.config import DocumentField, SourceConfig
from source_powerschool_enrollment.source import MANIFEST

PAGE = (Path(__file__).parents[2] / "docs" / "documents.md").read_text()
CONFIG, CATALOG = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))


def test_the_query_finds_the_data_items_that_hold_documents():
    district = District.generate(forms=1, roster_records_per_form=1, submission_records_per_form=40)
    items = [record["dataItems"] for form in district.forms.values() for record in form.submissions]
    warehouse = duckdb.connect()
    warehouse.execute("CREATE TABLE submission_records (dataitems JSON)")
    warehouse.executemany("INSERT INTO submission_records VALUES (?)", [[json.dumps(one)] for one in items])
    (query,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    found = warehouse.execute(query).fetchall()
    fields = ["doc_BirthCertificate", "doc_ProofOfResidency"]
    assert found == [(field, sum(bool(one[field]) for one in items)) for field in fields]


def test_the_configuration_names_fields_as_the_option_takes_them():
    birth = DocumentField("doc_BirthCertificate", "doc_BirthCertificate_FileName")
    fields = SourceConfig.parse({"api_key": "sandbox-key", **CONFIG}).documents
    assert fields == (birth, DocumentField("doc_ProofOfResidency"))


def test_catalog_requests_the_files_of_documents():
    (chosen,) = ConfiguredAirbyteCatalogSerializer.load(CATALOG).streams
    assert (chosen.stream.name, chosen.include_files) == ("documents", True)


def test_the_table_of_a_row_has_every_field():
    table = PAGE.partition("| Field | Meaning |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.rpartition(" | ")[0])}
    schema = json.loads((MANIFEST.parent / "schemas" / "documents.json").read_text())
    assert named == schema["properties"].keys()


def test_page_states_when_the_circuit_breaker_opens():
    assert MOST_FAILURES == 10
    assert "until ten have failed in a row" in PAGE
