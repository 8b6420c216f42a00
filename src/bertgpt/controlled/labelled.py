"""Labels on texts: senses, moods and answers by place, learned by a head alone or by all weights.

Each model is asked with its causal mask and without, so that the mask of use is a factor of its
own: BERT's authors left it on for the left-to-right model of their comparison, others took it off.
One and the same head reads every model: at the labelled word; at the last token, [SEP]; for moods
as well the mean of all states, and for answers by place the last word, as no left-to-right lesson
ever asks anything of the state at [SEP].
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.controlled.language import all_texts, little_toyland, vocab
from bertgpt.controlled.ways import as_writer
from bertgpt.controlled.writing import kind
from bertgpt.objectives import IGNORE
from bertgpt.tasks.story_senses import expected_senses
from bertgpt.toyland.best_reader import best_left_to_right
from bertgpt.toyland.story import Story
from bertgpt.training.finetune import Model, evaluate, finetune, prepare, with_head
from bertgpt.training.readouts import Example, Readout, Span, TextLabel, WordLabels
from bertgpt.training.train import TrainConfig

MOODS = ("happy", "sad")
DEVELOPMENT, TEST = 40, 400  # texts to choose by, and at most to test on
Mask = Literal["causal", "full"]


class Budget(NamedTuple):
    """Updates, texts in each, and the learning rates among which development texts choose."""

    updates: int
    batch: int
    rates: tuple[float, ...]


HEAD_ONLY = Budget(150, 16, (1e-2, 5e-2))
ALL_WEIGHTS = Budget(150, 16, (1e-3, 3e-3))


@dataclass(frozen=True)
class Task:
    """Which texts are labelled, how, and where the label is read.

    Args:
        numbers: of labels that are learned from, in turn; of senses there are few different texts.
    """

    kinds: tuple[str, ...]
    example: Callable[[Story], Example | None]
    readout: Readout
    numbers: tuple[int, ...] = (40, 200)


@dataclass(frozen=True)
class MeanLabel(TextLabel):
    """A text's label from the mean of its states: no one position has to hold it."""

    def scores(self, head: nn.Module, h: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
        real = (token_ids != pad_id)[..., None]
        return (head(h) * real).sum(dim=1) / real.sum(dim=1)  # (B, C)


def before_the_end(x: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
    """State at the last word of each text, before its [SEP]: (B, T, C) -> (B, C)."""
    return x[torch.arange(len(x)), (token_ids != pad_id).sum(dim=1) - 2]


@dataclass(frozen=True)
class LastWordSpan(Span):
    """The last word points: "?", where a left-to-right model says who."""

    def scores(self, head: nn.Module, h: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
        scores: Tensor = head(h, before_the_end(h, token_ids, pad_id))
        return scores.masked_fill((token_ids == pad_id)[..., None], -torch.inf)  # (B, T, 2)


@cache
def senses() -> list[tuple[str, str]]:
    """(word, sense) of all words with two senses, in the order of the labels."""
    return [(word, sense) for word, some in little_toyland().senses.items() for sense in some]


def _sense(story: Story) -> Example:
    numbers = {pair: i for i, pair in enumerate(senses())}
    pairs = zip(story.words, story.senses, strict=True)
    return Example(
        (vocab().encode(story.words),), tuple(numbers.get(pair, IGNORE) for pair in pairs)
    )


def _mood(story: Story) -> Example | None:
    if not story.sentiment or "all" in story.words:  # what all did gives it away
        return None
    return Example((vocab().encode(story.words),), (MOODS.index(story.sentiment),))


def _span(story: Story) -> Example | None:
    """A gift and a question, without its answer: where in the text is that?"""
    if "?" not in story.words:
        return None
    asked = story.words[: story.words.index("?") + 1]
    place = story.words.index(story.words[len(asked)])
    return Example((vocab().encode(asked),), (place, place))


@cache
def tasks() -> dict[str, Task]:
    """All tasks by name."""
    words = WordLabels(len(senses()))
    return {
        "sense settled after": Task(("follows",), _sense, words, (10,)),
        "sense settled before": Task(("before",), _sense, words, (10,)),
        "mood": Task(("day",), _mood, TextLabel(len(MOODS), "last"), (200,)),
        "mood by the mean": Task(("day",), _mood, MeanLabel(len(MOODS), "last"), (40,)),
        "span": Task(("gift",), _span, Span("last")),
        "span from the last word": Task(("gift",), _span, LastWordSpan("last")),
    }


class Parts(NamedTuple):
    """Labelled texts, none of them in two parts."""

    train: list[Example]
    development: list[Example]
    test: list[Example]


@cache
def parts(name: str, seed: int) -> Parts:
    """A task's texts in three parts, each text once, in an order that a seed fixes."""
    task = tasks()[name]
    generator = torch.Generator().manual_seed(seed)
    texts = [words for words in all_texts().words if kind(words) in task.kinds]
    order = torch.randperm(len(texts), generator=generator).tolist()
    n = max(task.numbers)
    want = 2 * (n + DEVELOPMENT + TEST)  # up to half of them have no such label
    stories = (little_toyland().read(texts[i]) for i in order[:want])
    found = [x for x in map(task.example, stories) if x is not None]
    rest = n + DEVELOPMENT
    return Parts(found[:n], found[n:rest], found[rest : rest + TEST])


def under(model: BERT, mask: Mask) -> Model:
    """The same stack under a mask, for fine-tuning."""
    return as_writer(model) if mask == "causal" else model


def learned(
    start: Model, readout: Readout, given: Parts, budget: Budget, seed: int, *, frozen: bool
) -> dict[str, float]:
    """Accuracy on the test texts, at the learning rate with the lowest development loss."""
    best: dict[str, float] = {}
    for rate in budget.rates:
        torch.manual_seed(seed)
        model = with_head(start, readout)
        train, development, test = (prepare(model, readout, part, frozen=frozen) for part in given)
        cfg = TrainConfig(
            steps=budget.updates, learning_rate=rate, warmup=budget.updates // 10, final_share=0.0
        )
        outcome = finetune(
            model, readout, train, development, cfg, batch_size=budget.batch, looks=5,
            generator=torch.Generator().manual_seed(seed),
        )  # fmt: skip
        if not best or outcome.loss < best["development"]:
            accuracy = evaluate(model, readout, test).accuracy
            best = {"rate": rate, "development": outcome.loss, "accuracy": accuracy}
    return best


def measured(model: BERT, seed: int) -> dict[str, Any]:
    """By task, mask ("causal", "full"), part that learns ("head", "all") and number of labels."""
    masks: tuple[Mask, ...] = ("causal", "full")
    return {
        name: {mask: by_part(under(model, mask), name, seed) for mask in masks} for name in tasks()
    }


def by_part(start: Model, name: str, seed: int) -> dict[str, dict[str, dict[str, float]]]:
    """One task, one mask: what came of a head alone and of all weights, by number of labels."""
    task, given = tasks()[name], parts(name, seed)
    found: dict[str, dict[str, dict[str, float]]] = {"head": {}, "all": {}}
    for n in task.numbers:
        few = given._replace(train=given.train[:n])
        for part, budget in (("head", HEAD_ONLY), ("all", ALL_WEIGHTS)):
            found[part][str(n)] = learned(
                start, task.readout, few, budget, seed, frozen=part == "head"
            )
    return found


def limits() -> dict[str, dict[str, float]]:
    """Best accuracy for each label, exact: of a reader of the whole text, of one that has read up
    to the word or the end, and of a rule.

    The rules: the commonest sense of a word; good or bad, whatever "not" says; the person who is
    named first.
    """
    left = best_left_to_right(little_toyland()).senses
    said = expected_senses(little_toyland())
    found = {}
    for name, words in (("after", ("ring", "seal")), ("before", ("bat", "match"))):
        often = {pair: p for pair, p in said.items() if pair[0] in words}
        rule = sum(max(p for pair, p in often.items() if pair[0] == word) for word in words)
        of_word = {word: sum(p for pair, p in often.items() if pair[0] == word) for word in words}
        total = sum(of_word.values())
        known = sum(left[word] * p for word, p in of_word.items()) / total
        found[f"sense settled {name}"] = {"both": 1.0, "left": known, "rule": rule / total}
    return found | {
        "mood": {"both": 1.0, "left": 1.0, "rule": _share(_good_is_happy)},
        **{
            name: {"both": 1.0, "left": 1.0, "rule": _share(rule)}
            for name, rule in (
                ("mood by the mean", _good_is_happy),
                ("span", _first_name),
                ("span from the last word", _first_name),
            )
        },
    }


def _share(rule: Callable[[tuple[str, ...]], bool | None]) -> float:
    """Probability that a rule is right, of the texts that it speaks of."""
    listed = all_texts()
    pairs = zip(listed.words, listed.probabilities.tolist(), strict=True)
    found = [(p, right) for words, p in pairs if (right := rule(words)) is not None]
    return sum(p for p, right in found if right) / sum(p for p, _ in found)


def _good_is_happy(words: tuple[str, ...]) -> bool | None:
    if "day" not in words:
        return None
    happy = ("good" in words) != ("not" in words)
    return happy == ("good" in words)


def _first_name(words: tuple[str, ...]) -> bool | None:
    return words[0] == words[-2] if "?" in words else None
