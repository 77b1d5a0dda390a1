import pytest
import requests

from powerschool_enrollment_sandbox import District, running_sandbox


class Caller(requests.Session):
    """A session with the sandbox's address and key. It reads both wire formats, `observed` and `documented`."""

    def __init__(self, sandbox):
        super().__init__()
        self.sandbox = sandbox
        self.auth = (sandbox.api_key, "")

    def call(self, path, method="GET", **options):
        return self.request(method, f"{self.sandbox.base_url}{path}", timeout=30, **options)

    def page(self, path, **query):
        answer = self.call(path, params=query)
        answer.raise_for_status()
        content = answer.json()
        if self.sandbox.settings.wire == "documented":
            assert set(content[0]) == {"metadata", "records"}
            return content[0]["metadata"], content[0]["records"]
        assert set(content) == {"metaData", "records"}
        return content["metaData"], content["records"]

    def details(self, path):
        answer = self.call(path)
        answer.raise_for_status()
        return answer.json()[0] if self.sandbox.settings.wire == "documented" else answer.json()


def small_district(**plan):
    sizes = {"forms": 2, "roster_records_per_form": 130, "submission_records_per_form": 90, "checklist_entries": 5}
    return District.generate(**(sizes | {"approved_waiting": 60, "past_batches": 1} | plan))


@pytest.fixture(scope="module")
def shared_sandbox():
    with running_sandbox(district=small_district()) as sandbox:
        yield sandbox


@pytest.fixture(params=["observed", "documented"])
def sandbox(shared_sandbox, request):
    return reset(shared_sandbox, request.param)


@pytest.fixture
def observed_sandbox(shared_sandbox):
    return reset(shared_sandbox, "observed")


def reset(sandbox, wire):
    """Give the shared sandbox new data and default settings, except for the wire format."""
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
def observed_caller(observed_sandbox):
    with Caller(observed_sandbox) as caller:
        yield caller


@pytest.fixture
def form(shared_sandbox):
    """The id of the first form, which is the same in every district."""
    return next(iter(shared_sandbox.district.forms))


@pytest.fixture
def target(shared_sandbox):
    return next(iter(shared_sandbox.district.delivery_targets))


@pytest.fixture
def make_district():
    return small_district
