# Both connectors: `--target source` and `--target destination`. The base image needs Python 3.10 or newer, and no network
# if wheels/ holds them (see integration_tests/images).
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.1.0@sha256:1d1aa21d34e851df4e8a87b391c27724c06e2597608e7161f4d167be853bd7b6

# ── What both need: the base dependencies out of the lock, each checked against its hash ─────────────────────────────
FROM ${BASE_IMAGE} AS dependencies
USER root
WORKDIR /build
# pyproject.toml is copied so that the folder exists even without wheels.
COPY pyproject.toml wheel[s] wheels/
COPY pyproject.toml requirements.lock ./
# 1 where everything must come from wheels/.
ARG PIP_NO_INDEX=0
ARG UV_OFFLINE=0
ENV PIP_FIND_LINKS=/build/wheels UV_FIND_LINKS=/build/wheels
RUN python3 -m venv uv \
    && sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock \
    && uv/bin/python -m pip install --quiet --require-hashes --no-deps -r uv.lock \
    && uv/bin/uv venv --quiet --python "$(command -v python3)" /opt/connector \
    && uv/bin/uv pip install --quiet --python /opt/connector/bin/python --no-cache --compile-bytecode \
        --require-hashes --constraint requirements.lock --requirement pyproject.toml

# ── What a running connector has ────────────────────────────────────────────────────────────────────────────────────
FROM ${BASE_IMAGE} AS connector
USER root
# Airbyte's base has the user; another may not.
RUN id airbyte > /dev/null 2>&1 || useradd --uid 1000 --create-home airbyte
COPY --from=dependencies /opt/connector /opt/connector
WORKDIR /airbyte/integration_code
# The platform chooses the working directory: modules are looked for here, never there.
ENV PYTHONPATH=/airbyte/integration_code PYTHONSAFEPATH=1 PYTHONDONTWRITEBYTECODE=1
COPY powerschool_enrollment_api powerschool_enrollment_api
COPY powerschool_enrollment_airbyte powerschool_enrollment_airbyte

FROM connector AS source
COPY source_powerschool_enrollment source_powerschool_enrollment
# Readable however the clone was made: under `umask 077` its files are for their owner alone.
RUN chmod -R a+rX . && /opt/connector/bin/python -m compileall -q .
USER airbyte
ENV AIRBYTE_ENTRYPOINT="/opt/connector/bin/python -m source_powerschool_enrollment"
ENTRYPOINT ["/opt/connector/bin/python", "-m", "source_powerschool_enrollment"]
LABEL io.airbyte.name=airbyte/source-powerschool-enrollment io.airbyte.version=0.1.0

FROM connector AS destination
COPY destination_powerschool_enrollment destination_powerschool_enrollment
RUN chmod -R a+rX . && /opt/connector/bin/python -m compileall -q .
USER airbyte
ENV AIRBYTE_ENTRYPOINT="/opt/connector/bin/python -m destination_powerschool_enrollment"
ENTRYPOINT ["/opt/connector/bin/python", "-m", "destination_powerschool_enrollment"]
LABEL io.airbyte.name=airbyte/destination-powerschool-enrollment io.airbyte.version=0.1.0
