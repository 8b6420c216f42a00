"""The controlled experiment: finished arms are kept, rates chosen, both sets of seeds differ."""

from pathlib import Path
from typing import Any

import pytest
import torch

from bertgpt.controlled import abilities
from bertgpt.controlled.abilities import Sizes
from bertgpt.controlled.arms import ARMS, Counts
from bertgpt.controlled.grid import COLUMNS
from bertgpt.experiments import controlled_rates, controlled_seed
from bertgpt.experiments.controlled_rates import best_rate
from bertgpt.experiments.runner import find

FEW = Sizes(
    texts=16, gaps=6, pairs=2, written=4, walks=2, walk_sweeps=1, triples=4,
)  # fmt: skip
TWO = ("causal, next", "full, 40 %")
RATES = dict.fromkeys(ARMS, 1e-3)


def no_labels(*_: object) -> dict[str, Any]:
    return {}


def test_two_arms_from_one_end_to_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abilities.labelled, "measured", no_labels)

    def run(updates: int = 2) -> dict[str, Any]:
        return controlled_seed.one_seed(0, RATES, TWO, folder=tmp_path, updates=updates, sizes=FEW)

    found = run()
    gpt, bert = (found["arms"][name] for name in TWO)
    assert set(gpt["grid"]) == set(bert["grid"]) == set(found["limits"]["grid"])
    assert set(gpt["readers"]) == {"left", "rescored"}
    assert set(bert["readers"]) == {"left", "left, rest [MASK]", "gap"}
    assert gpt["writes"].keys() == {"next token"}
    assert {"left", "Gibbs", "Metropolis-Hastings"} < bert["writes"].keys()
    assert gpt["scores"].keys() == {"log-probability"}
    assert bert["scores"].keys() == {"pseudo-log-likelihood", "bound"}
    assert gpt["counts"]["tokens"] == bert["counts"]["tokens"]
    assert [point["updates"] for point in gpt["curve"]] == [1, 2]
    assert found["new weights"].keys() == {"similarity", "labels"}
    for arm in (gpt, bert):  # new models are above every limit
        for column, floor in found["limits"]["grid"].items():
            assert arm["grid"][column] > floor
    _trains_no_more(run, found, monkeypatch)


def _trains_no_more(run: Any, found: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("it trained")

    monkeypatch.setattr(controlled_seed, "trained", refuse)
    monkeypatch.setattr(controlled_seed, "limits", lambda _: found["limits"])  # the same, at once
    assert run() == found
    with pytest.raises(AssertionError, match="it trained"):
        run(updates=3)  # what is kept was made in another way


def test_weights_are_kept_apart_from_what_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm, path = ARMS["causal, next"], tmp_path / "new" / "00-0.safetensors"
    model, learned = controlled_seed._learned(path, arm, 0, 1e-3, 2)
    again, kept = controlled_seed._learned(path, arm, 0, 1e-3, 2)
    for name, weights in model.state_dict().items():
        assert torch.equal(weights, again.state_dict()[name])
    assert kept == learned
    assert learned["curve"][-1]["grid"].keys() == COLUMNS.keys()
    made: list[int] = []

    def trained(*_: object) -> Any:
        made.append(1)
        return model, Counts(2, 1, 1, 1)

    monkeypatch.setattr(controlled_seed, "trained", trained)
    controlled_seed._learned(path, arm, 0, 1e-3, 2)
    assert not made
    controlled_seed._learned(path, arm, 0, 3e-3, 2)  # another rate: these weights do not count
    assert len(made) == 1
    path.write_bytes(path.read_bytes()[:100])
    controlled_seed._learned(path, arm, 0, 3e-3, 2)
    assert len(made) == 2


def test_a_damaged_file_costs_only_time(tmp_path: Path) -> None:
    path = tmp_path / "00-0.json"
    path.write_text("{", encoding="utf-8")
    assert controlled_seed._kept(path, "x") is None
    controlled_seed._keep(path, "x", {"a": 1})
    assert controlled_seed._kept(path, "x") == {"a": 1}
    assert controlled_seed._kept(path, "y") is None


def test_the_rate_with_the_fewest_bits_over_seeds() -> None:
    values = [
        {"arms": {"a": {"0.001": 1.0, "0.003": 1.2, "0.01": 9.0}}},
        {"arms": {"a": {"0.001": 2.0, "0.003": 1.2, "0.01": 9.0}}},
    ]
    assert best_rate(values, "a") == 0.003


def test_every_rate_is_tried_on_the_same_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controlled_rates, "DEVELOPMENT", 4)
    found = controlled_rates.measure(0, ["prefix, 40 %"], updates=1)
    assert found.keys() == {"prefix, 40 %"}
    assert found["prefix, 40 %"].keys() == {"0.001", "0.003", "0.01"}
    assert len(set(found["prefix, 40 %"].values())) == 3


def test_the_seeds_that_stay_untouched_are_others() -> None:
    (_, seen), (_, held), (_, tuned) = map(
        find, ("controlled", "controlled_held", "controlled_rates")
    )
    assert not {*seen} & {*held}
    assert not ({*seen} | {*held}) & {*tuned}
    assert len(seen) == len(held) == 5
