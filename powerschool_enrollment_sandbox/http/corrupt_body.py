"""Faults that corrupt a JSON body. The HTTP response stays valid; only its content is unexpected."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from powerschool_enrollment_sandbox.http.faults import Fault
from powerschool_enrollment_sandbox.http.responses import Answer

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def corrupted(answer: Answer, faults: list[Fault]) -> Answer:
    """Return the answer after the faults corrupted its body. Faults of other kinds do not change it."""
    for fault in faults:
        corrupt = _CORRUPTIONS.get(fault.kind)
        if corrupt and answer.body and answer.content_type.startswith("application/json"):
            answer = replace(answer, body=corrupt(answer.body))
    return answer


def _with_byte_order_mark(body: bytes) -> bytes:
    return _BYTE_ORDER_MARK + body


def _with_bad_byte(body: bytes) -> bytes:
    return body.replace(b'":"', b'":"\xff', 1)


def _with_nul(body: bytes) -> bytes:
    return body.replace(b'":"', b'":"\\u0000', 1)


def _with_long_number(body: bytes) -> bytes:
    return body.replace(b'"dataItems":{', b'"dataItems":{"sandboxLongNumber":123456789012345678901234567890,')


def _broken(body: bytes) -> bytes:
    return body[:-1] + b",x" + body[-1:]


def _with_extra_keys(body: bytes) -> bytes:
    return orjson.dumps(_extended(orjson.loads(body)))


def _extended(content: Any) -> Any:
    if isinstance(content, list):
        return [_extended(item) for item in content]
    if isinstance(content, dict):
        return {name: _extended(value) for name, value in content.items()} | {"sandboxExtraKey": "unknown"}
    return content


def _without_status(body: bytes) -> bytes:
    content = orjson.loads(body)
    if isinstance(content, dict):
        content.pop("status", None)
    return orjson.dumps(content)


def _without_records(body: bytes) -> bytes:
    content = orjson.loads(body)
    envelope = content[0] if isinstance(content, list) and content else content
    if isinstance(envelope, dict) and "records" in envelope:
        envelope["records"] = []
    return orjson.dumps(content)


_CORRUPTIONS: dict[str, Callable[[bytes], bytes]] = {
    "bom": _with_byte_order_mark,
    "bad_byte": _with_bad_byte,
    "nul": _with_nul,
    "long_number": _with_long_number,
    "broken_json": _broken,
    "extra_keys": _with_extra_keys,
    "without_status": _without_status,
    "without_records": _without_records,
}
