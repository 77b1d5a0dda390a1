"""Document addresses, and the blob storage that serves the documents."""

import base64

from powerschool_enrollment_sandbox.http.responses import Answer, Refusal, text_answer
from powerschool_enrollment_sandbox.http.service import Call, Service
from powerschool_enrollment_sandbox.http.wire import Wire


def get_document_url(service: Service, call: Call) -> Answer:
    """GET /documents/{objectId}."""
    return _address(service, call, call.parameters["objectId"], None)


def get_document_url_with_name(service: Service, call: Call) -> Answer:
    """GET /documents/document/url?file=...&providerDocUID=..., both in base64."""
    return _address(service, call, _decoded(call, "providerdocuid"), _decoded(call, "file"))


def download(service: Service, call: Call) -> Answer:
    """Serve a document like the blob storage: without an API key, and with 403 after the address has expired."""
    documents = service.district.documents
    document_id = call.parameters["objectId"]
    problem = documents.address_problem(document_id, call.entry.query, service.clock.now())
    if problem:
        return _storage_error(403, "AuthenticationFailed", f"Server failed to authenticate the request. {problem}")
    document = documents.get(document_id)
    if document is None:
        return _storage_error(404, "BlobNotFound", "The specified blob does not exist.")
    disposition = {"Content-Disposition": call.query["rscd"]} if "rscd" in call.query else {}
    return Answer(
        body=document.content,
        content_type=call.query.get("rsct", document.content_type),
        headers={"x-ms-blob-type": "BlockBlob", **disposition},
    )


def _address(service: Service, call: Call, document_id: str, file_name: str | None) -> Answer:
    if not service.district.documents.exists(document_id):
        raise Refusal(404, "The document was not found.")
    settings = service.settings
    address = service.district.documents.address(
        settings.document_host or call.root_url,
        document_id,
        service.clock.now(),
        settings.document_lifetime,
        file_name,
    )
    return Wire.of(settings).document_url(address)


def _decoded(call: Call, name: str) -> str:
    try:
        return base64.b64decode(call.query.get(name, ""), validate=True).decode()
    except ValueError:  # not base64, not ASCII, or not UTF-8 once decoded
        raise Refusal(400, f"The parameter {name} must be base64.") from None


def _storage_error(status: int, code: str, message: str) -> Answer:
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return text_answer(f'<?xml version="1.0" encoding="utf-8"?>{error}', status, "application/xml")
