"""The control of "copy": one wide layer, and the score by which it is judged."""

import pytest
import torch
from torch import Tensor, nn

from bertgpt.experiments import copy_wide
from bertgpt.experiments.copy import attention_only
from bertgpt.tasks.copying import COPY_TOKENS


class Copies(nn.Module):
    """Says what came after the same token before; without an earlier one, the token itself."""

    def forward(self, token_ids: Tensor) -> Tensor:
        said = token_ids.clone()
        for row, text in enumerate(token_ids.tolist()):
            for t, token in enumerate(text):
                if token in text[:t]:
                    said[row, t] = text[text.index(token) + 1]
        return nn.functional.one_hot(said, COPY_TOKENS).float()


class SaysItself(nn.Module):
    """Says the token that it has just read."""

    def forward(self, token_ids: Tensor) -> Tensor:
        return nn.functional.one_hot(token_ids, COPY_TOKENS).float()


@pytest.mark.parametrize(("model", "right"), [(Copies(), 1.0), (SaysItself(), 0.0)])
def test_a_reader_that_copies_is_right_everywhere(model, right):
    assert copy_wide.score(model) == right


def test_the_wide_layer_is_larger_than_two_narrow_ones():
    def size(model: nn.Module) -> int:
        return sum(p.numel() for p in model.parameters())

    wide = copy_wide.one_wide_layer()
    assert len(wide.stack.blocks) == 1
    assert size(wide) > size(attention_only(2))


def test_only_the_past_is_read():
    """Otherwise the token to be said could be read off the text."""
    torch.manual_seed(0)
    wide = copy_wide.one_wide_layer().eval()
    ids = torch.arange(6)[None]
    changed = ids.clone()
    changed[0, -1] = 9
    assert torch.equal(wide(ids)[:, :-1], wide(changed)[:, :-1])
