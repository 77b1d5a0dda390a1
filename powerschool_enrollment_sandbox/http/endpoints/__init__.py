"""The functions that answer the requests of the vendor's documentation; `routes.py` lists their paths."""
