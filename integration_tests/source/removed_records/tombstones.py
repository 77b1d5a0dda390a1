"""Removes records from a small district, and finds their tombstones and look-ups."""

from powerschool_enrollment_sandbox import District

DELETED_AT = "_ab_cdc_deleted_at"


def small_district(roster=12):
    return District.generate(
        forms=2, roster_records_per_form=roster, submission_records_per_form=6, data_items=3, approved_waiting=0
    )


def remove(records, *places):
    """Remove the records at these places, and return them."""
    return [records.remove(record_id) for record_id in [records.ids()[place] for place in places]]


def tombstones(outcome):
    return [record for record in outcome.records if DELETED_AT in record]


def removed_ids(outcome):
    return sorted(record["id"] for record in tombstones(outcome))


def look_ups(sandbox, name="rosterrecords"):
    return sandbox.journal.count("GET", f"/{name}/*")


def without(record_id, answer):
    """Remove the record from a page; the page's metadata still count it."""
    envelope = answer[0] if isinstance(answer, list) and answer and "records" in answer[0] else answer
    if isinstance(envelope, dict) and any(record["id"] == record_id for record in envelope["records"]):
        envelope["records"] = [record for record in envelope["records"] if record["id"] != record_id]
    return answer
