"""The streams `roster_records` and `submission_records`: read in parallel, complete, and only what changed.

`stream` puts together what the others do: `page_plan` decides which pages to read, `form_reader` reads them,
`partitions` passes them to the CDK, `page_cursor` and `page_digests` keep the state, `backpressure` bounds the memory.
`each_record` is for streams that need every record of a list.
"""
