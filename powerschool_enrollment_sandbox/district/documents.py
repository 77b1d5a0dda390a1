"""The documents that families uploaded: ids, contents, and signed addresses that expire."""

import base64
import functools
import hashlib
import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, urlencode

from powerschool_enrollment_sandbox.district.data_items import DOCUMENT_FIELDS

CONTAINER = "secure-uploadeddocuments-832"
_SCRAMBLE = 0x5A17C0DE
_SLOTS = 0x4B20
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def object_id(seed: int, record_id: int, slot: int) -> str:
    """Return the id of the document in one field (`slot`) of a record: a GUID that encodes the record's id."""
    rest = hashlib.blake2b(f"{seed}:{record_id}:{slot}".encode(), digest_size=9).hexdigest()
    return str(uuid.UUID(f"{record_id ^ _SCRAMBLE:08x}{slot + _SLOTS:04x}4{rest[:3]}a{rest[3:]}"))


def _owner(document_id: str) -> tuple[int, int] | None:
    try:
        digits = uuid.UUID(document_id).hex
    except ValueError:
        return None
    return int(digits[:8], 16) ^ _SCRAMBLE, int(digits[8:12], 16) - _SLOTS


@dataclass(frozen=True)
class StoredDocument:
    """The content and type of an uploaded document."""

    content: bytes
    content_type: str = "application/pdf"


@dataclass
class DocumentStore:
    """The documents of a district. Documents of generated records are generated when they are read."""

    seed: int
    size: int
    signing_key: bytes = b"sandbox document addresses"
    _stored: dict[str, StoredDocument] = field(default_factory=dict)
    _removed: set[str] = field(default_factory=set)

    def put(self, content: bytes, content_type: str = "application/pdf", document_id: str | None = None) -> str:
        """Store a document and return its id, which is derived from the content unless one is given."""
        document_id = document_id or str(uuid.UUID(bytes=hashlib.blake2b(content, digest_size=16).digest()))
        self._stored[document_id] = StoredDocument(content, content_type)
        self._removed.discard(document_id)
        return document_id

    def remove(self, document_id: str) -> None:
        """Delete a document. Its addresses are answered with 404 from now on."""
        self._stored.pop(document_id, None)
        self._removed.add(document_id)

    def exists(self, document_id: str) -> bool:
        """Return whether the district has this document."""
        if document_id in self._removed:
            return False
        if document_id in self._stored:
            return True
        owner = _owner(document_id)
        if owner is None or not 0 <= owner[1] < len(DOCUMENT_FIELDS):
            return False
        return document_id == object_id(self.seed, *owner)

    def get(self, document_id: str) -> StoredDocument | None:
        """Return the document, or None if it does not exist."""
        if not self.exists(document_id):
            return None
        return self._stored.get(document_id) or StoredDocument(_pdf(document_id, self.size))

    def address(
        self, host: str, document_id: str, now: datetime, lifetime: timedelta, file_name: str | None = None
    ) -> str:
        """Return a signed address like those of Azure blob storage. It expires at `now + lifetime`."""
        query = {"sv": "2019-02-02"}
        if file_name is None:
            query["st"] = now.strftime(_TIME)
        query |= {"se": (now + lifetime).strftime(_TIME), "sr": "b", "sp": "r"}
        if file_name is not None:
            query |= {"rsct": content_type(file_name), "rscd": f'attachment; filename="{file_name}"'}
        query["sig"] = self._signature(document_id, query)
        return f"{host}/{CONTAINER}/{document_id}?{urlencode(query, quote_via=quote)}"

    def address_problem(self, document_id: str, query_string: str, now: datetime) -> str | None:
        """Return why the storage rejects this address now, or None if it accepts it."""
        query = dict(parse_qsl(query_string))
        signature = query.pop("sig", "")
        if not hmac.compare_digest(signature, self._signature(document_id, query)):
            return "Signature did not match."
        expiry = datetime.strptime(query["se"], _TIME).replace(tzinfo=timezone.utc)
        return f"Signed expiry time [{query['se']}] must be after signed start time." if now > expiry else None

    def _signature(self, document_id: str, query: dict[str, str]) -> str:
        signed = "\n".join([document_id, *(f"{name}={query[name]}" for name in sorted(query))])
        return base64.b64encode(hmac.digest(self.signing_key, signed.encode(), "sha256")).decode()


def content_type(file_name: str) -> str:
    """Return the Content-Type for a file name."""
    types = {"pdf": "application/pdf", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}
    return types.get(file_name.rpartition(".")[2].lower(), "application/octet-stream")


@functools.lru_cache(maxsize=32)
def _pdf(document_id: str, size: int) -> bytes:
    """Return a PDF page that shows the document's id, padded to `size` bytes unless it is larger already."""
    text = f"BT /F1 18 Tf 72 720 Td (Document {document_id}) Tj ET".encode()
    # The padding makes two numbers in the file longer, by at most the digits of `size`. Line ends fill the rest.
    room = size - len(_assembled(text, b"")) - 2 * len(str(size))
    padding = hashlib.shake_256(document_id.encode()).digest(max(room, 0))
    pdf = _assembled(text, padding)
    return pdf + b"\n" * (size - len(pdf))


def _assembled(text: bytes, padding: bytes) -> bytes:
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 7 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(padding), padding),
        b"<< /Font << /F1 5 0 R >> >>",
    )
    pdf = b"%PDF-1.4\n"
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return pdf + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(pdf))
    )
