"""One import: the roster is read and checked completely before its first row is sent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from destination_powerschool_enrollment.writable_targets import WritableTargets, read_all_writable_targets
from powerschool_enrollment_api import Client, ConnectionSettings
from powerschool_enrollment_roster.endings import ExitCode, ImportRefused
from powerschool_enrollment_roster.mapping.column_fields import fields_of, header_line_message, likely_header
from powerschool_enrollment_roster.mapping.import_targets import ImportTarget, best_target, chosen_target, targets_of
from powerschool_enrollment_roster.mapping.inspection import Inspection
from powerschool_enrollment_roster.mapping.mapping_options import save_mapping
from powerschool_enrollment_roster.mapping.row_values import SentColumns, sent_columns
from powerschool_enrollment_roster.options import Options
from powerschool_enrollment_roster.reading.databases import read_query
from powerschool_enrollment_roster.reading.input_files import open_table
from powerschool_enrollment_roster.reading.line_numbers import counted
from powerschool_enrollment_roster.reading.roster import Roster, read_roster
from powerschool_enrollment_roster.reading.table import InputTable
from powerschool_enrollment_roster.sandbox_server import sandbox_connection
from powerschool_enrollment_roster.screen import Screen
from powerschool_enrollment_roster.sending.destination_settings import write_config
from powerschool_enrollment_roster.sending.dry_run import DryRun, show_columns
from powerschool_enrollment_roster.sending.guidance import ADDRESS_VARIABLE, KEY_VARIABLE
from powerschool_enrollment_roster.sending.import_report import ImportReport
from powerschool_enrollment_roster.sending.sending import SendJob, send

_SHOWN_BLANKS = 5


def run_import(options: Options, screen: Screen, report: ImportReport) -> ExitCode:
    """Import the roster, or show what an import would do.

    Raises ImportRefused or EnrollmentError; `report` states whether rows were sent before.
    """
    with ExitStack() as resources:
        configured = _configured_connection(options)
        roster = _roster(options, resources)
        for text in (*roster.notes, *roster.left_out.texts(roster.unit)):
            screen.warn(f"{roster.name}: {text}")
        connection = _connection(configured, screen, resources)
        writable = read_all_writable_targets(Client(ConnectionSettings.from_config(connection)))
        target = _target(options, roster, writable)
        sent = _sent_columns(options, roster, target)
        config = write_config(
            connection, target, sent, skip_unchanged=options.skip_unchanged, clear_empty=options.clear_empty
        )
        size = f"{counted(roster.row_count, 'row')}, {counted(len(sent.columns), 'column')}"
        screen.print(f"{roster.name}: {size} for {target.name!r}")
        inspection = Inspection(roster, sent, last_row_counts=options.last_row_counts)
        if options.dry_run:
            show_columns(sent, inspection.blank_cells, screen)
        _show_findings(inspection, options, screen)
        if options.dry_run:
            DryRun(roster, sent, config, writable).show(screen, skip_unchanged=options.skip_unchanged)
            return ExitCode.ACCEPTED
        _refuse_own_file(options)
        send(SendJob(roster, sent, config, options.rejected, screen), report)
    screen.report("\n".join(report.completed()))
    return report.code


def _configured_connection(options: Options) -> dict[str, str] | None:
    """Return the key and the address of the service; None for the sandbox. Raises ImportRefused without a key."""
    if options.sandbox:
        return None
    key, address = os.environ.get(KEY_VARIABLE, ""), os.environ.get(ADDRESS_VARIABLE, "")
    if not key.strip():
        raise ImportRefused(
            f"{KEY_VARIABLE} is not set. Set it, or add --sandbox to try the roster on a made-up district."
        )
    return {"api_key": key, **({"base_url": address} if address else {})}


def _roster(options: Options, resources: ExitStack) -> Roster:
    with _table(options) as table:
        roster = resources.enter_context(read_roster(table, options.header_line, options.only))
    if not roster.problems:
        return roster
    elsewhere = likely_header(roster)
    raise ImportRefused(header_line_message(roster, elsewhere) if elsewhere else "\n".join(roster.problems))


@contextmanager
def _table(options: Options) -> Iterator[InputTable]:
    if options.roster is None:
        yield read_query(options.database or "", options.query or "")
        return
    with open_table(options.roster, options.sheet, options.encoding) as table:
        yield table


def _connection(configured: dict[str, str] | None, screen: Screen, resources: ExitStack) -> dict[str, str]:
    if configured is not None:
        screen.print("Reading the forms and import schemas from PowerSchool Enrollment.")
        return configured
    unused = ", and the key is not used" if os.environ.get(KEY_VARIABLE) else ""
    screen.print(f"--sandbox: this writes to the sandbox, a made-up district{unused}.")
    return resources.enter_context(sandbox_connection())


def _target(options: Options, roster: Roster, writable: WritableTargets) -> ImportTarget:
    """Return the target that the user named; in the sandbox, the best one if none is named."""
    targets = targets_of(writable)
    if options.sandbox and not options.into and targets:
        return best_target(roster.header.names, targets)
    return chosen_target(options.into, targets)


def _sent_columns(options: Options, roster: Roster, target: ImportTarget) -> SentColumns:
    fields = fields_of(roster, target, options.mapping_options)
    if options.save_mapping:
        unused = [field for field in target.fields if field not in fields.columns]
        save_mapping(options.save_mapping, fields.fields, fields.ignored, unused)
    return sent_columns(roster, target, fields, options.date_order)


def _show_findings(inspection: Inspection, options: Options, screen: Screen) -> None:
    """Print what the user should look at. Raises ImportRefused if the import must not start."""
    for text in inspection.suspicions:
        screen.warn(text)
    inspection.raise_refusals()
    blank = sorted(inspection.blank_cells.items(), key=lambda item: -item[1])
    if blank and not options.clear_empty:
        shown = ", ".join(f"{column} ({count:,})" for column, count in blank[:_SHOWN_BLANKS])
        more = f" and {len(blank) - _SHOWN_BLANKS} more columns" if len(blank) > _SHOWN_BLANKS else ""
        screen.print(
            f"Blank cells are not sent, so PowerSchool keeps what it has: {shown}{more}. --clear-empty clears them."
        )


def _refuse_own_file(options: Options) -> None:
    """Raise ImportRefused if rejected rows would be written to the roster's file."""
    rejected = Path(options.rejected)
    if options.roster and rejected.exists() and Path(options.roster).exists() and rejected.samefile(options.roster):
        raise ImportRefused(f"--rejected {rejected} is the roster itself: name another file.")
