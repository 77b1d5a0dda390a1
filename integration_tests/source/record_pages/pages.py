"""Changes the pages and records that the sandbox answers with, and compares what was read."""

RECORDS, PAGE_SIZE = 35, 10
ROSTER = "/rosterrecords"


def roster_ids(sandbox):
    (form,) = sandbox.district.forms.values()
    return sorted(form.roster.ids())


def envelope_of(payload):
    return payload[0] if isinstance(payload, list) else payload


def metadata_of(payload):
    return next(value for key, value in envelope_of(payload).items() if key.lower() == "metadata")


def on_pages(sandbox, change):
    """Let `change(page number, metadata, envelope)` change each page of the roster."""

    def on_answer(entry, payload):
        if entry.path.endswith(ROSTER) and payload:
            metadata = metadata_of(payload)
            change(metadata["page"], metadata, envelope_of(payload))
        return payload

    sandbox.on_answer = on_answer


def on_records(sandbox, change):
    """Let `change(record)` change each record of the roster's pages."""

    def change_all(_number, _metadata, envelope):
        for record in envelope["records"]:
            change(record)

    on_pages(sandbox, change_all)


def with_text_ids(payload):
    if isinstance(payload, dict):
        return {key: str(value) if key == "id" else with_text_ids(value) for key, value in payload.items()}
    return [with_text_ids(entry) for entry in payload] if isinstance(payload, list) else payload


def ids(outcome, name="roster_records"):
    return sorted(record["id"] for record in outcome.records(name))


def last_state(outcome):
    return [{"type": "STREAM", "stream": outcome.states[-1]["stream"]}]
