"""dlt's rest_api source. Extracts into dlt's own files, or loads into DuckDB if DUCKDB_FILE names one.

With PARALLELIZED, forms are read at the same time. This is not dlt's default.
"""

import os
import tempfile

import dlt
from dlt.sources.rest_api import rest_api_source

PAGE_SIZE = int(os.environ["PAGE_SIZE"])

source = rest_api_source(
    {
        "client": {
            "base_url": f"{os.environ['BASE_URL']}/",
            "auth": {"type": "http_basic", "username": os.environ["API_KEY"], "password": ""},
        },
        "resources": [
            {"name": "published_actions", "endpoint": {"path": "publishedactions", "paginator": "single_page"}},
            {
                "name": "roster_records",
                "primary_key": "id",
                "parallelized": "PARALLELIZED" in os.environ,
                # Nested data as one column: dlt would otherwise make a column of each data item of each form.
                "max_table_nesting": 0,
                "endpoint": {
                    "path": "publishedactions/{resources.published_actions.id}/rosterrecords",
                    "params": {"pagesize": PAGE_SIZE},
                    "data_selector": "records",
                    "paginator": {
                        "type": "page_number",
                        "base_page": 1,
                        "page_param": "page",
                        "total_path": "metaData.pageCount",
                    },
                },
                "include_from_parent": ["id"],
            },
        ],
    }
)

with tempfile.TemporaryDirectory() as folder:
    file = os.environ.get("DUCKDB_FILE")
    destination = dlt.destinations.duckdb(file) if file else "duckdb"
    pipeline = dlt.pipeline("benchmark", pipelines_dir=folder, destination=destination, dataset_name="enrollment")
    if file:
        pipeline.run(source, write_disposition="replace")
        extracted = pipeline.last_trace.last_extract_info
    else:
        extracted = pipeline.extract(source)
    for metrics in extracted.metrics.values():
        print(metrics[0]["table_metrics"]["roster_records"].items_count)
