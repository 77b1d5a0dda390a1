"""Writes the files that are generated from the streams: `python -m integration_tests.dbt.generate`."""

from __future__ import annotations

from pathlib import Path

from integration_tests.dbt import diagram
from integration_tests.dbt.package_files import sources, staging_model, staging_properties
from integration_tests.dbt.streams import all_streams

ROOT = Path(__file__).parents[2]
STAGING = Path("dbt/models/staging")


def generated() -> dict[Path, str]:
    """Return the content of each file, by its path in the repository."""
    streams = all_streams()
    return {
        STAGING / "sources.yml": sources(streams),
        STAGING / "staging.yml": staging_properties(streams),
        Path("docs/tables.md"): diagram.page(streams),
        **{STAGING / f"{stream.model}.sql": staging_model(stream) for stream in streams},
    }


def main() -> None:
    """Write every file."""
    for path, content in generated().items():
        (ROOT / path).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
