"""Encoder-decoders on strings and dates, and what is stored of them."""

import pytest
import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import encoder_decoders as nets
from bertgpt.tasks import dates, reversal
from bertgpt.tasks.sequence_pairs import accuracies
from bertgpt.training.train import finish


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_exact_match_is_the_same_forced_and_free() -> None:
    """Until its first slip a model reads the same either way."""
    torch.manual_seed(0)
    model = nets.reverser("additive", width=16)
    finish(nets.learn(model, reversal.reversal_batches(0), 150))
    pair = reversal.reversal_pair(300, 3, seeded(5))
    with torch.no_grad():
        forced = (model(*pair).argmax(-1) == pair.target).all(dim=1)
    found = accuracies(model, pair)
    assert 0 < found["exact"] < 1
    assert found["exact"] == pytest.approx(forced.float().mean().item())


def test_one_state_alone_can_be_read() -> None:
    """What is masked is not felt: only the place that may be read has weight, and decides."""
    torch.manual_seed(0)
    model, pair = nets.reverser("dot"), reversal.reversal_pair(40, 6, seeded(1))
    own = torch.arange(6).flip(0)
    right, darkest = nets.correct_letters(model, pair, (torch.arange(6) == own[:, None])[None])
    assert right.shape == darkest.shape == (40, 6)
    assert (darkest == own).all()
    free, everywhere = nets.correct_letters(model, pair)
    assert not (everywhere == own).all()
    assert free.float().mean().item() == pytest.approx(accuracies(model, pair)["forced"])


def test_each_string_can_have_states_of_its_own_hidden() -> None:
    torch.manual_seed(0)
    model, pair = nets.reverser("additive"), reversal.reversal_pair(40, 6, seeded(1))
    _, darkest = nets.correct_letters(model, pair)
    _, second = nets.correct_letters(model, pair, torch.arange(6) != darkest[..., None])
    assert not (second == darkest).any()


def test_the_largest_weight_is_not_where_the_letter_came_from() -> None:
    for value in load_result("one_state")["values"]:
        for form in ("additive", "dot"):
            sides = [value[form][side] for side in ("at", "right", "left")]
            assert sum(sides) == pytest.approx(1.0)
            assert value[form]["own"] > 0.99
        assert value["additive"]["at"] < 0.85
        assert value["additive"]["darkest"] < 0.3


def test_a_model_learns_from_its_own_task() -> None:
    torch.manual_seed(0)
    model = nets.dater("dot")
    first, *_, last = (step.loss for step in nets.learn(model, dates.date_batches(0), 60))
    assert last < 0.7 * first


def test_forms_differ_in_parameters_as_said() -> None:
    sizes = {form: nets.n_parameters(nets.reverser(form)) for form in nets.ATTENTION_FORMS}
    assert sizes["none"] == sizes["dot"] == sizes["additive"] - (2 * 32 * 32 + 32 + 32)
    stored = load_result("reversal")["values"]
    assert {form: stored[0][form]["parameters"] for form in nets.ATTENTION_FORMS} == sizes


def test_the_numbers_to_reach_at_length_20() -> None:
    for value in load_result("reversal")["values"]:
        assert value["none"]["20"]["forced"] <= 0.65
        assert value["additive"]["20"]["forced"] >= 0.98


def test_the_stored_bottleneck_begins_where_the_reversal_is() -> None:
    """The same function of the same seed: width 32, 1200 steps."""
    for one, other in zip(*(load_result(n)["values"] for n in ("reversal", "bottleneck")),
                          strict=True):  # fmt: skip
        assert one["none"] == other["none 32 1200"]
