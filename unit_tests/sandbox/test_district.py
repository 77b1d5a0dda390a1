from collections import Counter

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powerschool_enrollment_sandbox import District
from powerschool_enrollment_sandbox.district.record_factory import RecordFactory


def contents(district):
    return [list(records) for form in district.forms.values() for records in (form.roster, form.submissions)]


def test_same_seed_generates_the_same_district(make_district):
    assert contents(make_district(seed=5)) == contents(make_district(seed=5))
    assert contents(make_district(seed=5)) != contents(make_district(seed=6))


def test_large_district_generates_few_records_before_it_is_read(monkeypatch):
    made = []
    make = RecordFactory._record
    monkeypatch.setattr(RecordFactory, "_record", lambda *args, **kwargs: made.append(1) or make(*args, **kwargs))
    district = District.generate(forms=10, roster_records_per_form=20_000, submission_records_per_form=20_000)
    assert sum(len(form.roster) + len(form.submissions) for form in district.forms.values()) == 400_000
    assert len(made) < 1_000


@pytest.mark.parametrize("count", [4, 60, 150])
def test_records_have_the_configured_number_of_data_items(make_district, count):
    for records in contents(make_district(data_items=count)):
        assert {len(record["dataItems"]) for record in records} == {count}


def test_siblings_share_family_address_and_guardians():
    form = next(iter(District.generate(forms=1, roster_records_per_form=600).forms.values()))
    families = {}
    for record in form.roster:
        if record["externalFamilyID"]:
            families.setdefault(record["externalFamilyID"], []).append(record["dataItems"])
    siblings = [children for children in families.values() if len(children) > 1]
    assert len(siblings) > 50
    for children in siblings:
        assert (
            len({(child["hh_Address1"], child["par1_CellPhone"], child["par1_FirstName"]) for child in children}) == 1
        )


def test_names_are_in_many_scripts(make_district):
    names = "".join(record["lastName"] for records in contents(make_district()) for record in records)
    scripts = {chr(ord(letter) & ~0xFF) for letter in names}
    assert len(scripts) >= 5


def test_returning_students_are_the_same_every_year():
    this_year, _, last_year = District.generate(forms=3, roster_records_per_form=50).forms.values()
    now, then = ({r["externalStudentID"]: r for r in form.roster} for form in (this_year, last_year))
    assert now.keys() == then.keys()
    assert all(now[student]["dateOfBirth"] == then[student]["dateOfBirth"] for student in now)
    assert any(now[student]["grade"] != then[student]["grade"] for student in now)


def test_every_record_status_occurs():
    form = next(iter(District.generate(forms=1).forms.values()))
    roster = Counter(record["status"] for record in form.roster)
    submissions = Counter(record["status"] for record in form.submissions)
    assert {"Imported", "Added", "Held", "Notified", "NotStarted", "Started", "Submitted", "Discarded"} == set(roster)
    assert {"PendingApproval", "Submitted", "Approved", "Rejected", "Delivered", "Discarded"} == set(submissions)
    assert submissions["Approved"] == 60


def test_no_record_is_started_if_families_have_not_started(make_district):
    form = next(iter(make_district(families_started=False).forms.values()))
    assert not {"Started", "Submitted"} & {record["status"] for record in form.roster}


def test_many_forms_have_distinct_titles_and_years():
    forms = District.generate(forms=30, roster_records_per_form=1, submission_records_per_form=0).forms.values()
    assert len({(form.title, form.academic_year) for form in forms}) == 30


def pages(records, size):
    first = records.page(1, size)
    return [first, *(records.page(page, size) for page in range(2, first.page_count + 1))]


def ids_on(page):
    return [record["id"] for record in orjson.loads(page.records)]


change = st.tuples(st.sampled_from(["insert", "remove", "edit"]), st.floats(0, 0.999))


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 40), size=st.integers(1, 15), changes=st.lists(change, max_size=12))
def test_pages_contain_each_current_record_once_after_changes(count, size, changes):
    district = District.generate(forms=1, roster_records_per_form=count, delivery_targets=0, checklists=0)
    roster = next(iter(district.forms.values())).roster
    for kind, where in changes:
        pages(roster, size)
        place = int(where * len(roster))
        if kind == "insert":
            roster.insert(place)
        elif len(roster):
            record_id = roster.ids()[place]
            roster.remove(record_id) if kind == "remove" else roster.edit(record_id, status=f"edited {where}")
    read = pages(roster, size)
    assert [record_id for page in read for record_id in ids_on(page)] == roster.ids()
    assert {(page.record_count, page.page_count) for page in read} == {(len(roster), -(-len(roster) // size))}
    edited = [record for record in roster if record["status"].startswith("edited")]
    found = [page for record in edited for page in read if record["status"].encode() in page.records]
    assert len(found) >= len(edited)


def test_page_cache_stays_within_its_budget():
    district = District.generate(forms=1, roster_records_per_form=200, page_cache_bytes=100_000)
    roster = next(iter(district.forms.values())).roster
    pages(roster, 10)
    assert 0 < roster._cache._bytes <= 100_000


def test_removed_record_can_be_restored_and_moved(make_district):
    first, second, *_ = make_district(forms=2).forms.values()
    record_id = first.roster.ids()[2]
    removed = first.roster.remove(record_id)
    assert record_id not in first.roster
    second.roster.put(removed)
    assert second.roster.ids()[-1] == record_id
    second.roster.remove(record_id)
    first.roster.put(removed, 2)
    assert (first.roster.ids()[2], first.roster[record_id]) == (record_id, removed)
    with pytest.raises(ValueError, match="contains"):
        first.roster.put(removed)
