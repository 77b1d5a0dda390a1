"""Deterministic draws: what chance decides about one thing depends on the seed and the thing alone.

So any record can be made at any time, in any order, without the others.
"""

import hashlib
import struct
from typing import Literal

Kind = Literal["family", "student", "roster_record", "submission_record", "checklist_entry", "batch"]

_NUMBERS: dict[str, int] = {
    "family": 1,
    "student": 2,
    "roster_record": 3,
    "submission_record": 4,
    "checklist_entry": 5,
    "batch": 6,
}
_KEY = struct.Struct("<qqqq")
_WORDS = struct.Struct("<32H")


def draws(seed: int, kind: Kind, index: int, of: int = 0) -> tuple[int, ...]:
    """Thirty-two numbers of 0..65535 for the thing `index` of its kind (`of`: of which form or list)."""
    key = _KEY.pack(seed, _NUMBERS[kind], index, of)
    return _WORDS.unpack(hashlib.blake2b(key, digest_size=64).digest())


def permuted(position: int, count: int) -> int:
    """A fixed permutation of range(count), so that neighbours in a list are not related."""
    if count < _TOO_FEW_TO_SHUFFLE:
        return position
    step = next(prime for prime in _PRIMES if count % prime)
    return (position * step + count // 3) % count


_TOO_FEW_TO_SHUFFLE = 3
_PRIMES = (7919, 6007, 5003, 4001, 3001, 2003, 1009, 503)
