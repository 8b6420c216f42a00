"""Abilities in the controlled experiment: each as one number, between a floor and a ceiling.

The page, and the check of its sentences on seeds that nobody had seen, read the stored results by
the same functions. A value is what one seed stored; see `experiments.controlled_seed.one_seed`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

from bertgpt.controlled.arms import ARMS
from bertgpt.evaluation.intervals import Interval, mean_interval

Value = Mapping[str, Any]  # of one seed
Measure = Callable[[Value], float]
REST_HIDDEN = "left, rest [MASK]"
GPT, BERT, EVERY_RATE, TURNS = "causal, next", "full, 40 %", "full, all rates", "both by turns"


def excess(value: Value, arm: str, column: str) -> float:
    """Bits of a word above the exact reader, in one cell of the grid."""
    return float(value["arms"][arm]["grid"][column] - value["limits"]["grid"][column])


def left(value: Value, arm: str) -> float:
    """Bits above the exact reader of what comes before a gap, in the best way that an arm has.

    An arm that fills gaps may also be shown [MASK] for each word to come, which tells it the
    length; so it is compared with an exact reader who knows it too.
    """
    readers, limits = value["arms"][arm]["readers"], value["limits"]["readers"]
    ways = [name for name in ("left", REST_HIDDEN) if name in readers]
    return min(_bits(readers[name]) - _bits(limits[name]) for name in ways)


def gap(value: Value, arm: str) -> float:
    """Bits above the exact reader of both sides of a gap, in the best way that an arm has.

    An arm that cannot use the right side has only what it makes of the left.
    """
    readers = value["arms"][arm]["readers"]
    some = [readers[name] for name in ("gap", "rescored") if name in readers] or [readers["left"]]
    return min(map(_bits, some)) - _bits(value["limits"]["readers"]["both"])


def _bits(reader: Value) -> float:
    return float(reader["one gap"]["bits"])


def possible(value: Value, arm: str) -> float:
    """Fraction of written texts that are texts of the language, by the best way of writing.

    0 for an arm whose training fits no way. Metropolis-Hastings walks are left out: they are few.
    """
    ways = value["arms"][arm]["writes"]
    return max((ways[w]["possible"] for w in ways if w != "Metropolis-Hastings"), default=0.0)


def labelled(
    value: Value, arm: str, task: str, number: str, mask: str = "", part: str = "all"
) -> float:
    """Accuracy with some labels.

    Args:
        arm: or "new weights".
        number: of labels.
        mask: "causal" or "full"; by default the arm's own.
        part: that learns, "head" or "all".
    """
    found = value["new weights"] if arm == "new weights" else value["arms"][arm]
    return float(found["labels"][task][mask or own_mask(arm)][part][number]["accuracy"])


def span(value: Value, arm: str, number: str = "40", mask: str = "", part: str = "all") -> float:
    """Accuracy of answers by span, pointed at from the last token or the last word.

    The better of the two: each kind of model has its own place for what the text says.
    """
    tasks = ("span", "span from the last word")
    return max(labelled(value, arm, task, number, mask, part) for task in tasks)


def own_mask(arm: str) -> str:
    """The mask under which an arm is used as it is: full unless its last lessons are all causal.

    A prefix may be the whole text. New weights have no mask of their own and get the full one.
    """
    masks = {lesson.mask for lesson in ARMS[arm].stages[-1]} if arm in ARMS else {"full"}
    return "causal" if masks == {"causal"} else "full"


def similar(value: Value, arm: str, mask: str = "") -> float:
    """How often a text is nearer to one that says the same than to one with the same words."""
    found = value["new weights"] if arm == "new weights" else value["arms"][arm]
    return float(found["similarity"][mask or own_mask(arm)]["standardised"])


def answers(value: Value, arm: str, question: str) -> float:
    """Fraction of questions that are answered rightly, by the arm's best reader."""
    readers = value["arms"][arm]["readers"].values()
    return float(max(reader[question]["right"] for reader in readers))


def two_gaps(value: Value, arm: str) -> float:
    """Bits of both words of two gaps, by an arm's best way: ranked pairs, or one word first."""
    found = value["arms"][arm]
    ways = [found["two gaps"]["rescored"]["bits"]] if "rescored" in found["two gaps"] else []
    filled = found["readers"].get("gap", {}).get("two gaps", {})
    return float(min(ways + [filled[way] for way in ("left", "right") if way in filled]))


def score(value: Value, arm: str, what: str) -> float:
    """Worth of the best of an arm's scores of whole texts.

    Args:
        what: "prefers", how often a text scores above its spoilt copy; or "rank", the rank
            correlation with the exact log-probability.
    """
    return float(max(found[what] for found in value["arms"][arm]["scores"].values()))


@dataclass(frozen=True)
class Ability:
    """A number of each arm, and the two between which it lies.

    Args:
        of: the number, by seed and arm.
        ceiling: of a reader who knows the language.
        floor: of who knows half of what matters, or of a rule; see the page.
        under: whether it can be asked under another mask than the arm's own.
        within: the values that are possible.
    """

    of: Callable[..., float]
    ceiling: Measure
    floor: Measure
    under: bool = False
    within: tuple[float, float] = (0.0, 1.0)


def _limit(*path: str) -> Measure:
    def limit(value: Value) -> float:
        found: Any = value["limits"]
        for step in path:
            found = found[step]
        return float(found)

    return limit


def _always(number: float) -> Measure:
    return lambda value: number


def _by_label(task: str, number: str) -> Ability:
    return Ability(
        partial(labelled, task=task, number=number), _limit("labels", task, "both"),
        _limit("labels", task, "rule"), under=True,
    )  # fmt: skip


def _by_question(question: str, floor: Measure) -> Ability:
    return Ability(partial(answers, question=question), _always(1.0), floor)


ABILITIES: dict[str, Ability] = {
    "writes: possible texts": Ability(possible, _limit("writes", "possible"), _always(0.0)),
    "one gap: bits": Ability(
        lambda value, arm: gap(value, arm) + _bits(value["limits"]["readers"]["both"]),
        _limit("readers", "both", "one gap", "bits"),
        _limit("readers", "left", "one gap", "bits"),
        within=(0.0, inf),
    ),
    "two gaps: bits": Ability(
        two_gaps,
        _limit("readers", "both", "two gaps", "left"),
        _limit("readers", "both", "two gaps", "together"),
        within=(0.0, inf),
    ),
    "scores a text: not its spoilt copy": Ability(
        partial(score, what="prefers"), _always(1.0), _always(0.5)
    ),
    "scores texts: rank": Ability(
        partial(score, what="rank"), _always(1.0), _always(0.0), within=(-1.0, 1.0)
    ),
    "copies forwards": _by_question("copy, forwards", _always(1 / 6)),
    "copies backwards": _by_question(
        "copy, backwards", _limit("readers", "left", "copy, backwards", "right")
    ),
    "answers with a name": _by_question("copy, answer", _limit("labels", "span", "rule")),
    "agrees past a wrong noun": _by_question("agreement, nearest misleads", _always(0.0)),
    "fact, asked as told": _by_question("fact, told", _always(0.1)),
    "fact, the gap in front": _by_question(
        "fact, told, asked for the first",
        _limit("readers", "left", "fact, told, asked for the first", "right"),
    ),
    "fact, asked in reverse": _by_question("fact, untold", _always(0.1)),
    "sense settled before, 10 labels": _by_label("sense settled before", "10"),
    "sense settled after, 10 labels": _by_label("sense settled after", "10"),
    "mood, 40 labels": _by_label("mood by the mean", "40"),
    "answer by span, 40 labels": Ability(
        span, _limit("labels", "span", "both"), _limit("labels", "span", "rule"), under=True
    ),
    "similar texts": Ability(similar, _always(1.0), _always(0.5), under=True),
}


def over(values: Sequence[Value], measure: Measure) -> Interval:
    """Mean of a measure over the seeds, with its interval."""
    return mean_interval([measure(value) for value in values])


def paired(values: Sequence[Value], measure: Measure, less: Measure) -> Interval:
    """Mean difference of two measures, with its interval: seed by seed, so what seeds share goes.

    >>> values = [{"a": 1.0, "b": 2.0}, {"a": 4.0, "b": 5.0}]
    >>> paired(values, lambda v: v["b"], lambda v: v["a"])
    Interval(low=1.0, mid=1.0, high=1.0)
    """
    return mean_interval([measure(value) - less(value) for value in values])


def sign(difference: Interval) -> int:
    """1 or -1 where the whole interval is above or below 0, else 0: no difference shows."""
    return int(difference.low > 0) - int(difference.high < 0)
