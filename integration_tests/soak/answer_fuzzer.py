"""Changes answers of the service at random: their JSON, bytes, status, headers, or the whole HTTP answer."""

from __future__ import annotations

import gzip
import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from powerschool_enrollment_sandbox.http.journal import JournalEntry
from powerschool_enrollment_sandbox.http.responses import Answer

MARK = "Zyxwana7771"  # in values that a log must not show

STATUSES = [200, 201, 202, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 422, 429]
STATUSES += [500, 501, 502, 503, 504, 520, 599]
DEEP = orjson.loads(b'{"a":' * 100 + b'"%b"' % MARK.encode() + b"}" * 100)
VALUES: list[Any] = [None, True, False, 0, -1, 1, 7, 2**53, -(2**63), 1.5, -0.0, 1e308, "", " ", "0", "-1", "007"]
VALUES += [
    "null",
    "true",
    "0001-01-01T00:00:00",
    "9999-12-31T23:59:59Z",
    "2026-02-30",
    "../../x",
    "a/b?c#d",
    "x" * 5000,
]
VALUES += [
    "x" * 5000,
    MARK,
    [],
    {},
    [None],
    [[]],
    [MARK],
    {"id": None},
    {"message": None},
    {"errors": [MARK]},
    DEEP,
    "\u202e",
    "Ğ",
]
UNMARKED = [value for value in VALUES if MARK not in repr(value)]
SHOWN = {"id", "title", "academicyear", "message", "fields"}  # what a message may quote
HEADERS = [
    {"Content-Type": value} for value in ("", "text/html", "application/json; charset=utf-16", "x; charset=nonsense")
]
HEADERS += [{"Content-Encoding": value} for value in ("gzip", "deflate", "br", "identity", "gzip, gzip", MARK)]
HEADERS += [{"Retry-After": value} for value in ("0", "-5", "soon", "9" * 400, "Wed, 99 Foo 2099 00:00:00 GMT")]
HEADERS += [{"Location": f"https://{MARK}.example/"}, {"Set-Cookie": f"session={MARK}"}, {"X-Long": MARK * 3000}]
RAW = [
    b"",
    b"HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 abc OK\r\n\r\n",
    b"HTTP/1.1 99999 OK\r\n\r\n",
    b"NOT HTTP " + MARK.encode() + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\n[]" % (b"9" * 5000),
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n",
    b"HTTP/1.1 200 OK\r\n%b\r\n[]" % (b"X: %b\r\n" % MARK.encode() * 200),
    b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\n[]",
    b"HTTP/1.1 200 OK\r\nX: \xff\xfe\r\nContent-Length: 2\r\n\r\n[]",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/0.9 200 OK\r\n\r\n[]",
]


class AnswerFuzzer:
    """A sandbox's `on_response` that makes a share of the answers odd: those of all paths, or of one route.

    The change of an answer depends only on the seed, the path and how often the path was requested, and not on the
    order of the threads.
    """

    def __init__(self, seed: str) -> None:
        chance = random.Random(seed)
        self.seed = seed
        self.share = chance.choice([0.02, 0.1, 0.3, 0.7, 1])
        self.route = chance.random() if chance.random() < 0.6 else None
        self.mutated = 0
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()

    def __call__(self, entry: JournalEntry, answer: Answer) -> Answer | bytes:
        path = f"{entry.method} {entry.path}?{entry.query}"
        with self._lock:
            self._requests[path] += 1
            chance = random.Random(f"{self.seed} {path} {self._requests[path]}")
            if not self._is_chosen(entry) or chance.random() >= self.share:
                return answer
            self.mutated += 1
        return mutated(answer, chance)

    def _is_chosen(self, entry: JournalEntry) -> bool:
        """Return whether answers of this route may be changed: all routes, or about one in five."""
        return self.route is None or abs(random.Random(f"{entry.method} {entry.route}").random() - self.route) < 0.1


def mutated(answer: Answer, chance: random.Random) -> Answer | bytes:
    """Return the answer with something odd in it."""
    (mutate,) = chance.choices(
        [_odd_json, _odd_bytes, _odd_status, _odd_headers, lambda *_: chance.choice(RAW)], weights=[60, 15, 10, 10, 5]
    )
    return answer if answer.status == 204 and mutate in (_odd_json, _odd_bytes) else mutate(answer, chance)


def _odd_status(answer: Answer, chance: random.Random) -> Answer:
    bodies = [answer.body, b"", b"null", b'{"message": null}', b'{"errors": ["%b"]}' % MARK.encode(), b"<html>"]
    bodies += [b'{"message": {"a": "%b"}}' % MARK.encode(), b'[{"message": ["%b"]}]' % MARK.encode()]
    status = chance.choice(STATUSES)
    return replace(answer, status=status, body=b"" if status == 204 else chance.choice(bodies))


def _odd_headers(answer: Answer, chance: random.Random) -> Answer:
    return replace(answer, headers={**answer.headers, **chance.choice(HEADERS)})


def _odd_bytes(answer: Answer, chance: random.Random) -> Answer:
    return replace(answer, body=chance.choice(BYTES)(answer.body, chance))


def _odd_json(answer: Answer, chance: random.Random) -> Answer:
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return replace(answer, body=orjson.dumps(chance.choice(VALUES)))
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        content = _with_odd_node(content, chance)
    return replace(answer, body=_written(content, chance))


def _written(content: Any, chance: random.Random) -> bytes:
    """Return the content as JSON. In half of the cases, invalid or unusual JSON replaces one null."""
    body = orjson.dumps(content)
    odd = [b"NaN", b"-Infinity", b"1e999", b"9" * 5000, b'"\\ud800"', b'"a\\u0000b"', b'"\xff"', b'"\x07"']
    odd += [b"[" * 400 + b"]" * 400, b"123456789012345678901234567890", b"0.1" + b"0" * 30, b"[1,]", b"undefined"]
    places = [place for place in range(len(body)) if body[place : place + 4] == b"null"]
    if places and chance.random() < 0.5:
        place = chance.choice(places)
        return body[:place] + chance.choice(odd) + body[place + 4 :]
    return body


def _with_odd_node(content: Any, chance: random.Random, values: list[Any] = VALUES) -> Any:
    """Return the content with one node changed: 15 % of the time this one, else a node below it."""
    if isinstance(content, dict) and content and chance.random() < 0.85:
        key = chance.choice([*content])
        if chance.random() < 0.2:
            return _with_odd_key(content, key, chance)
        return {**content, key: _with_odd_node(content[key], chance, UNMARKED if key.lower() in SHOWN else values)}
    if isinstance(content, list) and content and chance.random() < 0.85:
        place = chance.randrange(len(content))
        if chance.random() < 0.1:
            return content[:place] + content[place:][:: chance.choice([2, -1])]
        return [*content[:place], _with_odd_node(content[place], chance, values), *content[place + 1 :]]
    return chance.choice([*values, [content], {"a": content}, [content, content], str(content), _near(content, chance)])


def _near(content: Any, chance: random.Random) -> Any:
    """Return a number near this one, because a small change is hard to detect; None if it is not a number."""
    is_number = isinstance(content, int) and not isinstance(content, bool)
    return content + chance.choice([-1, 1, 3, 50, 2_000_000]) if is_number else None


def _with_odd_key(content: dict[str, Any], key: str, chance: random.Random) -> dict[str, Any]:
    others = {name: value for name, value in content.items() if name != key}
    odd = [key.upper(), key.swapcase(), f" {key}", f"{key}{MARK}", MARK, "", "a\0b", "$ref", "__class__", "x" * 3000]
    return chance.choice([others, {**others, chance.choice(odd): content[key]}, {**content, MARK: MARK}])


def _with_flipped_bytes(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.choice([1, 1, 3, 20]) if body else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


BYTES: list[Callable[[bytes, random.Random], bytes]] = [
    _with_flipped_bytes,
    _with_flipped_bytes,
    lambda body, chance: body[: chance.randint(0, len(body))],
    lambda body, chance: body[chance.randint(0, len(body)) :],
    lambda body, _: body + body,
    lambda _body, _: b"",
    lambda body, _: b" " * 100_000 + body,
    lambda body, _: b"\xef\xbb\xbf" + body,
    lambda body, _: body.decode(errors="replace").encode("utf-16"),
    lambda body, _: body.decode(errors="replace").encode("utf-32-be"),
    lambda body, _: gzip.compress(body),
    lambda body, _: body.replace(b'"', b"'"),
    lambda body, _: b"<!DOCTYPE html><p>" + MARK.encode() + body,
    lambda body, _: b"[" * 100_000 + body,
    lambda body, _: b"\n".join([body, body]),
    lambda _body, chance: chance.randbytes(chance.randint(1, 300)),
]
