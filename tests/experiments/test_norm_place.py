"""Stacks that differ in the place of the norm, and the text they read."""

import pytest
import torch

from bertgpt.experiments import norm_place
from bertgpt.tasks.toyland_windows import toyland_text, windows


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_two_places_start_from_the_same_weights() -> None:
    for start, alike in (("Xavier", True), ("papers", False)):  # GPT-2 shrinks some of them
        models = [norm_place.stack_for_norms(norm, 3, start, 11, 0) for norm in ("pre", "post")]
        pairs = zip(*(m.parameters() for m in models), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == alike


def test_first_weights_have_the_size_that_they_are_called_by() -> None:
    papers, wide = (
        norm_place.stack_for_norms("post", 2, start, 11, 0) for start in norm_place.STARTS
    )
    for model, std in ((papers, 0.02), (wide, 1 / 8)):
        weight = model.stack.blocks[0].attn.query.weight.detach()
        assert weight.std().item() == pytest.approx(std, rel=0.05)


def test_gradients_are_those_of_each_block() -> None:
    model = norm_place.stack_for_norms("post", 3, "Xavier", 11, 0)
    found = norm_place.gradients(model, torch.randint(11, (2, 8), generator=seeded()))
    assert found == [float(b.ff.down.weight.grad.norm()) for b in model.stack.blocks]
    assert len(set(found)) == 3


def test_toyland_text_is_stories_with_their_ends() -> None:
    text, V = toyland_text(20)
    assert 0 <= int(text.min()) < int(text.max()) < V
    assert int((text == text[-1]).sum()) == 20  # the end of each story
    assert windows(text, 3, seeded()).shape == (3, 32)
    row = windows(text, 1, seeded(1))[0].tolist()
    assert any(text[i : i + 32].tolist() == row for i in range(len(text)))
