"""A model of characters: it reads only the past, its bits are right, and it writes."""

import math

import pytest
import torch
from torch.nn import functional as F

from bertgpt.experiments import character_nets, clipping
from bertgpt.tasks.characters import encode


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_characters_model_hears_the_past_alone() -> None:
    torch.manual_seed(0)
    model, ids = character_nets.CharacterModel(16), torch.randint(96, (1, 9))
    changed = ids.clone()
    changed[0, 5] += 1
    moved = (model(ids)[0] - model(changed)[0]).abs().amax(-1)[0] > 0
    assert moved.tolist() == [False] * 5 + [True] * 4


def test_bits_are_those_of_one_walk_through_the_text() -> None:
    torch.manual_seed(0)
    model, text = character_nets.CharacterModel(16).double(), torch.randint(96, (2345,))
    scores, _ = model(text[None, :-1])
    right = F.cross_entropy(scores[0], text[1:]).item() / math.log(2)
    assert character_nets.bits(model, text) == pytest.approx(right, abs=1e-10)


def test_bits_by_characters_read_begin_with_an_empty_state() -> None:
    torch.manual_seed(0)
    model, text = character_nets.CharacterModel(16), torch.randint(96, (41,))
    found = character_nets.bits_by_characters_read(model, text, T=10)
    assert len(found) == 10
    starts = (0, 10, 20, 30)
    nats = [F.cross_entropy(model(text[None, k : k + 3])[0][0, 2], text[k + 3]) for k in starts]
    assert found[2] == pytest.approx(sum(n.item() for n in nats) / 4 / math.log(2), abs=1e-5)


def test_a_trained_model_beats_frequencies_and_writes_by_its_seed() -> None:
    text = encode("def f(x):\n    return x\n" * 200)
    model = character_nets.trained_character_model(text, 32, seed=0, steps=60)
    assert character_nets.bits(model, text[:600]) < 1.0
    written = character_nets.write(model, 3, 40, 0.5, seeded())
    assert written == character_nets.write(model, 3, 40, 0.5, seeded())
    assert [len(t) for t in written] == [40] * 3
    assert "return" in "".join(written)


def test_clipping_changes_training_only_where_gradients_are_long() -> None:
    text = encode("for i in range(10): print(i)\n" * 100)
    free, held = (clipping.descend(text, 2.0, 0.1, clip, 0, steps=4) for clip in (math.inf, 1.0))
    assert free.losses[0] == held.losses[0]
    assert free.norms[0] == held.norms[0] > 1
    assert free.losses[1] != held.losses[1]
    loose = clipping.descend(text, 2.0, 0.1, 1e6, 0, steps=4)
    assert loose == free
