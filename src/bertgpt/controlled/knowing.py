"""Questions with one right word: agreement, copying in both directions, and facts in the weights.

Each is a text of the language, a place in it, and the words among which the answer is sought, so
that a model is not marked down for a strange form. A reader who knows the language answers all of
them; what is shown in each case decides whether one that reads only what comes before can.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import all_texts, encode, little_toyland, vocab
from bertgpt.controlled.readers import Reader

Words = tuple[str, ...]


class Cloze(NamedTuple):
    """A question: which of `choices` is at this place of the text? The word that is there."""

    words: Words
    place: int  # among the words
    choices: tuple[str, ...]


class Told(NamedTuple):
    """A home, and in which of the two ways the texts tell it."""

    name: str
    home: str
    name_first: bool
    home_first: bool


def agreement(stories: Sequence[Words]) -> dict[str, list[Cloze]]:
    """was or were, by whether the last animal before the verb is of the other number.

    Who follows the nearest animal is always wrong in the second case.
    """
    found: dict[str, list[Cloze]] = {"nearest agrees": [], "nearest misleads": []}
    many = set(little_toyland().classes["animals"])
    one = set(little_toyland().classes["animal"])
    for words in stories:
        for place, word in enumerate(words):
            if words[0] == "the" and word in ("was", "were"):
                nearest = [w for w in words[:place] if w in many | one][-1]
                misleads = (nearest in many) != (word == "were")
                case = "nearest misleads" if misleads else "nearest agrees"
                found[case].append(Cloze(words, place, ("was", "were")))
    return found


def copying(stories: Sequence[Words]) -> dict[str, list[Cloze]]:
    """Things said twice: the second time, which can be copied, and the first, from what follows.

    And names that answer a question on who gave or got: the first name will not always do.
    """
    toys = tuple(little_toyland().classes["toy"])
    names = tuple(little_toyland().names)
    found: dict[str, list[Cloze]] = {"forwards": [], "backwards": [], "answer": []}
    for words in stories:
        if "said" in words:
            spoken = [i for i, word in enumerate(words) if word in toys]
            half = len(spoken) // 2
            found["backwards"] += [Cloze(words, i, toys) for i in spoken[:half]]
            found["forwards"] += [Cloze(words, i, toys) for i in spoken[half:]]
        if "?" in words:
            found["answer"].append(Cloze(words, len(words) - 2, tuple(sorted(names))))
    return found


def homes() -> list[Told]:
    """Who lives where, and in which ways the texts tell it; read off the list of texts."""
    listed = all_texts()
    first = {words[0]: words[4] for words in listed.words if words[1:2] == ("lives",)}
    last = {words[4]: words[2] for words in listed.words if words[3:4] == ("lives",)}
    pairs = sorted({**first, **last}.items())
    return [Told(name, home, name in first, name in last) for name, home in pairs]


def both_forms(told: Told) -> dict[str, Words]:
    """The two texts that could tell a home, whether or not they exist."""
    return {
        "name first": (told.name, "lives", "in", "the", told.home, "."),
        "home first": ("in", "the", told.home, "lives", told.name, "."),
    }


def fact_questions() -> dict[str, list[Cloze]]:
    """The last word of the form in training, and of the other; each with the gap first as well.

    "told": the form of training, its last word asked from the left, as it was trained.
    "told, asked for the first": the same form with the gap at the front.
    "untold": the other form of a fact told in one form only. The reversal curse (Berglund et al.
    2023) is a failure here. "untold, asked for the first": that form with the gap at the front.
    """
    facts = homes()
    names = tuple(fact.name for fact in facts)
    places = tuple(fact.home for fact in facts)
    found: dict[str, list[Cloze]] = {
        "told": [], "told, asked for the first": [],
        "untold": [], "untold, asked for the first": [],
    }  # fmt: skip
    for fact in facts:
        if fact.name_first and fact.home_first:
            continue  # told in both ways: nothing is left to be reversed
        for form, words in both_forms(fact).items():
            case = "told" if (form == "name first") == fact.name_first else "untold"
            head, tail = (0, 4) if form == "name first" else (2, 4)
            first, last = (names, places) if form == "name first" else (places, names)
            found[case].append(Cloze(words, tail, last))
            found[f"{case}, asked for the first"].append(Cloze(words, head, first))
    return found


def answered(reader: Reader, questions: Sequence[Cloze]) -> dict[str, float]:
    """How often the right word is the likeliest of the choices, and its bits among them.

    Raises:
        ValueError: without questions.
    """
    if not questions:
        raise ValueError("no questions were given; take more texts, and there will be some")
    rows = [torch.tensor(encode(question.words)) for question in questions]
    ids = torch.nn.utils.rnn.pad_sequence(rows, True, SPECIAL_IDS.pad)
    places = torch.tensor([question.place + 1 for question in questions])  # after [CLS]
    log_probs = reader.guess(ids, places)
    right, bits = [], []
    for row, question in zip(log_probs, questions, strict=True):
        choices = torch.tensor(vocab().encode(question.choices))
        among = row[choices].double().log_softmax(0)
        answer = question.choices.index(question.words[question.place])
        right.append(_is_best(among, answer))
        bits.append(-among[answer].item() / torch.log(torch.tensor(2.0)).item())
    n = len(questions)
    return {"right": sum(right) / n, "bits": sum(bits) / n, "n": n}


def _is_best(scores: Tensor, answer: int) -> float:
    """1 where an answer is the only best one; ties are shared."""
    best = scores == scores.max()
    return best[answer].item() / int(best.sum())
