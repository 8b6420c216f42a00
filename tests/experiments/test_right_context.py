"""Labels from other places: which symbol is asked for, what can be known, and what is learned."""

import pytest
import torch

from bertgpt.experiments import right_context
from bertgpt.experiments.right_context import Tagger, labelled, learned, limits
from bertgpt.objectives import IGNORE


@pytest.mark.parametrize("offset", [-2, 1, 3])
def test_labels_are_the_symbols_so_many_places_on(offset) -> None:
    symbols, labels = labelled(20, offset, torch.Generator().manual_seed(0))
    T = symbols.shape[1]
    for t in range(T):
        if 0 <= t + offset < T:
            assert torch.equal(labels[:, t], symbols[:, t + offset])
        else:
            assert bool((labels[:, t] == IGNORE).all())


def test_what_can_be_known() -> None:
    assert limits("causal", -2) == limits("bidirectional", 3) == {"accuracy": 1.0, "bits": 0.0}
    assert limits("causal", 1) == {"accuracy": 0.125, "bits": 3.0}


def test_one_boolean_is_all_that_differs() -> None:
    taggers = []
    for mask in ("causal", "bidirectional"):
        torch.manual_seed(0)
        taggers.append(Tagger(mask).eval())
    for (name, one), (_, other) in zip(*(t.named_parameters() for t in taggers), strict=True):
        assert torch.equal(one, other), name
    symbols, _ = labelled(1, 1, torch.Generator().manual_seed(0))
    changed = symbols.clone()
    changed[0, 9] = (symbols[0, 9] + 1) % right_context.SYMBOLS
    felt = [(t(symbols) != t(changed)).any(-1)[0, :9] for t in taggers]
    assert not felt[0].any()
    assert felt[1].all()


def test_the_mask_decides_what_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(right_context, "SYMBOLS", 3)
    monkeypatch.setattr(right_context, "LENGTH", 5)
    monkeypatch.setattr(right_context, "OFFSETS", (1,))
    assert learned("bidirectional", 1, 0, 150)["accuracy"] > 0.95
    blind = learned("causal", 1, 0, 150)
    assert blind["accuracy"] == pytest.approx(1 / 3, abs=0.05)
    assert blind["bits"] > limits("causal", 1)["bits"] - 0.01
    found = right_context.measure(0, 2)
    assert set(found["learned"]) == set(found["limits"]) == {"1"}
    assert found["updates"] == 2
