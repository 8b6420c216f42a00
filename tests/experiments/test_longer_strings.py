"""Models that label strings, and a model of attention alone."""

import pytest
import torch

from bertgpt.experiments.copy import attention_only
from bertgpt.experiments.longer_strings import Labels
from bertgpt.objectives import IGNORE
from bertgpt.tasks.parity import counting_batch
from bertgpt.tasks.targets import is_correct


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_attention_only_has_no_feed_forward_layers() -> None:
    model = attention_only(2)
    assert len(model.stack.blocks) == 2
    assert not any(".ff." in name for name, _ in model.named_parameters())


@pytest.mark.parametrize("places", ["first", "any", "none"])
def test_labels_are_given_without_a_look_at_the_future(places) -> None:
    torch.manual_seed(0)
    model = Labels(places).eval()
    ids = torch.randint(3, (2, 9), generator=seeded())
    changed = ids.clone()
    changed[:, 6] = (ids[:, 6] + 1) % 3
    moved = (model(ids) - model(changed)).abs().amax((0, 2))
    assert moved[:6].max() == 0
    assert moved[6] > 0


def test_a_string_begins_anywhere_only_in_training_and_only_if_asked() -> None:
    ids = torch.zeros(1, 4, dtype=torch.long)
    for places, moves in (("first", False), ("any", True), ("none", False)):
        torch.manual_seed(0)
        model = Labels(places)
        for train, several in ((True, moves), (False, False)):
            answers = {round(model.train(train)(ids)[0, 0, 0].item(), 5) for _ in range(8)}
            assert (len(answers) > 1) == several


def test_unasked_places_never_count_as_right() -> None:
    model = Labels("none")
    ids, targets = counting_batch(torch.tensor([2]), 6)
    assert not is_correct(model, (ids, targets))[targets == IGNORE].any()
