"""The stream `delivered_records`: approved submissions, each delivered at least once.

`target` delivers the batches of one target, `state` records which of them are settled, and `stream` generates one
partition per target. `dates` decides which dates of batches are plausible. `batch_cursor` keeps other dates out of the
state of the stream `batches`.
"""
