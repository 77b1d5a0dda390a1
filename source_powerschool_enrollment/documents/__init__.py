"""The stream `documents`: what families uploaded, as addresses or as files.

`stream` finds documents in the submission records, `download` fetches them, and `paths` names the files.
"""
