"""A service of nothing but delivery targets, whose every answer a test can spoil, before or after it acted."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

MARK = "Zyxwvut"  # a child's name that no log may hold
KEY = "delivery-test-key"


@dataclass
class StoredBatch:
    id: str
    moment: datetime
    records: list[dict[str, Any]]
    shown_from_list: int = 0  # the how manieth list of its target shows it first


@dataclass
class Target:
    available: list[dict[str, Any]] = field(default_factory=list)
    batches: list[StoredBatch] = field(default_factory=list)
    approved: set[int] = field(default_factory=set)
    lists: int = 0


@dataclass
class DeliveryService:
    """`spoil` is asked about each request, before and after it acts; it answers with a fault's name, or None.

    `hours_off` is the time zone in which the list's date is read, `ignores_date` a filter that shows everything,
    `forgets_reset` a list that shows no reset batch.
    """

    targets: dict[int, Target]
    batch_size: int = 25
    now: datetime = datetime(2026, 9, 1, 12, tzinfo=timezone.utc)
    hours_off: int = 0
    ignores_date: bool = False
    forgets_reset: bool = False
    hides_new_batches_for: int = 0
    spoil: Callable[[str, str], str | None] = lambda when, path: None  # noqa: ARG005
    journal: list[str] = field(default_factory=list)
    base_url: str = ""
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def approve(self, target: int, how_many: int) -> None:
        with self._lock:
            for number in [next(self._ids) for _ in range(how_many)]:
                self.targets[target].approved.add(number)
                self.targets[target].available.append(
                    {"id": number, "submitted": "2026-08-30T16:50:53", "data": {"student": {"firstName": MARK}}}
                )

    def deliver(self, target: int, moment: datetime | None = None) -> StoredBatch:
        """Deliver to somebody else, or to a sync that never heard of it."""
        with self._lock:
            there = self.targets[target]
            taken, there.available = there.available[: self.batch_size], there.available[self.batch_size :]
            batch = StoredBatch(
                f"11fdbe9d-801a-4b8e-bc12-{next(self._ids):012d}",
                moment or self.now,
                taken,
                shown_from_list=there.lists + self.hides_new_batches_for,
            )
            there.batches.append(batch)
            return batch

    def calls(self, what: str) -> int:
        return sum(what in line for line in self.journal)

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        with self._lock:
            self.journal.append(f"{method} {path}")
            parts = path.removeprefix("/api/v1/").split("/")
            if parts == ["connection", "test"]:
                return 200, {"Status": "Healthy"}
            if parts == ["publishedactions"]:
                return 200, []
            if parts == ["deliverytargets"]:
                return 200, [{"id": number, "title": f"Warehouse {number}"} for number in self.targets]
            target = self.targets.get(int(parts[1]))
            if target is None:
                return 404, {"message": "No such delivery target."}
            if parts[2] == "getbatches":
                return 200, self._listed(target, parts[3])
            if parts[2] == "createbatch":
                return 200, _shown(batch := self.deliver(int(parts[1])), batch.records)
            return self._reset(target, parts[3]), None

    def _listed(self, target: Target, first_date: str) -> list[dict[str, Any]]:
        target.lists += 1
        return [
            _shown(batch, [])
            for batch in target.batches
            if target.lists > batch.shown_from_list
            and (self.ignores_date or (batch.moment + timedelta(hours=self.hours_off)).date().isoformat() >= first_date)
        ]

    def _reset(self, target: Target, batch_id: str) -> int:
        batch = next((batch for batch in target.batches if batch.id == batch_id), None)
        if batch is None:
            return 404
        target.available, batch.records = [*batch.records, *target.available], []
        if self.forgets_reset:
            target.batches.remove(batch)
        return 204


def _shown(batch: StoredBatch, records: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": batch.id, "date": batch.moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "records": records}


@contextmanager
def serving(service: DeliveryService) -> Iterator[DeliveryService]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            fault = service.spoil("before", self.path)
            status, answer = (None, None) if fault else service.answer(self.command, self.path)
            fault = fault or service.spoil("after", self.path)
            if fault == "drop":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            body = b"" if answer is None else json.dumps(answer).encode()
            if fault and fault.isdigit():
                status, body = int(fault), b'{"message": "Something went wrong."}'
            self.send_response(200 if fault in {"html", "empty", "cut"} else status or 200)
            if fault == "html":
                body = b"<html>Maintenance</html>"
            if fault == "empty":
                body = b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if fault == "cut":
                self.close_connection = True
                body = body[: len(body) // 2]
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the server looks for this name

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a killed process hangs up

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    service.base_url = f"http://127.0.0.1:{server.server_address[1]}/api/v1"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
