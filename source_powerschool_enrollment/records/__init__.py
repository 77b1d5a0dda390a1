"""The streams `roster_records` and `submission_records`: read in parallel, complete, and only what changed.

`stream` builds them from the other modules: `page_plan` decides which pages to read, `form_reader` reads them,
`readers` distributes them to the CDK's threads, `page_state` keeps the state, `backpressure` limits the memory, and
`row_estimate` reports the expected number of rows. `record_ids` and `look_ups` detect removed records. `each_record` is
for streams that need every record of a list.
"""
