import pytest
import requests

from powerschool_enrollment_sandbox import District, running_sandbox


class Caller(requests.Session):
    """A session with the sandbox's key, which knows its address and opens both wire shapes."""

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox = sandbox
        self.auth = (sandbox.api_key, "")

    def ask(self, path, method="GET", **options):
        return self.request(method, f"{self.sandbox.base_url}{path}", timeout=30, **options)

    def page(self, path, **query):
        answer = self.ask(path, params=query)
        answer.raise_for_status()
        content = answer.json()
        if self.sandbox.settings.wire == "documented":
            assert set(content[0]) == {"metadata", "records"}
            return content[0]["metadata"], content[0]["records"]
        assert set(content) == {"metaData", "records"}
        return content["metaData"], content["records"]

    def details(self, path):
        answer = self.ask(path)
        answer.raise_for_status()
        return answer.json()[0] if self.sandbox.settings.wire == "documented" else answer.json()


def small_district(**plan):
    sizes = {"forms": 2, "roster_records_per_form": 130, "submission_records_per_form": 90, "checklist_entries": 5}
    return District.generate(**(sizes | {"approved_waiting": 60, "past_batches": 1} | plan))


@pytest.fixture(scope="module")
def started():
    with running_sandbox(district=small_district()) as sandbox:
        yield sandbox


@pytest.fixture(params=["observed", "documented"])
def sandbox(started, request):
    return afresh(started, request.param)


@pytest.fixture
def observed(started):
    return afresh(started, "observed")


def afresh(sandbox, wire):
    sandbox.service.settings = type(sandbox.settings)(wire=wire)
    sandbox.faults.clear()
    sandbox.changes.clear()
    sandbox.clock.release()
    sandbox.journal.clear()
    sandbox.on_request = None
    sandbox.district = small_district()
    return sandbox


@pytest.fixture
def caller(sandbox):
    with Caller(sandbox) as caller:
        yield caller


@pytest.fixture
def observer(observed):
    with Caller(observed) as caller:
        yield caller


@pytest.fixture
def form(started):
    """The first form: it has the same id in every district."""
    return next(iter(started.district.forms))


@pytest.fixture
def target(started):
    return next(iter(started.district.delivery_targets))


@pytest.fixture
def caller_of():
    return Caller


@pytest.fixture
def district_of():
    return small_district
