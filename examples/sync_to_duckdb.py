"""Loads a district's enrollment data into a DuckDB file and shows what arrived. Copy it into your pipeline.

It needs POWERSCHOOL_ENROLLMENT_API_KEY. With --sandbox it reads a made-up district instead.
"""

import argparse
import os
import signal
import sys
import tempfile
import warnings
from _thread import interrupt_main
from contextlib import ExitStack
from pathlib import Path
from shlex import quote
from threading import Event

os.environ.setdefault("AIRBYTE_OFFLINE_MODE", "1")  # before the import: no look-ups in Airbyte's registry, no telemetry
warnings.filterwarnings(
    "ignore", category=FutureWarning, module="google"
)  # on future Python versions, not on this sync

import airbyte as ab
import duckdb
from airbyte.caches import DuckDBCache
from airbyte.exceptions import PyAirbyteError
from rich.console import Console
from rich.table import Table

# ── Options ──────────────────────────────────────────────────────────────────────────────────────────────────────
API_KEY = os.environ.get("POWERSCHOOL_ENROLLMENT_API_KEY")
BASE_URL = os.environ.get("POWERSCHOOL_ENROLLMENT_BASE_URL")
WAREHOUSE = Path("powerschool_enrollment.duckdb")
DBT_PACKAGE = Path("dbt/dbt_project.yml")  # in the folder of `make sync`
STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
OPTIONS = {"page_size": 1000, "num_workers": 8}
STREAMS = [
    "published_actions",
    "import_schemas",
    "roster_records",
    "submission_records",
    "delivery_targets",
    "batches",
    "open_batches",
    "checklists",
    "checklist_details",
    "checklist_entries",
    # roster_record_details and submission_record_details need one request per record, and the lists have the same data.
]


def main() -> None:
    """Sync, then show the rows of each table."""
    arguments = parse_arguments()
    os.umask(0o077)  # these are children's records: what is written is for this user alone
    # The made-up records get a separate schema, so that they are never mixed with a district's.
    schema = "sandbox" if arguments.sandbox else "main"
    refuse_if_unusable(arguments.warehouse, schema)
    with ExitStack() as resources:
        # PyAirbyte passes the key in world-readable files: they are in a folder that only this user can enter.
        os.environ["TMPDIR"] = tempfile.tempdir = resources.enter_context(tempfile.TemporaryDirectory())
        options = {**connection(arguments, resources), "detect_removed_records": arguments.detect_removed}
        source = source_with(options)
        source.check()
        # For another warehouse, use another cache: ExactPostgresCache from postgres_cache.py, or SnowflakeCache or
        # BigQueryCache from ab.caches.
        cache = DuckDBCache(db_path=arguments.warehouse, schema_name=schema)
        source.read(
            cache,
            write_strategy="replace" if arguments.replace else "auto",  # auto: merged by primary key
            force_full_refresh=arguments.replace,
        )
        show(cache, f"{arguments.warehouse}, schema {cache.schema_name}")
    if DBT_PACKAGE.exists():
        print("\n".join(["To build models of answers, funnel and students from it:", *dbt_commands(arguments)]))


def source_with(options: dict[str, str | bool]) -> ab.Source:
    """Return the connector with the streams that are synced."""
    return ab.get_source(
        "source-powerschool-enrollment",
        config={**OPTIONS, **options},
        local_executable=Path(sys.executable).with_name("source-powerschool-enrollment"),
        streams=STREAMS,
    )


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Brings a district's enrollment data into a DuckDB file.")
    parser.add_argument("--warehouse", type=Path, default=WAREHOUSE, help="the DuckDB file")
    parser.add_argument(
        "--sandbox", action="store_true", help="read the sandbox, a made-up district, even if a key is set"
    )
    parser.add_argument(
        "--detect-removed", action="store_true", help="mark removed records: they get a time in _ab_cdc_deleted_at"
    )
    parser.add_argument("--replace", action="store_true", help="read everything again, and drop removed rows")
    return parser.parse_args()


def refuse_if_unusable(warehouse: Path, schema: str) -> None:
    """Exit before any request if the file cannot be written: DuckDB allows only one process at a time to write."""
    if warehouse.stem == schema != "main":  # DuckDB could not distinguish the file from its schema
        sys.exit(f"{warehouse} has the name of its schema, {schema}. Name another file with --warehouse.")
    try:
        if warehouse.exists():
            duckdb.connect(warehouse).close()
    except duckdb.Error as error:
        sys.exit(f"{warehouse} cannot be written to. {error}")


def connection(arguments: argparse.Namespace, resources: ExitStack) -> dict[str, str]:
    """Return key and address: the district's from the environment, or those of a sandbox, which `resources` stops."""
    if arguments.sandbox:
        from powerschool_enrollment_sandbox import SandboxProcess  # noqa: PLC0415 - a pipeline with a key needs none

        sandbox = resources.enter_context(SandboxProcess())
        return {"api_key": sandbox.api_key, "base_url": sandbox.base_url}
    if not API_KEY:
        sys.exit("POWERSCHOOL_ENROLLMENT_API_KEY is not set. Set it, or add --sandbox to read a made-up district.")
    return {"api_key": API_KEY, **({"base_url": BASE_URL} if BASE_URL else {})}


def show(cache: DuckDBCache, title: str) -> None:
    """Print how many rows each table holds now."""
    table = Table("Stream", "Rows", title=title)
    table.columns[1].justify = "right"
    for name in STREAMS:
        table.add_row(name, f"{len(cache[name]):,}")
    Console().print(table)


def dbt_commands(arguments: argparse.Namespace) -> list[str]:
    """Return the two commands that run the dbt package on the file."""
    target = "sandbox" if arguments.sandbox else "district"
    file = (
        ""
        if arguments.warehouse == WAREHOUSE
        else f"POWERSCHOOL_ENROLLMENT_WAREHOUSE={quote(str(arguments.warehouse))} "
    )
    return [
        "make dbt-install",
        f"{file}.venv-dbt/bin/dbt build --project-dir dbt --profiles-dir dbt --target {target}",
    ]


def handle_signals() -> Event:
    """Handle SIGTERM and SIGHUP like Ctrl-C, so that no process and no file with the key is left behind.

    Returns an event that is set once a signal has stopped the program.
    """
    stopped = Event()

    def stop(*_: object) -> None:
        stopped.set()
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # it is often sent twice, and must not interrupt the clean-up
        raise KeyboardInterrupt

    def stop_again(dropped: "sys.UnraisableHookArgs") -> None:
        # Python drops and prints an exception that is raised while it deletes an object. The interrupt may be one, and
        # after it PyAirbyte's generators end with errors of no interest.
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            interrupt_main()
        elif not stopped.is_set():
            sys.__unraisablehook__(dropped)

    sys.unraisablehook = stop_again
    for number in (signal.SIGINT, *STOP_SIGNALS):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP, and it stays ignored
            signal.signal(number, stop)
    return stopped


if __name__ == "__main__":
    stopped = handle_signals()
    try:
        main()
    except (KeyboardInterrupt, PyAirbyteError) as error:
        # Ctrl-C ends the connector, too. If the connector ends first, PyAirbyte reports only that it failed.
        if not stopped.is_set():
            sys.exit(str(error))  # it names the failure and the log file; a traceback would only hide that
        print("Stopped. Run it again: it reads again what was not in the tables yet.", file=sys.stderr)
        sys.exit(130)
