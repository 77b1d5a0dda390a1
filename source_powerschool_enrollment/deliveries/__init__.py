"""The stream `delivered_records`: approved submissions, each at least once.

`target` delivers one target's batches, `state` knows which of them are settled, `stream` makes partitions of targets.
"""
