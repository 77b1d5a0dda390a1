"""A few histories of the simulation; `make soak` runs 1,000."""

import pytest

from integration_tests.soak.simulation import simulate, simulated_service


@pytest.fixture(scope="module")
def service():
    with simulated_service() as running:
        yield running


@pytest.mark.parametrize("seed", range(4))
def test_interrupted_syncs_of_an_unreliable_service_lose_nothing(service, seed, tmp_path):
    counts = simulate(service, f"test {seed}", tmp_path)
    assert counts["confirmed"] > 0
    assert counts["lost"] == counts["lost with a warning"] == 0


def test_simulation_finds_batches_that_are_never_delivered_again(service, tmp_path, monkeypatch):
    monkeypatch.setattr("source_powerschool_enrollment.deliveries.state.TargetState.orphans_in", lambda *_: [])
    assert sum(simulate(service, f"test {seed}", tmp_path)["lost"] for seed in range(2)) > 0
