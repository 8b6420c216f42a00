"""Where a BERT begins: what it takes over from a GPT, and what it still has to learn."""

import math

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.evaluation.results import load_result
from bertgpt.experiments import where_begun
from bertgpt.toyland import toyland
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import draw_stories, toyland_config, toyland_vocab
from bertgpt.weights.course import course_card

STORY = (
    "once a teacher named ruby lived in a huge house near the zoo . ivy was there too . ivy gave a "
    "ball to ruby because she was generous . ruby slept well that night ."
).split()


def test_stored_arms_are_asked_the_same_gaps_and_began_as_the_stored_gpt() -> None:
    values = load_result("where_begun")["values"]
    assert len(values) == 3
    for value in values:
        assert value["begins as"] == course_card("toyland-gpt")["sha256"]
        asked = [
            [(kind["gaps"], kind["exact"]) for kind in arm.values()]
            for arm in value["arms"].values()
        ]
        assert asked == [asked[0]] * 4
        copies, early = (value["GPTs"][name]["name again"] for name in ("the GPT", "an early GPT"))
        assert copies < 0.1 * early  # the control had not learned what the other one knows


def test_only_the_tables_are_those_of_the_gpt() -> None:
    torch.manual_seed(1)
    gpt = BERT(toyland_config()).stack.state_dict()
    begun = where_begun.with_tables_of(gpt, seed=0)
    torch.manual_seed(0)
    new = BERT(toyland_config()).stack.state_dict()
    same = {name for name in gpt if torch.equal(begun[name], gpt[name])}
    fresh = {name for name in gpt if torch.equal(begun[name], new[name])}
    assert {"tokens.weight", "positions.weight"} <= same
    assert same | fresh == set(gpt)
    assert any("blocks" in name and name in fresh - same for name in gpt)


def test_words_are_of_four_kinds() -> None:
    kinds = [where_begun.kind(STORY, i) for i in range(len(STORY))]
    again = [i for i, word in enumerate(STORY) if word in ("ruby", "ivy")]  # the first ones, too
    assert [i for i, kind in enumerate(kinds) if kind == where_begun.KINDS[0]] == again
    assert kinds[STORY.index("ball")] == where_begun.KINDS[2]  # the only toy
    assert kinds[STORY.index("once")] == where_begun.KINDS[3]


def test_gaps_of_a_reader_who_knows_nothing_and_of_one_who_knows_all() -> None:
    stories = Ragged.of([draw_stories(300, 11)[i] for i in range(2)])
    n_words, words = len(toyland_vocab()), {w: i for i, w in enumerate(toyland_vocab().words)}

    class Flat:
        def __call__(self, ids: torch.Tensor) -> torch.Tensor:
            return torch.zeros(*ids.shape, n_words)

    class Exact:
        def __call__(self, ids: torch.Tensor) -> torch.Tensor:
            logits = torch.full((*ids.shape, n_words), -1e4)
            for row in range(len(ids)):
                at = int((ids[row] == SPECIAL_IDS.mask).nonzero())
                text = toyland_vocab().decode(ids[row, 1:-1].tolist())
                for word, p in toyland().masked_word(text, at - 1).items():
                    logits[row, at, words[word]] = math.log(p) if p > 0 else -1e4
            return logits

    for model, knows_all in ((Flat(), False), (Exact(), True)):
        found = where_begun.single_gaps(model, stories)  # type: ignore[arg-type]
        gaps = sum(of_kind["gaps"] for of_kind in found.values())
        exact = sum(of_kind["exact"] for of_kind in found.values())
        excess = sum(of_kind["excess"] for of_kind in found.values())
        assert gaps == sum(len(text) - 2 for text in stories)
        expected = 0.0 if knows_all else gaps * math.log2(n_words) - exact
        assert excess == pytest.approx(expected, abs=1e-2)
