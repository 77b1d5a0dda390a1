"""The command `powerschool-enrollment-sandbox`: runs a sandbox until it is stopped."""

import argparse
import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

import uvicorn

from powerschool_enrollment_sandbox.district.district import District, DistrictPlan
from powerschool_enrollment_sandbox.district.record_list import Order
from powerschool_enrollment_sandbox.http.routes import API_PATH
from powerschool_enrollment_sandbox.http.server import listen, root_url, server_of
from powerschool_enrollment_sandbox.http.service import Service
from powerschool_enrollment_sandbox.sandbox import application
from powerschool_enrollment_sandbox.settings import (
    AnswerShape,
    BatchRoutes,
    BeyondLast,
    MetadataKey,
    Settings,
    UrlShape,
    WireName,
)

# What the documentation leaves open, or what differs between it and production: one option for each.
_SWITCHES: Mapping[str, tuple[Any, str]] = {
    "wire": (WireName, "format of the answers: as public clients show it, or as documented"),
    "page_shape": (AnswerShape, "a page of records: an object, or a list that contains it; wire: as --wire"),
    "metadata_key": (MetadataKey, "key of a page's metadata; wire: as --wire"),
    "detail_shape": (
        AnswerShape,
        "a record or checklist by its id: an object, or a list that contains it; wire: as --wire",
    ),
    "document_url_shape": (UrlShape, "address of a document: a JSON string, or plain text; wire: as --wire"),
    "record_order": (Order, "order of the records: by ascending id, by descending id, or without order"),
    "page_beyond_last": (BeyondLast, "answer for a page beyond the last one: empty, the last page again, or 404"),
    "batch_routes": (
        BatchRoutes,
        "flag of getbatches: after the date and a slash, directly after the date, or not accepted",
    ),
}


def run(arguments: Sequence[str] | None = None) -> None:
    """Start, print the address on the first line, and serve until SIGINT (Ctrl-C: exit 0) or SIGTERM."""
    with contextlib.suppress(KeyboardInterrupt):
        _serve(_parser().parse_args(arguments))


def _serve(options: argparse.Namespace) -> None:
    listening = _listen(options.host, options.port)
    service = Service(_district(options), _settings(options))
    server = server_of(application(service))
    address = f"{root_url(listening)}{API_PATH}"
    sys.stdout.write(f"Sandbox ready at {address} with API key {service.settings.api_key}\n")
    for form in service.district.forms.values():
        sys.stdout.write(
            f"  {form.id} {form.title} {form.academic_year}:"
            f" {len(form.roster)} roster records, {len(form.submissions)} submission records\n"
        )
    sys.stdout.flush()
    if options.until_stdin_closes:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    server.run([listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except (OSError, OverflowError) as error:
        sys.exit(f"Cannot listen on port {port}: name another with --port, or leave it out for a free one. ({error})")


def _stop_with_stdin(server: uvicorn.Server) -> None:
    """Stop the server when its parent process has ended, even if that was killed."""
    sys.stdin.read()
    server.should_exit = True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="powerschool-enrollment-sandbox",
        description="Runs a stand-in for the PowerSchool Enrollment API v1, with the data of a made-up district.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_service_options(parser.add_argument)
    _add_district_options(parser.add_argument)
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when standard input ends")
    return parser


def _add_service_options(add: Callable[..., Any]) -> None:
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=0, help="port to listen on; 0: a free one")
    add("--api-key", default=Settings.api_key, help="the API key that it accepts")
    add("--latency-ms", type=float, default=Settings.latency_ms, help="milliseconds to wait before each answer")
    add("--page-size-cap", type=int, default=Settings.page_size_cap, help="most records in one page")
    for name, (choices, description) in _SWITCHES.items():
        option = f"--{name.replace('_', '-')}"
        add(option, choices=get_args(choices), default=getattr(Settings, name), help=description)
    add("--ids-as-text", action="store_true", help="send ids as text instead of integers")
    add("--refusal-status", type=int, default=Settings.refusal_status, help="HTTP status for a wrong key")


def _add_district_options(add: Callable[..., Any]) -> None:
    add("--seed", type=int, default=DistrictPlan.seed, help="seed of the generated data")
    add("--forms", type=int, default=DistrictPlan.forms, help="number of forms (published actions)")
    add("--records", type=int, help="records of the whole district, instead of the next two options")
    add("--roster-records", type=int, default=DistrictPlan.roster_records_per_form, help="roster records per form")
    add(
        "--submission-records",
        type=int,
        default=DistrictPlan.submission_records_per_form,
        help="submission records per form",
    )
    add(
        "--data-items",
        type=int,
        default=DistrictPlan.data_items,
        help="data items per record; None: one per question of the form",
    )
    add(
        "--delivery-targets",
        type=int,
        default=DistrictPlan.delivery_targets,
        help="number of delivery targets, at most one per form",
    )
    add(
        "--approved-waiting",
        type=int,
        default=DistrictPlan.approved_waiting,
        help="approved submissions that wait in each delivery target",
    )
    add("--checklist-entries", type=int, default=DistrictPlan.checklist_entries, help="entries per checklist")
    add("--document-bytes", type=int, default=DistrictPlan.document_bytes, help="size of each document")
    add(
        "--families-not-started",
        action="store_true",
        help="no family has started a roster record, so all of them can be imported",
    )
    add(
        "--page-cache-bytes", type=int, default=DistrictPlan.page_cache_bytes, help="size of the cache of encoded pages"
    )


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        api_key=options.api_key,
        latency_ms=options.latency_ms,
        page_size_cap=options.page_size_cap,
        refusal_status=options.refusal_status,
        ids_as_text=options.ids_as_text,
        **{name: getattr(options, name) for name in _SWITCHES},
    )


def _district(options: argparse.Namespace) -> District:
    roster, submissions = options.roster_records, options.submission_records
    if options.records is not None:
        # The usual ratio of the service: seven submission records for ten roster records.
        roster = options.records * 10 // (17 * max(options.forms, 1))
        submissions = options.records // max(options.forms, 1) - roster
    return District.generate(
        seed=options.seed,
        forms=options.forms,
        roster_records_per_form=roster,
        submission_records_per_form=submissions,
        data_items=options.data_items,
        delivery_targets=options.delivery_targets,
        approved_waiting=options.approved_waiting,
        checklist_entries=options.checklist_entries,
        document_bytes=options.document_bytes,
        families_started=not options.families_not_started,
        page_cache_bytes=options.page_cache_bytes,
    )


if __name__ == "__main__":
    run()
