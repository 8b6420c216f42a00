"""Names that come again: where they are asked for, and what an exact reader knows there."""

import itertools
import math

import pytest
import torch

from bertgpt.objectives import IGNORE
from bertgpt.tasks import repeated_names as task
from bertgpt.tokens.settings import SPECIALS
from bertgpt.toyland import toyland

TOLD = "leo was a sailor who lived near the beach . there he met sam . sam gave leo a drum ."
STORY = TOLD.split()
vocab, is_name = task.texts()


def held(n: int) -> list[list[str]]:
    return [list(s.words) for s in toyland().stories(n, torch.Generator().manual_seed(3))]


def test_a_name_is_asked_for_where_it_comes_again_and_nowhere_else() -> None:
    (targets,) = task.repeated_names(task.as_batch([STORY]), is_name)
    tokens = ["[CLS]", *STORY]
    asked = {t: vocab.words[y] for t, y in enumerate(targets.tolist()) if y != IGNORE}
    assert asked == {15: "sam", 17: "leo"}
    assert [tokens[t] for t in asked] == [".", "gave"]


def test_only_girls_and_boys_are_names() -> None:
    language = toyland()
    names = {word for word, name in zip(vocab.words, is_name, strict=True) if name}
    assert names == {*language.classes["girl"], *language.classes["boy"]}


def test_special_tokens_have_the_numbers_of_every_vocabulary() -> None:
    assert tuple(vocab.words[: len(SPECIALS)]) == SPECIALS
    assert vocab.words[task.SPECIAL.cls] == "[CLS]"


def test_names_so_far_include_the_present_one_and_never_a_later_one() -> None:
    known = task.mentioned_so_far(task.as_batch([STORY]), is_name)[0]
    words = [{vocab.words[i] for i in row.nonzero()[:, 0]} for row in known]
    assert words[0] == set()
    assert words[1] == words[13] == {"leo"}
    assert words[14] == words[-1] == {"leo", "sam"}


def test_the_exact_reader_is_asked_as_often_as_the_model() -> None:
    stories = held(40)
    targets = task.repeated_names(task.as_batch(stories), is_name)
    for words, row in zip(stories, targets, strict=True):
        assert len(list(task.questions(words))) == int((row != IGNORE).sum())


def test_nobody_gives_something_to_himself() -> None:
    before, receiver = task.questions(STORY)
    assert (before.mentioned, receiver.mentioned) == (2, 2)
    assert (receiver.p, receiver.best) == (1.0, 1.0)
    assert 0 < before.p < 1


def test_a_coin_knows_less_than_who_knows_toyland() -> None:
    coin, exact = task.coin_and_exact(held(60))
    assert exact.bits < coin.bits <= math.log2(4)
    assert coin.right < exact.right <= 1


def test_weight_on_names_counts_asked_rows_only() -> None:
    ids = task.as_batch([STORY])
    T = ids.shape[1]
    asked = task.repeated_names(ids, is_name) != IGNORE
    weights = torch.zeros(1, 2, T, T)
    weights[0, 0, :, 1] = 1.0  # the first head reads leo everywhere
    weights[0, 1, :, 0] = 1.0  # the second reads [CLS] but at one asked place half sam
    weights[0, 1, 17, 0] = weights[0, 1, 17, 14] = 0.5
    assert task.weight_on_names(weights, ids, asked).tolist() == [1.0, 0.25]


@pytest.mark.parametrize(("read", "same"), [(1, [False, True]), (14, [True, False])])
def test_the_name_read_most_against_the_name_said(read: int, same: list[bool]) -> None:
    ids = task.as_batch([STORY])
    T, V = ids.shape[1], len(vocab)
    asked = task.repeated_names(ids, is_name) != IGNORE
    weights = torch.zeros(1, 1, T, T)
    weights[0, 0, :, read] = 1.0
    scores = torch.zeros(1, T, V)
    scores[..., vocab.words.index("drum")] = 9.0  # no name, and so not what is said
    scores[0, 15, vocab.words.index("sam")] = scores[0, 17, vocab.words.index("leo")] = 1.0
    assert task.most_read_is_said(weights, scores, ids, asked).tolist() == same


def test_training_asks_for_names_and_learns_which_words_are_names() -> None:
    model = task.new_reader(0)
    steps = list(itertools.islice(task.training(model), 30))
    assert steps[-1].loss < 0.75 * steps[0].loss
