"""Senses in vectors: the instruments on known cases, and where each model can know the sense."""

import pytest
import torch

from bertgpt.experiments import senses_apart
from bertgpt.experiments.senses_apart import (
    SETTLED,
    by_layer,
    known_from_the_left,
    probe_accuracy,
    separation,
    states,
    uses,
)
from bertgpt.toyland import toyland
from bertgpt.training.stories import draw_stories, encode_story
from bertgpt.weights.course import course_model

FOUND = uses(12, 77)
SENSES = ["a", "b"] * 60


def noise(n: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def test_uses_are_as_many_of_each_word_and_labelled_by_toyland() -> None:
    assert {word: len(some) for word, some in FOUND.items()} == {
        word: 12 for words in SETTLED.values() for word in words
    }
    assert set(FOUND) == set(toyland().senses)
    for word, some in FOUND.items():
        for use in some:
            assert use.story.words[use.place] == word
            known = toyland().sense(use.story.words, use.place, read="both")
            assert known == pytest.approx({use.sense: 1.0})


@pytest.mark.parametrize(("kind", "known"), [("after", 0.5), ("before", 1.0)])
def test_what_can_be_known_from_the_left_is_exact(kind, known) -> None:
    for word in SETTLED[kind]:
        assert known_from_the_left(FOUND[word]) == pytest.approx(known), word


def test_separation_by_hand_and_without_a_signal() -> None:
    x = torch.tensor([[1.0, 0.0], [0.9, 0.3], [-1.0, 0.1], [0.2, -1.0]])
    senses = ["a", "a", "b", "b"]
    centred = torch.nn.functional.normalize((x - x.mean(0)).double(), dim=-1)
    close = centred @ centred.T
    same, apart = [close[0, 1], close[2, 3]], [close[i, j] for i in (0, 1) for j in (2, 3)]
    by_hand = sum(float(s > a) for s in same for a in apart) / 8
    assert separation(x, senses) == pytest.approx(by_hand)
    assert separation(noise(120, 30), SENSES) == pytest.approx(0.5, abs=0.03)
    signal = noise(120, 30)
    signal[::2, 0] += 12
    assert separation(signal, SENSES) > 0.95


def test_the_probe_reads_a_signal_that_is_small_and_no_noise() -> None:
    assert probe_accuracy(noise(2000, 30), ["a", "b"] * 1000) == pytest.approx(0.5, abs=0.05)
    x = noise(120, 30, seed=1)
    x[:, 1] *= 20  # a large direction that says nothing
    x[::2, 0] += 6
    for scale in (1.0, 0.01):  # the penalty is on standardised vectors
        assert probe_accuracy(scale * x, SENSES) > 0.9
    assert separation(x, SENSES) < 0.6


def test_states_are_those_of_the_model_and_padding_is_not_read() -> None:
    model = course_model("toyland-gpt")
    texts = sorted(draw_stories(300, 77), key=len)
    some = [texts[0], texts[-1]]
    for text, found in zip(some, states(model, "causal", some), strict=True):
        assert found.shape == (1 + model.stack.cfg.n_layers, len(text), model.stack.cfg.width)
        with torch.inference_mode():
            exact = model.hidden(torch.tensor([text]))[0]
            assert model.stack.final_norm is not None
            torch.testing.assert_close(model.stack.final_norm(found[-1]), exact, rtol=0, atol=1e-4)
    bert = course_model("toyland-bert")
    padded, by_itself = (
        states(bert, "bidirectional", some)[0],
        states(bert, "bidirectional", some[:1]),
    )
    torch.testing.assert_close(padded, by_itself[0], rtol=0, atol=1e-4)


def test_gpt_has_one_vector_for_both_senses_until_it_has_read_on() -> None:
    begins = "on sunday tom took a bike to the park . he stopped at the bank"
    ends = (
        "and put his feet in the water . tom was glad .",
        "and asked for ten coins . tom was glad .",
    )
    stories = [toyland().read(f"{begins} {end}") for end in ends]
    place = stories[0].words.index("bank")
    assert [story.senses[place] for story in stories] == ["river", "money"]
    texts = [encode_story(story.words) for story in stories]
    gpt, bert = (
        [found[-1, 1 + place] for found in states(course_model(name), mask, texts)]
        for name, mask in (("toyland-gpt", "causal"), ("toyland-bert", "bidirectional"))
    )
    assert torch.equal(*gpt)
    assert not torch.allclose(*bert, atol=0.1)


def test_vectors_are_those_of_the_word_and_of_its_full_stop(monkeypatch) -> None:
    def numbered(model, mask, texts):
        """Two layers; each vector is its layer and its column."""
        return [
            torch.tensor([[[layer, t] for t in range(len(text))] for layer in (0, 1)])
            for text in texts
        ]

    seen = []

    def record(vectors, senses) -> float:
        seen.append(vectors.tolist())
        return 0.0

    monkeypatch.setattr(senses_apart, "states", numbered)
    monkeypatch.setattr(senses_apart, "probe_accuracy", record)
    monkeypatch.setattr(senses_apart, "separation", record)
    by_layer(course_model("toyland-gpt"), "causal", FOUND)
    some = FOUND[SETTLED["after"][0]]
    at_the_word = [[0, 1 + use.place] for use in some]  # [CLS] is in column 0
    assert seen[0] == at_the_word
    stops = next(row for row in seen if row not in (seen[0], seen[1]))
    words = [use.story.words for use in some]
    assert all(text[column - 1] == "." for text, (_, column) in zip(words, stops, strict=True))
    assert all(stop > at for (_, stop), (_, at) in zip(stops, at_the_word, strict=True))


def test_layers_and_places_are_kept_apart() -> None:
    model = course_model("toyland-gpt")
    found = by_layer(model, "causal", FOUND)
    assert set(found) == {"after", "before"}
    for places in found.values():
        assert set(places) == {"at the word", "at the full stop"}
        for measured in places.values():
            assert len(measured["probe"]) == len(measured["separation"]) == 5
    # After one layer the full stop has read the words that settle the sense.
    assert found["after"]["at the full stop"]["separation"][1] > 0.9
    assert found["after"]["at the word"]["separation"][1] < 0.6
