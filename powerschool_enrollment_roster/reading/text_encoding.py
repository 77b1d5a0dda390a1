"""Decodes a text file, or reports the line that is not in its encoding, and which encoding is likely."""

from __future__ import annotations

import codecs
import re
from io import TextIOWrapper
from typing import IO, BinaryIO

from charset_normalizer import from_bytes

from powerschool_enrollment_roster.endings import ImportRefused

_CHUNK = 1 << 16
_SAMPLE_BYTES = 4096
_SAMPLE_LINES = 4096
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8 = "utf-8-sig"
# The encodings in which American school systems export, the most frequent first: Windows, old Macintosh, DOS.
_LIKELY = ["cp1252", "mac_roman", "cp437", "cp850"]
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_LINE_END = re.compile(r"\r\n|\r|\n")


def open_text(binary: BinaryIO, name: str, encoding: str | None = None) -> IO[str]:
    """Return the text of a seekable binary file, with its line ends. Raises ImportRefused if it cannot be decoded.

    Without `encoding`, a byte order mark decides between UTF-8, UTF-16 and UTF-32; a text without one is UTF-8.
    """
    chosen = _known(encoding) if encoding else _encoding_of_mark(binary)
    binary.seek(0)
    _check(binary, name, chosen)
    binary.seek(0)
    return TextIOWrapper(binary, chosen, newline="")


def _known(encoding: str) -> str:
    try:
        " ".encode(encoding)  # also refuses a codec that is not a text encoding
    except LookupError:
        raise ImportRefused(f"--encoding {encoding}: unknown encoding. Known ones are {', '.join(_LIKELY)}.") from None
    return _UTF8 if codecs.lookup(encoding).name == "utf-8" else encoding


def _encoding_of_mark(binary: BinaryIO) -> str:
    start = binary.read(4)
    return next((name for mark, name in _MARKS if start.startswith(mark)), _UTF8)


def _check(binary: BinaryIO, name: str, encoding: str) -> None:
    """Decode the whole file once: afterwards no error can occur in the middle of the rows."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = _LineCounter()
    while True:
        chunk = binary.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            lines.add(error.object[: error.start].decode(encoding, "ignore"))
            raise ImportRefused(_undecodable(binary, name, encoding, lines.number)) from None
        if "\0" in text:
            lines.add(text[: text.index("\0")])
            raise ImportRefused(_with_nul(binary, name, lines.number))
        lines.add(text)
        if not chunk:
            return


class _LineCounter:
    """The number of the current line. A carriage return, a line feed and both together end a line."""

    def __init__(self) -> None:
        self.number = 1
        self._ends_with_return = False

    def add(self, text: str) -> None:
        if not text:
            return
        is_split_end = self._ends_with_return and text[0] == "\n"
        self.number += sum(1 for _ in _LINE_END.finditer(text)) - is_split_end
        self._ends_with_return = text[-1] == "\r"


def _undecodable(binary: BinaryIO, name: str, encoding: str, line: int) -> str:
    if encoding not in {_UTF8, "utf-16", "utf-32"}:
        return f"Line {line} of {name} is not in the encoding {encoding}: name another one with --encoding."
    if wide := _wide_encoding(binary):
        return _without_mark(name, wide)
    readable = "UTF-8" if encoding == _UTF8 else encoding.upper()
    sample = _lines_beyond_ascii(binary) if encoding == _UTF8 else []
    if any(map(_is_utf8, sample)):
        # Any single encoding would change the names in the other lines, without an error.
        return (
            f"Line {line} of {name} is not UTF-8 text, but other lines are: the file has two encodings. Correct the "
            "letters with accents in that line, and save the file as UTF-8."
        )
    likely = _likely_encoding(b"\n".join(sample)) if sample else None
    advice = f"Its encoding is probably {likely}: add --encoding {likely}, or save" if likely else "Save"
    return f"Line {line} of {name} is not {readable} text. {advice} it as CSV UTF-8 (in Excel: File > Save As)."


def _lines_beyond_ascii(binary: BinaryIO) -> list[bytes]:
    """Return the first lines that are not ASCII."""
    binary.seek(0)
    lines = re.split(rb"[\r\n]", binary.read(_CHUNK * 16))
    return [line for line in lines if not line.isascii()][:_SAMPLE_LINES]


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _likely_encoding(sample: bytes) -> str | None:
    """Return the most likely encoding of lines that are not ASCII; None if no encoding is likely."""
    if likely := next((encoding for encoding in _LIKELY if _looks_like_names(sample, encoding)), None):
        return likely
    best = from_bytes(sample).best()
    return best.encoding if best else None


def _looks_like_names(sample: bytes, encoding: str) -> bool:
    """Return whether each character beyond ASCII may be in a name: a letter, or a curly apostrophe.

    A capital letter after a small one, as in `JosÇ`, means a wrong encoding.
    """
    text = f" {sample.decode(encoding, 'replace')} "
    return all(
        character.isascii()
        or (character.isalpha() and not (character.isupper() and text[place - 1].islower()))
        or (character == _APOSTROPHE and text[place + 1].isupper())
        for place, character in enumerate(text)
    )


def _wide_encoding(binary: BinaryIO) -> str | None:
    """Return the encoding of UTF-16 text without a byte order mark: most second bytes are NUL."""
    binary.seek(0)
    start = binary.read(_SAMPLE_BYTES)
    wide = {"utf-16-le": start[1::2], "utf-16-be": start[0::2]}
    return next((encoding for encoding, bytes_ in wide.items() if bytes_.count(0) > len(bytes_) * 0.6), None)


def _without_mark(name: str, encoding: str) -> str:
    return f"{name} is probably UTF-16 text without a byte order mark: add --encoding {encoding}."


def _with_nul(binary: BinaryIO, name: str, line: int) -> str:
    if wide := _wide_encoding(binary):
        return _without_mark(name, wide)
    return f"Line {line} of {name} contains a NUL character (U+0000): remove it, or export the roster again."
