"""Real processes, killed at random records: the next sync continues from the last state, and no record is lost."""

import os
from random import Random

import pytest

from integration_tests.connector import configured_catalog, run_source, source_arguments
from integration_tests.source.forked_connector import forked_connector
from integration_tests.source.record_platform import STREAMS, RecordPlatform, edit_some, statuses_at_service
from integration_tests.source.removed_records.history import Registrar
from powerschool_enrollment_sandbox import District, running_sandbox

# `make soak` sets it; each history kills five processes.
HISTORIES = int(os.environ.get("POWERSCHOOL_ENROLLMENT_SOAK_HISTORIES", "4"))
KILLS = 5
DELETED_AT = "_ab_cdc_deleted_at"


def lines_until_killed(folder, files, after, mark=b'"type":"RECORD"'):
    """Run a sync, and kill it after this number of lines with the mark; return its complete lines and exit code."""
    arguments = source_arguments("read", folder, **files)
    lines, marked = [], 0
    with forked_connector(arguments) as connector:
        for line in connector.stdout:
            if line.endswith(b"\n"):
                lines.append(line)
            marked += mark in line
            if marked == after:
                connector.process.kill()
    return [line for line in lines if line.strip()], connector.process.exitcode


def random_config(sandbox, chance):
    return {
        "api_key": sandbox.api_key,
        "base_url": sandbox.base_url,
        "page_size": chance.choice([5, 10, 25]),
        "num_workers": chance.choice([1, 2, 8]),
    }


@pytest.fixture(scope="module")
def catalog(streams):
    return configured_catalog(streams, STREAMS, "incremental")


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_one_sync_after_five_killed_ones_completes_the_records(seed, catalog, tmp_path):
    chance, platform = Random(seed), RecordPlatform()
    district = District.generate(
        seed=seed, forms=4, roster_records_per_form=100, submission_records_per_form=60, data_items=4
    )
    with running_sandbox(district=district, latency_ms=5) as sandbox:
        config = random_config(sandbox, chance)
        killed = 0
        for _ in range(KILLS):
            files = {"config": config, "catalog": catalog, "state": list(platform.state.values())}
            lines, exit_code = lines_until_killed(tmp_path, files, after=chance.randint(1, 300))
            platform.receive(lines)
            killed += exit_code != 0
            edit_some(district, chance)
        files["state"] = list(platform.state.values())
        platform.receive(run_source("read", **files).stdout.splitlines())
    print(f"history {seed}: {killed} of {KILLS} syncs killed, {sum(platform.counts.values())} records confirmed")
    assert {key: row["status"] for key, row in platform.rows.items()} == statuses_at_service(district)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_killed_syncs_lose_no_tombstone_and_hide_no_restored_record(seed, catalog, tmp_path):
    chance, platform = Random(seed), RecordPlatform()
    district = District.generate(
        seed=seed, forms=4, roster_records_per_form=40, submission_records_per_form=30, data_items=4, delivery_targets=0
    )
    registrars = [Registrar(district, attribute, chance) for attribute in ("roster", "submissions")]
    with running_sandbox(district=district, latency_ms=5) as sandbox:
        config = random_config(sandbox, chance)
        files = {"config": {**config, "detect_removed_records": True}, "catalog": catalog}
        killed = syncs = 0
        platform.receive(run_source("read", **files).stdout.splitlines())
        while killed < KILLS and syncs < 4 * KILLS:  # a sync may end before the record at which it would be killed
            syncs += 1
            for registrar in registrars:
                registrar.change(60)
            files["state"] = list(platform.state.values())
            how = chance.choice([(chance.randint(1, 200),), (chance.randint(1, 12), DELETED_AT.encode())])
            lines, exit_code = lines_until_killed(tmp_path, files, *how)
            platform.receive(lines)
            killed += exit_code != 0
        files["state"] = list(platform.state.values())
        platform.receive(run_source("read", **files).stdout.splitlines())
    gone = {key for key, row in platform.rows.items() if DELETED_AT in row}
    print(f"history {seed}: {killed} of {syncs} syncs killed, {len(gone)} of {len(platform.rows)} rows are marked")
    present = {key: row["status"] for key, row in platform.rows.items() if key not in gone}
    assert present == statuses_at_service(district)
    assert killed == KILLS
    assert gone
