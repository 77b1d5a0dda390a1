"""The options of the command line, in one frozen object."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from powerschool_enrollment_roster.endings import NOTHING_SENT
from powerschool_enrollment_roster.mapping.dates import DateOrder
from powerschool_enrollment_roster.mapping.import_targets import INTO_VARIABLE
from powerschool_enrollment_roster.mapping.mapping_options import MappingOptions, mapping_options_of
from powerschool_enrollment_roster.reading.input_files import STANDARD_INPUT
from powerschool_enrollment_roster.sending.guidance import ADDRESS_VARIABLE, KEY_VARIABLE

DATABASE_VARIABLE = "POWERSCHOOL_ENROLLMENT_IMPORT_DATABASE"
_EXIT_CODES = """\
exit codes: 0 every row was accepted; 3 every row was tried and some were rejected; 1 the import failed;
2 the roster or the command is wrong and nothing was sent; 130 it was stopped."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(f"{message}\n{NOTHING_SENT}")


@dataclass(frozen=True)
class Options:
    """The options of one import. Either `roster` is set, or `database` and `query` are."""

    roster: str | None
    database: str | None
    query: str | None
    sheet: str | None
    encoding: str | None
    header_line: int | None
    only: Mapping[str, str]
    into: str | None
    mapping_options: MappingOptions
    save_mapping: str | None
    date_order: DateOrder | None
    dry_run: bool
    skip_unchanged: bool
    clear_empty: bool
    last_row_counts: bool
    rejected: str
    sandbox: bool


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Return the options. Exits with code 2 for a command that is wrong; raises ImportRefused for a wrong file."""
    parser = _parser()
    given = parser.parse_args(arguments)
    database = given.database or (os.environ.get(DATABASE_VARIABLE) if given.query else None)
    if (given.roster is None) == (database is None):
        parser.error("name one roster: a file, `-` for standard input, or --database with --query")
    if (database is None) != (given.query is None):
        parser.error("--database and --query belong together")
    return Options(
        roster=given.roster,
        database=database,
        query=given.query,
        sheet=given.sheet,
        encoding=given.encoding,
        header_line=given.header_line,
        only=dict(given.only),
        into=given.into,
        mapping_options=mapping_options_of(
            given.mapping, dict(given.map), given.ignore, ignores_others=given.ignore_others
        ),
        save_mapping=given.save_mapping,
        date_order=given.date_order,
        dry_run=given.dry_run,
        skip_unchanged=given.skip_unchanged,
        clear_empty=given.clear_empty,
        last_row_counts=given.last_row_counts,
        rejected=given.rejected or _rejected_beside(given.roster),
        sandbox=given.sandbox,
    )


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="powerschool-enrollment-import",
        description="Imports a roster into PowerSchool Enrollment. Without --into, it lists the import schemas.\n"
        f"The environment variable {KEY_VARIABLE} contains the API key.\n"
        f"{ADDRESS_VARIABLE} is only needed if PowerSchool gave you another address.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_input(parser.add_argument_group("the roster"))
    _add_mapping(parser.add_argument_group("columns and fields"))
    _add_sending(parser.add_argument_group("sending"))
    return parser


def _add_input(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("roster", nargs="?", metavar="ROSTER", help="a .csv, .tsv, .txt, .xlsx, .xls or .ods file; `-`: standard input")
    add("--sheet", help="the sheet of a workbook, or the file in a .zip archive; default: the first one")
    add("--encoding", help="the encoding of a text file; default: by its byte order mark, else UTF-8")
    add("--header-line", type=_line, metavar="N", help="the line with the columns' names; default: the first one")
    add(
        "--only",
        type=_pair,
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="import only rows with this value",
    )
    add("--database", metavar="URL", help=f"read rows from a database (SQLAlchemy's URL); or set {DATABASE_VARIABLE}")
    add("--query", metavar="SQL", help="the SELECT whose rows are the roster")


def _add_mapping(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    into = os.environ.get(INTO_VARIABLE)
    add("--into", default=into, help=f"the import schema or form: its ID or a part of its name; or set {INTO_VARIABLE}")
    add("--map", type=_pair, action="append", default=[], metavar="COLUMN=FIELD", help="send a column to this field")
    add("--ignore", action="append", default=[], metavar="COLUMN", help="do not send this column")
    add("--ignore-others", action="store_true", help="do not send columns without a field")
    add("--mapping", metavar="FILE", help="read the mapping of columns to fields from a YAML file")
    add("--save-mapping", metavar="FILE", help="write the mapping to a YAML file")
    add("--date-order", choices=("mdy", "dmy"), help="the order in dates such as 03/04/2012; default: mdy")


def _add_sending(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--dry-run", action="store_true", help="send nothing; show what would be sent")
    add("--skip-unchanged", action="store_true", help="send only rows that differ from PowerSchool's roster")
    add("--clear-empty", action="store_true", help="clear a field whose cell is blank; default: leave it as it is")
    add("--last-row-counts", action="store_true", help="send rows of one ID that differ in name or birthday")
    add("--rejected", metavar="FILE", help="the file for rejected rows; default: ROSTER.rejected.csv")
    add("--sandbox", action="store_true", help="use the sandbox, a made-up district, even if a key is set")


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.rpartition("=")
    if not (column and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r} does not have the form NAME=VALUE")
    return column, value


def _line(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a line number")
    return int(text)


def _rejected_beside(roster: str | None) -> str:
    if roster is None or roster == STANDARD_INPUT:
        return "roster.rejected.csv"
    path = Path(roster)
    return str(path.parent / f"{path.stem}.rejected.csv")
