"""A run that is asked on the way what it pays for names, and where its heads look."""

import pytest

from bertgpt.experiments import copy_onset


def test_a_run_is_asked_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_onset, "N_TEST", 10)
    found = copy_onset.onset(0, steps=30, every=10, n_stories=300)
    assert [point["step"] for point in found["curve"]] == [10, 20, 30]
    others = [point["other"] for point in found["curve"]]
    assert others[0] > others[1] > others[2]  # grammar is learned from the first update on
    last = found["curve"][-1]["looks"]
    assert {head: means[:2] for head, means in found["looks"].items()} == last
    assert len(found["silenced"]) == 16
