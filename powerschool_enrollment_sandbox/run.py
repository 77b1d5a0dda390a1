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
    "wire": (WireName, "format of the answers"),
    "page_shape": (AnswerShape, "whether a page of records is an object or alone in a list"),
    "metadata_key": (MetadataKey, "key of a page's metadata"),
    "detail_shape": (AnswerShape, "whether the details of a record are an object or alone in a list"),
    "document_url_shape": (UrlShape, "whether a document's address is a JSON string or text"),
    "record_order": (Order, "order of the records: by id, newest first, or unsorted"),
    "page_beyond_last": (BeyondLast, "a page beyond the last one: empty, the last one again, or 404"),
    "batch_routes": (
        BatchRoutes,
        "where getbatches accepts its flag: in a separate path segment, directly after the date, or not at all",
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
        description="A stand-in for the PowerSchool Enrollment API v1, with the invented data of a district.",
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
    add("--latency-ms", type=float, default=Settings.latency_ms, help="wait before each answer")
    add("--page-size-cap", type=int, default=Settings.page_size_cap, help="largest page size of an answer")
    for name, (choices, description) in _SWITCHES.items():
        option = f"--{name.replace('_', '-')}"
        add(option, choices=get_args(choices), default=getattr(Settings, name), help=description)
    add("--ids-as-text", action="store_true", help="send numeric ids as strings")
    add("--refusal-status", type=int, default=Settings.refusal_status, help="status for a wrong key")


def _add_district_options(add: Callable[..., Any]) -> None:
    add("--seed", type=int, default=DistrictPlan.seed, help="seed of the generated data")
    add("--forms", type=int, default=DistrictPlan.forms, help="number of published actions")
    add("--records", type=int, help="records of the whole district, instead of the two options below")
    add("--roster-records", type=int, default=DistrictPlan.roster_records_per_form, help="for each form")
    add(
        "--submission-records",
        type=int,
        default=DistrictPlan.submission_records_per_form,
        help="for each form",
    )
    add(
        "--data-items",
        type=int,
        default=DistrictPlan.data_items,
        help="for each record; None: one per question of the form",
    )
    add(
        "--delivery-targets",
        type=int,
        default=DistrictPlan.delivery_targets,
        help="one for each of the first forms",
    )
    add("--approved-waiting", type=int, default=DistrictPlan.approved_waiting, help="for each delivery target")
    add("--checklist-entries", type=int, default=DistrictPlan.checklist_entries, help="for each checklist")
    add("--document-bytes", type=int, default=DistrictPlan.document_bytes, help="size of each document")
    add(
        "--families-not-started",
        action="store_true",
        help="no family has started a record, so that all can be imported",
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
