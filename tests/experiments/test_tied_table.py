"""A head with a table of its own, beside the one that uses the token table backwards."""

import math

import pytest
import torch

from bertgpt.experiments import tied_table
from bertgpt.heads import LanguageModelHead
from bertgpt.toyland import END, toyland


@pytest.fixture(autouse=True)
def few_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, n in {"READ": 40, "CHOOSE": 10, "TEST": 20, "STORIES": 4}.items():
        monkeypatch.setattr(tied_table, name, n)


def test_stories_are_ids_with_their_ends() -> None:
    language = toyland()
    words = dict(enumerate(language.vocabulary, start=1))
    for text in tied_table.stories(5, 3):
        story = [words[i] for i in text.tolist()]
        assert story[0] == story[-1] == END
        assert language.log_probability(story[1:-1]) < 0


def test_the_models_begin_alike_but_for_the_head() -> None:
    tied = tied_table.model_with(LanguageModelHead, 16, 3)
    untied = tied_table.model_with(tied_table.UntiedHead, 16, 3)
    for a, b in zip(tied.stack.parameters(), untied.stack.parameters(), strict=True):
        assert torch.equal(a, b)
    own = untied.head.table.weight
    assert own.shape == tied.stack.tokens.weight.shape
    assert not torch.equal(own, untied.stack.tokens.weight)


def test_an_untied_table_is_trained_apart() -> None:
    model = tied_table.model_with(tied_table.UntiedHead, 16, 0)
    model.head.table.weight.data.zero_()
    loss = model.loss(torch.tensor([[1, 2, 3, 4]]))
    assert loss.item() == pytest.approx(math.log(model.stack.cfg.vocab_size), abs=1e-5)
    loss.backward()
    assert model.head.table.weight.grad.abs().sum() > 0
    assert model.stack.tokens.weight.grad.abs().sum() == 0  # nothing comes through a head of zeros


def test_the_loss_of_all_texts_is_a_mean_over_tokens() -> None:
    model = tied_table.model_with(LanguageModelHead, 16, 0)
    texts = tied_table.stories(55, 3)  # more than one batch of it
    nats = sum(model.loss(text[None]).item() * (len(text) - 1) for text in texts)
    mean = nats / sum(len(text) - 1 for text in texts)
    assert tied_table.mean_loss(model, texts) == pytest.approx(mean, abs=1e-4)


def test_the_rate_that_learns_more_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    def new() -> tied_table.GPT:
        return tied_table.model_with(LanguageModelHead, 16, 0)

    monkeypatch.setattr(tied_table, "RATES", (1e-7, 1e-2))
    monkeypatch.setattr(tied_table, "STEPS", 15)
    found = tied_table.trained(new, seed=0)
    assert found["rate"] == 1e-2
    untrained = tied_table.mean_loss(new(), tied_table.stories(20, 1_000_002))
    assert found["loss"] < untrained - 0.2


def test_parameters_and_losses_by_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tied_table, "WIDTHS", (8, 16))
    monkeypatch.setattr(tied_table, "STEPS", 2)
    found = tied_table.tied_table(0)
    assert list(found) == [f"{w} {name}" for w in (8, 16) for name in ("tied", "untied")]
    for width in (8, 16):
        tied, untied = (found[f"{width} {name}"] for name in ("tied", "untied"))
        V = len(toyland().vocabulary) + 1
        assert untied["parameters"] - tied["parameters"] == V * width
        assert tied["loss"] != untied["loss"]
