"""Stories that models write: which are whole, which were read, and how varied they are."""

import pytest
import torch

from bertgpt.experiments import sampled_stories as sampled
from bertgpt.generation.knobs import Knobs
from bertgpt.toyland import toyland
from bertgpt.words.kneser_ney import KneserNey


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def texts() -> list[sampled.Words]:
    return [tuple(story.words) for story in toyland().stories(300, seeded(4))]


def test_a_whole_story_has_its_end(texts: list[sampled.Words]) -> None:
    assert sampled.is_story(texts[0])
    assert not sampled.is_story(texts[0][:-1])
    assert not sampled.is_story((*texts[0], "."))
    assert not sampled.is_story(())


def test_texts_are_counted(texts: list[sampled.Words]) -> None:
    broken = ("once", "a")
    found = sampled.judged([texts[0], texts[0], texts[1], broken], {texts[1], texts[2]})
    assert (found["whole"], found["copies"], found["different"]) == (3, 1, 3)
    assert found["words"] == pytest.approx((2 * len(texts[0]) + len(texts[1]) + 2) / 4, abs=1e-3)
    assert found["openings"] == len({texts[0][:2], texts[1][:2], broken})
    assert found["first"] == " ".join(texts[0])


def test_an_ngram_writes_as_its_own_sample_does(texts: list[sampled.Words]) -> None:
    model, bits = sampled.best_ngram(texts[:200], texts[200:])
    assert isinstance(model, KneserNey)
    assert model.order == min(bits, key=lambda order: bits[order])
    assert list(bits) == list(sampled.ORDERS)
    generator = seeded(5)
    theirs = [tuple(model.sample(generator, max_tokens=sampled.LONGEST)) for _ in range(4)]
    assert sampled.ngram_stories(model, 4, 5) == theirs


def test_a_gpt_writes_up_to_the_end_and_the_knobs_are_turned() -> None:
    model = sampled.course_model("toyland-gpt")
    assert isinstance(model, sampled.GPT)
    free = sampled.gpt_stories(model, 12, Knobs(), 0)
    assert free == sampled.gpt_stories(model, 12, Knobs(), 0)
    assert sum(map(sampled.is_story, free)) >= 10
    assert len(set(free)) == 12
    cold = sampled.gpt_stories(model, 12, Knobs(temperature=0.05), 0)
    assert len({words[:2] for words in cold}) < len({words[:2] for words in free})


def test_all_writers_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampled, "STORIES", 150)
    found = sampled.sampled(0, n=3, n_read=150, n_development=20)
    assert list(found["written"]) == [*sampled.SETTINGS, "n-gram", "Toyland"]
    assert found["written"]["Toyland"]["whole"] == 3
    assert found["order"] in found["orders"]
