"""Parses the CDK's schema of manifests once per process. Without it, each source parses it again: 0.1 s of CPU.

Import it for its effect: the parsed schema is given to each source that this process, or a fork of it, creates.
"""

from airbyte_cdk.sources.declarative import concurrent_declarative_source

_schema = concurrent_declarative_source.get_declarative_component_schema()
concurrent_declarative_source.get_declarative_component_schema = lambda: _schema
