"""The streams end with any number of CDK threads, also if all threads generate partitions first."""

from collections import Counter

import pytest
from airbyte_cdk.models import ConfiguredAirbyteCatalogSerializer
from airbyte_cdk.sources.concurrent_source.concurrent_source import ConcurrentSource
from airbyte_cdk.test import entrypoint_wrapper

from integration_tests.connector import configured_catalog, run_source
from powerschool_enrollment_sandbox import District, running_sandbox
from source_powerschool_enrollment import SourcePowerschoolEnrollment

FORMS, RECORDS, PAGE_SIZE = 3, 9, 2
OTHERS = ["documents", "checklist_entries", "batches"]


@pytest.fixture(scope="module")
def service():
    district = District.generate(
        forms=FORMS, roster_records_per_form=RECORDS, submission_records_per_form=RECORDS, document_bytes=10
    )
    with running_sandbox(district=district) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def config(service):
    documents = [{"field": "doc_BirthCertificate"}]
    return {"api_key": service.api_key, "base_url": service.base_url, "page_size": PAGE_SIZE, "documents": documents}


@pytest.fixture(scope="module")
def streams(config):
    return run_source("discover", config=config).catalog


@pytest.fixture(params=[*range(1, 6), 8, 16, 64])
def threads(request, monkeypatch):
    """Run the CDK on this many threads, each of which generates partitions if there are as many streams."""
    create = ConcurrentSource.create

    def with_threads(*, num_workers, initial_number_of_partitions_to_generate, **options):  # noqa: ARG001
        source = create(request.param, max(request.param - 1, 1), **options)
        source._initial_number_partitions_to_generate = request.param
        return source

    monkeypatch.setattr(ConcurrentSource, "create", with_threads)
    return request.param


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("sync_mode", ["full_refresh", "incremental"])
def test_all_records_arrive_with_any_number_of_threads(config, streams, sync_mode):
    names = ["roster_records", "submission_records", "roster_record_details", "submission_record_details"]
    catalog = ConfiguredAirbyteCatalogSerializer.load(configured_catalog(streams, [*names, *OTHERS], sync_mode))
    output = entrypoint_wrapper.read(SourcePowerschoolEnrollment(catalog, config, []), config, catalog)
    arrived = Counter(message.record.stream for message in output.records)
    assert output.errors == []
    assert {name: arrived[name] for name in names} == dict.fromkeys(names, FORMS * RECORDS)
