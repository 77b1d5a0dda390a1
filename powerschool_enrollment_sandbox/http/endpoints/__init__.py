"""The endpoints of the vendor's documentation, one module for each of its subjects."""
