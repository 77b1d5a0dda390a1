"""Imports a roster (a text file, a spreadsheet or a database query) into PowerSchool Enrollment.

`reading` turns the input into rows, `mapping` finds the field of each column, `sending` writes the rows with the
destination's own queue and reports their outcomes. `command` is the console script.
"""
