"""Calculates the time, processor time and state size of a district's syncs, as docs/deploy.md shows them.

    python -m benchmarks.sizing      # prints the text between the marks of docs/deploy.md

Replace the inputs by your own. Measured values name their command; the rest are assumptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

MEASURED = "measured: `python -m benchmarks.compare --case {}`"


@dataclass(frozen=True)
class Input:
    """A number, what it counts, and where it comes from."""

    value: float
    unit: str
    origin: str = "assumed"


@dataclass(frozen=True)
class Inputs:
    """All inputs of the calculation; the page shows their names."""

    startup_cpu: Input = Input(1.4, "s", "measured: `source-powerschool-enrollment spec`")
    cpu_per_1000_records: Input = Input(0.07, "s", MEASURED.format("d") + ", first sync")
    cpu_per_100_pages_unchanged: Input = Input(0.40, "s", MEASURED.format("d") + ", nothing changed")
    state_per_page: Input = Input(12, "bytes", MEASURED.format("d"))
    latency: Input = Input(0.3, "s a request")
    workers: Input = Input(8, "requests at once", "the option's default")
    import_workers: Input = Input(4, "rows at once", "the option's default")
    page_size: Input = Input(100, "records", "the option's default")
    forms: Input = Input(6, "forms read")
    roster_per_student: Input = Input(1.0, "records a form")
    submissions_per_student: Input = Input(0.8, "records a form")
    documents_per_student: Input = Input(2, "documents")
    changed: Input = Input(0.01, "of the roster, a night")
    platform_overhead: Input = Input(60, "s a sync: pods start and stop")
    pyairbyte_overhead: Input = Input(20, "s a sync: import, tables", "measured: `make sync`, sandbox included")
    window: Input = Input(4, "hours a night")


@dataclass(frozen=True)
class District:
    """The time and the resources that syncs and imports take in a district with this number of students."""

    students: int
    inputs: Inputs

    def __getattr__(self, name: str) -> float:
        value: Input = getattr(self.inputs, name)
        return value.value

    @property
    def records(self) -> float:
        return self.students * self.forms * (self.roster_per_student + self.submissions_per_student)

    @property
    def pages(self) -> int:
        return math.ceil(self.records / self.page_size)

    @property
    def first_cpu(self) -> float:
        return self.startup_cpu + self.records / 1000 * self.cpu_per_1000_records

    @property
    def nightly_cpu(self) -> float:
        return self.startup_cpu + self.pages / 100 * self.cpu_per_100_pages_unchanged

    def requests_take(self, count: float) -> float:
        """Return the seconds for this number of requests, `workers` at a time."""
        return count * self.latency / self.workers

    def rows_take(self, count: float) -> float:
        """Return the seconds for writing this number of rows, `import_workers` at a time."""
        return count * self.latency / self.import_workers

    @property
    def first_sync(self) -> float:
        return self.startup_cpu + max(self.requests_take(self.pages), self.first_cpu - self.startup_cpu)

    @property
    def nightly_sync(self) -> float:
        return self.startup_cpu + max(self.requests_take(self.pages), self.nightly_cpu - self.startup_cpu)

    @property
    def documents(self) -> float:
        """Return the seconds for all documents: each needs a request for its address, and a download."""
        return self.startup_cpu + self.requests_take(2 * self.students * self.documents_per_student)

    @property
    def import_all(self) -> float:
        return self.startup_cpu + self.rows_take(self.students)

    @property
    def import_changed(self) -> float:
        """Return the seconds for reading the roster, a thousand records per page, and sending the rows that differ."""
        pages = math.ceil(self.students / 1000)
        return self.startup_cpu + self.rows_take(pages + self.students * self.changed)


def district_rows(district: District) -> list[tuple[str, str]]:
    return [
        ("records, in pages", f"{district.records:,.0f}, {district.pages:,}"),
        ("first sync", f"{seconds(district.first_sync)}, of it {seconds(district.first_cpu)} of CPU"),
        ("each night after", f"{seconds(district.nightly_sync)}, of it {seconds(district.nightly_cpu)} of CPU"),
        ("state", f"{district.pages * district.state_per_page / 1000:,.0f} kB"),
        ("all documents", seconds(district.documents)),
        ("a roster, all rows", seconds(district.import_all)),
        ("a roster, `skip_unchanged`", seconds(district.import_changed)),
    ]


def vendor_rows(districts: int, average: District) -> list[tuple[str, str]]:
    def at_once(overhead: float) -> str:
        hours = districts * (average.nightly_sync + overhead) / 3600
        return f"{hours:,.1f} h one after another, so {math.ceil(hours / average.window)} at once"

    return [
        ("records, in requests a night", f"{districts * average.records:,.0f}, {districts * average.pages:,}"),
        ("one district's night, reading", seconds(average.nightly_sync)),
        ("CPU of the source, all districts", seconds(districts * average.nightly_cpu)),
        ("on the Airbyte platform", at_once(average.platform_overhead)),
        ("with PyAirbyte", at_once(average.pyairbyte_overhead)),
    ]


def seconds(value: float) -> str:
    return f"{value:,.0f} s" if value < 120 else f"{value / 60:,.0f} min"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page() -> str:
    """Return the text between the marks of docs/deploy.md."""
    inputs = Inputs()
    given = [(field.name, getattr(inputs, field.name)) for field in fields(inputs)]
    one, average = District(10_000, inputs), District(3_000, inputs)
    return "\n\n".join(
        [
            table(["Input", "Value", ""], [(f"`{n}`", f"{i.value:g} {i.unit}", i.origin) for n, i in given]),
            table(["A district of 10,000 students", "calculated"], district_rows(one)),
            table(["1,000 districts of 3,000 students", "calculated"], vendor_rows(1000, average)),
        ]
    )


if __name__ == "__main__":
    print(page())
