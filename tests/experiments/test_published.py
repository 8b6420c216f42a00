"""Experiments on a published model: their instruments on known cases, and what is stored."""

import unicodedata
from pathlib import Path

import pytest
import torch

from bertgpt.corpora.articles import wikipedia
from bertgpt.evaluation.results import RESULTS, load_result
from bertgpt.experiments import published_fine_tuning, published_topic
from bertgpt.experiments.fine_tuning_topic import HELD
from bertgpt.experiments.published_parity import nasty_strings, paragraphs
from bertgpt.experiments.published_topic import nearest_topic
from bertgpt.tasks.paragraph_topic import topic_parts
from bertgpt.weights.files import WEIGHTS
from bertgpt.weights.minilm import FILES, minilm_folder
from bertgpt.weights.reading import open_published

STORED = ["published_parity", "published_topic", "published_fine_tuning"]


def test_nasty_strings_are_of_all_kinds_and_the_same_for_a_seed() -> None:
    texts = nasty_strings(400, seed=3)
    assert texts[:2] == ["", " "]
    assert len(texts) == 400
    assert texts == nasty_strings(400, seed=3) != nasty_strings(400, seed=4)
    for has in (
        "\x00",
        "漢漢漢",
        "[MASK]",
        "🙂",
        "\ufeff",
        "\u200d",
        "İstanbul",
        "\t\r\n",
    ):
        assert any(has in text for text in texts), has
    stacked = [text for text in texts if sum(map(unicodedata.combining, text)) > 2000]
    assert len(stacked) > 20
    longest = {max(map(len, text.split()), default=0) for text in texts}
    assert {99, 100, 101} <= longest  # BERT's limit of a word is 100 characters


def test_paragraphs_are_beginnings_and_a_seed_draws_them() -> None:
    some = paragraphs(20, seed=0)
    assert some == paragraphs(20, seed=0) != paragraphs(20, seed=1)
    assert all(40 < len(text) <= 300 for text in some)
    assert len(set(some)) == 20


def test_the_nearest_topic_is_that_of_the_nearest_mean() -> None:
    known = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-1.0, 0.0]])
    topics = torch.tensor([3, 3, 1, 0])
    asked = torch.tensor([[0.9, 0.4], [0.1, 1.0], [-0.7, 0.1]])
    assert nearest_topic(known, topics, asked).tolist() == [3, 1, 0]
    # A topic without a label is never the answer, and the length of a mean does not count.
    assert nearest_topic(100 * known[:3], topics[:3], asked).tolist() == [3, 1, 1]


def test_a_paragraphs_vector_is_that_of_its_text() -> None:
    published = open_published(minilm_folder())
    text = "The bank raised its interest rates again this week."
    example = published_topic.Example((published.tokenizer.encode(text),), (0,))
    (vector,) = published_topic.vectors(published, [example])
    assert vector.norm().item() == pytest.approx(1)
    states = published.model.hidden(torch.tensor([published.encode(text)]))[0]
    mean = states.mean(0)
    torch.testing.assert_close(vector, (mean / mean.norm()).detach(), rtol=0, atol=1e-5)


def test_fine_tuning_keeps_the_rate_with_the_lowest_development_loss(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = []

    def learn(readout_at, arm, starts, cut, budgets, rates, seed):  # type: ignore[no-untyped-def]
        given.append((arm.start, sorted(starts), len(cut.development), len(cut.test), rates))
        return [
            {"labels": n, "rate": rate, "development": abs(rate - 1.5e-4), "accuracy": rate}
            for n in budgets
            for rate in rates
        ]

    monkeypatch.setattr(published_fine_tuning, "learn", learn)
    found = published_fine_tuning.measure(0, open_published(minilm_folder()))
    assert {n: run["rate"] for n, run in found.items()} == {"50": 1.5e-4, "500": 1.5e-4}
    parts = topic_parts(wikipedia(), 0)
    sizes = min(len(parts.development), HELD), min(len(parts.test), 2 * HELD)
    assert given == [("bert", ["bert"], *sizes, published_fine_tuning.RATES)]


@pytest.mark.parametrize("name", [n for n in STORED if (RESULTS / f"{n}.json").is_file()])
def test_what_is_stored_was_measured_with_the_published_file(name: str) -> None:
    for value in load_result(name)["values"]:
        assert value.get("sha256", value.get("weights")) == FILES[WEIGHTS]


def test_the_stored_parity_is_rounding_and_all_ids_agree() -> None:
    for value in load_result("published_parity")["values"]:
        assert len(value["single precision"]) == 7
        assert max(value["double precision"]) < 1e-12
        assert max(value["single precision"]) < 5e-5
        assert value["nasty"]["equal"] == value["nasty"]["strings"] == 1000
        assert value["paragraphs"]["equal"] == value["paragraphs"]["strings"]
        assert value["paragraphs"]["ids"] > 2000


def test_the_model_is_found_wherever_python_looks() -> None:
    assert (minilm_folder() / WEIGHTS).is_file()
    assert isinstance(minilm_folder(), Path)
