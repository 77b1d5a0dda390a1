"""The CDK is imported without reading the docstrings of its message classes."""

import subprocess
import sys

import pytest

PROGRAM = """
import {package}
from serpyco_rs import _describe, _utils
from serpyco_rs._json_schema import _convert
original = _utils.get_attributes_doc
print(original.cache_info().misses, original is _describe.get_attributes_doc is _convert.get_attributes_doc)
"""


@pytest.mark.parametrize("package", ["source_powerschool_enrollment", "destination_powerschool_enrollment"])
def test_attribute_docs_are_never_read_and_the_function_is_restored(package):
    program = PROGRAM.format(package=package)
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == ["0", "True"]


def test_plain_import_of_the_cdk_reads_attribute_docs():
    program = "import airbyte_cdk.models; from serpyco_rs import _utils as u; print(u.get_attributes_doc.cache_info())"
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "misses=0" not in printed.stdout
