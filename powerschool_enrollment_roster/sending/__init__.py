"""Sends the rows through the destination's queue, keeps rejected rows, and reports what became of all of them."""
