"""Ids and names of a sandbox's district, as dictionaries from which Schemathesis takes values."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from powerschool_enrollment_sandbox import District


def dictionaries(district: District) -> str:
    """Return the TOML sections that schemathesis.toml refers to."""
    form = next(iter(district.forms.values()))
    target = next(iter(district.delivery_targets.values()))
    documents = list(_documents(district))
    values = {
        "published_actions": [form.id],
        "import_schemas": list(form.import_schemas),
        "roster_records": form.roster.ids(),
        "submission_records": form.submissions.ids(),
        "data_items": ["stu_FirstName", "stu_LastName"],
        "delivery_targets": [target.id],
        "batches": [batch.id for batch in target.batches],
        "checklists": list(district.checklists),
        "documents": documents,
        "encoded_documents": [base64.b64encode(document.encode()).decode() for document in documents],
    }
    # A JSON list of numbers or ASCII texts is also TOML.
    return "".join(f"\n[dictionaries.{name}]\nvalues = {json.dumps(each)}\n" for name, each in values.items())


def _documents(district: District) -> Iterator[str]:
    for form in district.forms.values():
        for record in form.submissions:
            yield from (text for text in record["dataItems"].values() if text and district.documents.exists(text))
