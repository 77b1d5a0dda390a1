"""Sends the rows through the destination's queue, keeps rejected rows, and reports the outcomes of all rows."""
