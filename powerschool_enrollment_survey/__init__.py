"""The command `powerschool-enrollment-survey`: compares a real service with what the source expects of it.

    command → plan → sending      at most 40 GET requests, two at a time
            → fields, paging      what the answers contain, as types and percentages
            → verdicts            one verdict per stream
            → report              Markdown or JSON

Privacy: a report consists of fixed texts of this program, field names of the stream schemas, and numbers. It contains
no text of an answer, except names of fields with `--field-names`.
"""
