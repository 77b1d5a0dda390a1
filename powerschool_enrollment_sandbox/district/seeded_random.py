"""Random numbers that depend only on the seed and on the object that they are for.

So each record can be generated separately, in any order, with the same values every time.
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


def draws(seed: int, kind: Kind, index: int, parent: int = 0) -> tuple[int, ...]:
    """Return 32 random numbers from 0 to 65535 for the object `index` of its kind and of its parent, such as a form."""
    key = _KEY.pack(seed, _NUMBERS[kind], index, parent)
    return _WORDS.unpack(hashlib.blake2b(key, digest_size=64).digest())


def permuted(position: int, count: int) -> int:
    """Return the position in a fixed permutation of range(count), so that siblings are not next to each other."""
    if count < _TOO_FEW_TO_SHUFFLE:
        return position
    step = next(prime for prime in _PRIMES if count % prime)
    return (position * step + count // 3) % count


_TOO_FEW_TO_SHUFFLE = 3
_PRIMES = (7919, 6007, 5003, 4001, 3001, 2003, 1009, 503)
