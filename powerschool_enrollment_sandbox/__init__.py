"""A stand-in for the PowerSchool Enrollment API v1: a real HTTP server with a believable district in it.

In a test, in this process, with everything open to change while the server runs:

    from powerschool_enrollment_sandbox import Change, District, Fault, running_sandbox

    district = District.generate(seed=7, forms=2, roster_records_per_form=120)
    with running_sandbox(district=district, wire="documented") as sandbox:
        sandbox.base_url, sandbox.api_key              # what a connector is configured with
        sandbox.faults.add(Fault("status", path="/publishedactions/*", status=429, retry_after=1, times=2))
        sandbox.changes.add(Change(every=3, insert=1))  # a record more before every third page request
        form = next(iter(district.forms.values()))
        form.roster.edit(form.roster.ids()[0], {"stu_Phone": "512-555-0100"}, status="Held")
        next(iter(district.delivery_targets.values())).approve(5)
        sandbox.journal.count("POST", "*/createbatch")  # also .entries(...), .max_concurrent
        sandbox.clock.shift(days=1)
        sandbox.settings.page_size_cap = 25
        sandbox.district = District.generate(seed=8)    # start over; the journal goes on

In a separate process, for benchmarks (it does not share an interpreter with the client):

    with SandboxProcess(forms=1, roster_records=50_000, latency_ms=100) as sandbox:
        sandbox.base_url, sandbox.api_key
        sandbox.add_fault(Fault("drop", path="*/createbatch", after_acting=True, times=1))
        sandbox.count("GET", "*/rosterrecords")

By hand: `powerschool-enrollment-sandbox --wire observed --latency-ms 100`, and the routes of `control/routes.py` under
`/sandbox`. A district is the same for the same plan. It is made as it is read, so its size costs no start-up
time. Nothing of it is a real person's.
"""

from powerschool_enrollment_sandbox.control.client import SandboxClient
from powerschool_enrollment_sandbox.district.changes import Change
from powerschool_enrollment_sandbox.district.district import District, DistrictPlan
from powerschool_enrollment_sandbox.http.faults import Fault
from powerschool_enrollment_sandbox.process import SandboxProcess
from powerschool_enrollment_sandbox.sandbox import Sandbox, running_sandbox
from powerschool_enrollment_sandbox.settings import Settings

__all__ = [
    "Change",
    "District",
    "DistrictPlan",
    "Fault",
    "Sandbox",
    "SandboxClient",
    "SandboxProcess",
    "Settings",
    "running_sandbox",
]
