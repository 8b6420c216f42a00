"""Two orders of filling: an exact BERT has no difference, and a known one is found."""

import math

import pytest
import torch
from framed_bert import FIRST, framed, framed_bert, random_joint

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.orders_disagree import (
    STORY_SEED,
    divergence,
    measure,
    squares,
    two_orders,
    whole_stories,
)
from bertgpt.experiments.sampled_stories import is_story
from bertgpt.experiments.two_gaps import (
    Gaps,
    exact_surprise,
    gaps_of,
    open_squares,
    pairs_of_places,
)
from bertgpt.toyland import MASK, toyland
from bertgpt.training.stories import decode_story, draw_stories

STORIES = list(draw_stories(300, 77))


def texts_of(words: list[list[int]]) -> list[list[int]]:
    return [[SPECIAL_IDS.cls, *(FIRST + w for w in text), SPECIAL_IDS.sep] for text in words]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_an_exact_bert_has_no_difference_between_orders() -> None:
    joint = random_joint(3, 4)
    texts = texts_of([[0, 1, 2], [3, 3, 0], [2, 0, 1]])
    gaps = gaps_of(texts, [(0, 1, 3), (1, 1, 2), (2, 3, 2)])
    found = two_orders(framed_bert(joint), gaps, generator())
    assert found["difference"] == pytest.approx(0, abs=1e-5)
    assert found["divergence"] == pytest.approx(0, abs=1e-5)
    exact = [joint[0, 1, 2] / joint[:, 1, :].sum(), joint[3, 3, 0] / joint[:, :, 0].sum()]
    exact.append(joint[2, 0, 1] / joint[2].sum())
    by_hand = sum(-math.log2(float(p)) for p in exact) / 3
    assert found["surprise"] == pytest.approx(by_hand, abs=1e-5)
    others = torch.tensor([FIRST + 3, FIRST, FIRST + 2]), torch.tensor([FIRST, FIRST + 1, FIRST])
    assert squares(framed_bert(joint), gaps, *others).max() < 1e-4


def only_b_listens(text: tuple[int, ...], place: int) -> torch.Tensor:
    """Place 0 is a coin whatever is at 1; place 1 repeats it nine times in ten, if it sees it."""
    if place == 0 or text[0] == SPECIAL_IDS.mask:
        return torch.tensor([0.5, 0.5])
    return torch.tensor([0.9, 0.1] if text[0] == FIRST else [0.1, 0.9])


def test_a_known_difference_is_found() -> None:
    model, n = framed(2, only_b_listens), 4000
    gaps = gaps_of(texts_of([[0, 0]]) * n, [(i, 1, 2) for i in range(n)])
    found = two_orders(model, Gaps(*(x[:1] for x in gaps)), generator())
    assert found["difference"] == pytest.approx(math.log2(0.9 / 0.5), abs=1e-5)
    assert found["surprise"] == pytest.approx(-math.log2(0.45 * 0.25) / 2, abs=1e-5)
    entropy = -0.9 * math.log2(0.9) - 0.1 * math.log2(0.1)
    assert divergence(model, gaps, generator()) == pytest.approx(1 - entropy, abs=0.03)
    other = torch.tensor([FIRST + 1])
    off = squares(model, Gaps(*(x[:1] for x in gaps)), other, other)
    assert off.item() == pytest.approx(2 * math.log2(9), abs=1e-4)


def test_whole_texts_are_asked_from_both_sides() -> None:
    joint = random_joint(3, 4, seed=1)
    found = whole_stories(framed_bert(joint), texts_of([[0, 1, 2]]))
    exact = -math.log2(float(joint[0, 1, 2]))
    expected = {"left": exact, "right": exact, "difference": 0.0}
    assert found == pytest.approx(expected, abs=1e-4)
    one_sided = whole_stories(framed(2, only_b_listens), texts_of([[0, 0]]))
    assert one_sided["left"] == pytest.approx(-math.log2(0.45), abs=1e-5)
    assert one_sided["right"] == pytest.approx(2.0, abs=1e-5)


def test_pairs_of_places_are_of_words() -> None:
    kinds = pairs_of_places(STORIES[:20], 5, generator())
    assert len(kinds["neighbours"]) == len(kinds["any two"]) == 100
    for text, a, b in [*kinds["neighbours"], *kinds["any two"]]:
        assert a != b
        assert min(a, b) >= 1
        assert max(a, b) <= len(STORIES[text]) - 2
    assert all(b == a + 1 for _, a, b in kinds["neighbours"])
    assert any(abs(b - a) > 9 for _, a, b in kinds["any two"])


def test_the_exact_surprise_is_that_of_either_order() -> None:
    story, (text, a, b) = decode_story(STORIES[0]), (0, 6, 11)
    hidden = [MASK if i + 1 in (a, b) else word for i, word in enumerate(story)]
    first = toyland().masked_word(hidden, a - 1)[story[a - 1]]
    second = toyland().masked_word(story, b - 1)[story[b - 1]]
    found = exact_surprise(STORIES, [(text, a, b)])
    assert found == pytest.approx(-math.log2(first * second))


def test_all_four_corners_of_a_square_are_stories() -> None:
    stories = list(draw_stories(60, STORY_SEED))
    pairs, others = open_squares(stories, 8, generator())
    assert 400 < len(pairs) == len(others) < 480  # some corners are no stories, and are left out
    for (text, a, b), (new_a, new_b) in zip(pairs, others, strict=True):
        for change in ({a: new_a}, {b: new_b}, {a: new_a, b: new_b}):
            ids = [change.get(column, i) for column, i in enumerate(stories[text])]
            assert sum(x != y for x, y in zip(ids, stories[text], strict=True)) == len(change)
            assert is_story(tuple(decode_story(ids)))


def test_models_come_close_to_the_exact_surprise() -> None:
    found = measure(0, 4, 3)
    assert found["pairs"] == {"neighbours": 12, "any two": 12, "squares": found["pairs"]["squares"]}
    for name in ("15 %", "all rates"):
        exact = found["exact surprise"]["any two"]
        assert found[name]["any two"]["surprise"] == pytest.approx(exact, abs=0.4)
        assert 0 <= found[name]["any two"]["divergence"] < 0.2
    exact = found["exact surprise"]["whole stories"]
    assert exact < found["all rates"]["whole stories"]["left"]
    assert found["all rates"]["whole stories"]["left"] < found["15 %"]["whole stories"]["left"]
