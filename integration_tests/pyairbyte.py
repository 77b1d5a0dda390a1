"""Whether PyAirbyte can be installed on this Python."""

import sys

import pytest

HAS_PYAIRBYTE = sys.version_info < (3, 13)

needs_pyairbyte = pytest.mark.skipif(not HAS_PYAIRBYTE, reason="PyAirbyte does not install on Python 3.13 yet")
