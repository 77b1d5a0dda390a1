"""A PostgreSQL server in a temporary folder, on a free loopback port, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

psycopg2 = pytest.importorskip("psycopg2", reason="PyAirbyte brings it, and does not install on Python 3.13 yet")

USER = "postgres"
INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))

needs_postgres = pytest.mark.skipif(not INSTALLED, reason="PostgreSQL is not installed: apt-get install postgresql")


@dataclass(frozen=True)
class Server:
    """A running server that trusts every connection."""

    port: int

    @property
    def address(self) -> dict[str, Any]:
        """The arguments with which PyAirbyte's caches connect to this server."""
        return {"host": "127.0.0.1", "port": self.port, "username": USER, "password": "none"}

    def create_database(self, name: str, time_zone: str) -> None:
        """Create a database with this time zone."""
        self.execute("postgres", f"create database {name}")
        self.execute("postgres", f"alter database {name} set timezone to '{time_zone}'")

    def execute(self, database: str, sql: str) -> None:
        with self._cursor(database) as cursor:
            cursor.execute(sql)

    def rows(self, database: str, sql: str) -> list[dict[str, Any]]:
        """Return the rows by column name."""
        with self._cursor(database) as cursor:
            cursor.execute(sql)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @contextmanager
    def _cursor(self, database: str) -> Iterator[Any]:
        with closing(psycopg2.connect(host="127.0.0.1", port=self.port, user=USER, dbname=database)) as connection:
            connection.autocommit = True  # a database cannot be created in a transaction
            yield connection.cursor()


@contextmanager
def running_server() -> Iterator[Server]:
    """Start a server with a new, empty cluster, and remove both at the end."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
        reserved.close()
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        data = f"{folder}/data"
        _run(
            "initdb",
            "--pgdata",
            data,
            "--auth=trust",
            "--username",
            USER,
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        )
        options = f"-h 127.0.0.1 -p {port} -k {folder} -c fsync=off -c timezone=UTC"
        _run("pg_ctl", "--pgdata", data, "--wait", "--log", f"{folder}/log", "--options", options, "start")
        try:
            yield Server(port)
        finally:
            _run("pg_ctl", "--pgdata", data, "--mode=immediate", "stop")


def _run(program: str, *arguments: str) -> None:
    """Run one of the server's programs; they refuse to run as root."""
    another: dict[str, Any] = {"user": USER, "group": USER, "extra_groups": []} if os.geteuid() == 0 else {}
    command = [str(INSTALLED[-1] / program), *arguments]
    subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, check=True, **another)
