"""The settings for behaviour that the documentation does not define, or in which production differs from it."""

from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from powerschool_enrollment_sandbox import Settings
from powerschool_enrollment_sandbox.run import _SWITCHES, _parser, _settings


def ids_of(content):
    return [record["id"] for record in content["records"]]


def rosters(caller, form, **query):
    return caller.call(f"/publishedactions/{form}/rosterrecords", params=query)


@pytest.mark.parametrize(
    ("settings", "opened"),
    [
        ({"page_shape": "object", "metadata_key": "metadata"}, lambda content: content["metadata"]),
        ({"page_shape": "list", "metadata_key": "metaData"}, lambda content: content[0]["metaData"]),
    ],
)
def test_page_shape_and_metadata_key_are_chosen_separately(caller, sandbox, form, settings, opened):
    vars(sandbox.settings).update(settings)
    assert opened(rosters(caller, form).json())["recordCount"] == 130


@pytest.mark.parametrize(("shape", "kind"), [("object", dict), ("list", list)])
def test_detail_shape_is_chosen_separately(caller, sandbox, form, shape, kind):
    sandbox.settings.detail_shape = shape
    record = sandbox.district.forms[form].roster.ids()[0]
    assert type(caller.call(f"/rosterrecords/{record}").json()) is kind


def test_records_are_in_the_configured_order(observed_caller, observed_sandbox, form):
    listed = ids_of(rosters(observed_caller, form, pagesize=130).json())
    observed_sandbox.settings.record_order = "reversed"
    assert ids_of(rosters(observed_caller, form, pagesize=130).json()) == listed[::-1]
    observed_sandbox.settings.record_order = "unsorted"
    pages = [ids_of(rosters(observed_caller, form, page=page, pagesize=65).json()) for page in (1, 2)]
    assert sorted(pages[0] + pages[1]) == listed
    assert pages[0] not in (sorted(pages[0]), sorted(pages[0], reverse=True))


def test_change_is_shown_in_every_order(observed_caller, observed_sandbox, form):
    observed_sandbox.settings.record_order = "reversed"
    roster = observed_sandbox.district.forms[form].roster
    rosters(observed_caller, form)
    roster.edit(roster.ids()[-1], status="Held")
    assert rosters(observed_caller, form).json()["records"][0]["status"] == "Held"


@pytest.mark.parametrize(("choice", "shown"), [("empty", (200, 4)), ("last", (200, 3)), ("not_found", (404, None))])
def test_page_beyond_the_last_is_answered_as_configured(observed_caller, observed_sandbox, form, choice, shown):
    observed_sandbox.settings.page_beyond_last = choice
    answer = rosters(observed_caller, form, page=4)
    assert (answer.status_code, answer.json().get("metaData", {}).get("page")) == shown


def test_ids_are_strings_if_configured(caller, sandbox, form):
    sandbox.settings.ids_as_text = True
    assert all(isinstance(form["id"], str) for form in caller.call("/publishedactions").json())
    _, records = caller.page(f"/publishedactions/{form}/rosterrecords")
    assert all(record["id"].isdigit() for record in records)
    assert caller.details(f"/rosterrecords/{records[0]['id']}") == records[0]


@pytest.mark.parametrize(
    ("routes", "statuses"),
    [("segments", [200, 200, 400]), ("joined", [200, 404, 200]), ("date_only", [200, 404, 400])],
)
def test_getbatches_accepts_the_flag_where_configured(caller, sandbox, target, routes, statuses):
    sandbox.settings.batch_routes = routes
    paths = [f"/deliverytargets/{target}/getbatches/2000-01-01{flag}" for flag in ("", "/true", "true")]
    assert [caller.call(path).status_code for path in paths] == statuses


def test_joined_flag_lists_open_batches(caller, sandbox, target):
    path = f"/deliverytargets/{target}/getbatches/2000-01-01"
    open_batches = caller.call(f"{path}/true").json()
    sandbox.district.delivery_targets[target].create_batch(sandbox.clock.now(), 1)
    sandbox.settings.batch_routes = "joined"
    assert caller.call(f"{path}true").json() == open_batches
    assert len(caller.call(path).json()) == len(open_batches) + 1


def test_further_headers_are_in_every_answer(caller, sandbox):
    sandbox.settings.headers = {"X-RateLimit-Limit": "60"}
    answers = [caller.call("/checklists"), caller.call("/checklists/1")]
    assert [(answer.status_code, answer.headers["X-RateLimit-Limit"]) for answer in answers] == [
        (200, "60"),
        (404, "60"),
    ]


def test_date_header_is_that_of_the_sandboxs_clock(caller, sandbox):
    sandbox.clock.shift(days=-3)
    shown = parsedate_to_datetime(caller.call("/checklists").headers["Date"])
    assert abs(sandbox.clock.now() - shown) < timedelta(days=1)


def test_every_switch_is_an_option_of_the_command():
    chosen = {"page_shape": "list", "batch_routes": "joined", "record_order": "reversed", "wire": "documented"}
    options = [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()]
    assert _settings(_parser().parse_args([*options, "--ids-as-text"])) == Settings(**chosen, ids_as_text=True)
    assert _settings(_parser().parse_args([])) == Settings()
    assert set(chosen) < set(_SWITCHES)


def test_unknown_choice_of_a_switch_is_refused(capsys):
    with pytest.raises(SystemExit) as ended:
        _parser().parse_args(["--page-shape", "tree"])
    assert ended.value.code == 2
    assert "invalid choice: 'tree'" in capsys.readouterr().err
