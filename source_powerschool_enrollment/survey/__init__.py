"""The command `powerschool-enrollment-survey`: compares a real service with what this connector expects of it.

    command → plan → asking       at most 40 GET requests, two at a time
            → fields, paging      what the answers hold, as classes and shares
            → verdicts            one verdict per stream
            → report              Markdown or JSON

Privacy: a report consists of the program's own words, field names of the stream schemas, and numbers. No text of an
answer reaches it. Only with `--field-names`, names of fields do.
"""
