"""A stand-in for the PowerSchool Enrollment API v1: a real HTTP server with realistic, invented data.

In the process of a test, which can change everything while the server runs:

    from powerschool_enrollment_sandbox import Change, District, Fault, running_sandbox

    district = District.generate(seed=7, forms=2, roster_records_per_form=120)
    with running_sandbox(district=district, wire="documented") as sandbox:
        sandbox.base_url, sandbox.api_key              # for a connector's configuration
        sandbox.faults.add(Fault("status", path="/publishedactions/*", status=429, retry_after=1, times=2))
        sandbox.changes.add(Change(every=3, insert=1))  # inserts a record before every third page request
        form = next(iter(district.forms.values()))
        form.roster.edit(form.roster.ids()[0], {"stu_Phone": "512-555-0100"}, status="Held")
        removed = form.roster.remove(form.roster.ids()[0])
        form.roster.put(removed)                        # restores it; the roster of another form accepts it, too
        next(iter(district.delivery_targets.values())).approve(5)
        sandbox.journal.count("POST", "*/createbatch")  # also .entries(...), .max_concurrent
        sandbox.clock.shift(days=1)
        sandbox.settings.page_size_cap = 25
        sandbox.district = District.generate(seed=8)    # starts over, but keeps the journal

In a separate process, for benchmarks, so that it does not share an interpreter with the client:

    with SandboxProcess(forms=1, roster_records=50_000, latency_ms=100) as sandbox:
        sandbox.base_url, sandbox.api_key
        sandbox.add_fault(Fault("drop", path="*/createbatch", after_acting=True, times=1))
        sandbox.count("GET", "*/rosterrecords")

On the command line: `powerschool-enrollment-sandbox --wire observed --latency-ms 100`. The routes in
`control/routes.py` change it while it runs. The same options always produce the same district. Its records are
generated when they are read, so a large district starts as fast as a small one. No record is about a real person.
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
