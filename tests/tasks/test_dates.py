"""Dates in words: none is written wrong, and what is held back is never drawn."""

from datetime import date, timedelta

import pytest
import torch

from bertgpt.tasks import dates as task
from bertgpt.tasks.reversal import SYMBOLS


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def read_back(words: list[str], style: str) -> date:
    """A date from its words, by another way than they were made."""
    month = next(w for w in words if w in task.MONTHS)
    if style == "short":
        at = words.index(month)
        return date(int("".join(words[at + 1 :])), task.MONTHS.index(month) + 1,
                    int("".join(words[:at])))  # fmt: skip
    nth = {d: n + 1 for n, d in enumerate(task.DAYS)} | {
        "thirtieth": 30,
        "twenty": 20,
        "thirty": 30,
    }
    if style == "day first":
        cut = words.index("of")
        day, year = words[1:cut], words[cut + 2 :]
    else:
        end = 4 if words[2] in ("twenty", "thirty") else 3
        day, year = words[2:end], words[end:]
    value = {u: n for n, u in enumerate(task.UNITS)} | {w: n for n, w in task.TENS.items()}
    if year[:2] == ["two", "thousand"]:
        number = 2000 + (value[year[3]] if len(year) > 2 else 0)
    else:
        number = 100 * value[year[0]] + sum(value[w] for w in year[1:] if w != "hundred")
    return date(number, task.MONTHS.index(month) + 1, sum(nth[d] for d in day))


@pytest.mark.parametrize("style", task.STYLES)
def test_every_date_can_be_read_back(style: str) -> None:
    """All 73,049 days in each style: no two are written alike, and none is written wrong."""
    day = date.fromordinal(task.FIRST)
    while day.toordinal() <= task.LAST:
        assert read_back(task.in_words(day, style), style) == day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1900, "nineteen hundred"),
        (1901, "nineteen oh one"),
        (1909, "nineteen oh nine"),
        (1911, "nineteen eleven"),
        (1950, "nineteen fifty"),
        (2000, "two thousand"),
        (2009, "two thousand and nine"),
        (2010, "twenty ten"),
        (2099, "twenty ninety nine"),
    ],
)
def test_years_in_words(year: int, words: str) -> None:
    assert " ".join(task.spoken_year(year)) == words


@pytest.mark.parametrize(
    ("day", "words"),
    [(1, "first"), (12, "twelfth"), (20, "twentieth"), (21, "twenty first"), (30, "thirtieth"),
     (31, "thirty first")],
)  # fmt: skip
def test_days_in_words(day: int, words: str) -> None:
    assert " ".join(task.in_words(date(1999, 1, day), "day first")).startswith(f"the {words} of")
    assert " ".join(task.in_words(date(1999, 1, day), "month first")).startswith(
        f"january the {words} nineteen"
    )


@pytest.mark.parametrize(("day", "style"), [(date(1899, 12, 31), "short"), (date(1999, 1, 1), "x")])
def test_a_date_that_cannot_be_said_is_refused(day: date, style: str) -> None:
    with pytest.raises(ValueError, match=r"must be one of day first.*one from 1900 to 2099"):
        task.in_words(day, style)


def test_what_is_held_back_is_never_drawn_to_train() -> None:
    counts = dict.fromkeys(task.DATE_SPLITS, 0)
    for ordinal in range(task.FIRST, task.LAST + 1):
        for style in task.STYLES:
            counts[task.split_of(ordinal, style)] += 1
    assert counts["new pair"] == 3653  # the days of ten years
    assert counts["new date"] / sum(counts.values()) == pytest.approx(0.1, abs=0.003)
    pair = task.date_draw(300, "trained", seeded())
    for source, target in zip(*pair, strict=True):
        day = date.fromisoformat("".join(task.ISO[i] for i in target[:-1]))
        words = [task.WORDS[i] for i in source if i]
        style = next(s for s in task.STYLES if task.in_words(day, s) == words)
        assert task.split_of(day.toordinal(), style) == "trained"
        assert day.toordinal() % 10
        assert not (style == "day first" and 1960 <= day.year < 1970)


def test_no_word_stands_twice_in_a_vocabulary() -> None:
    for vocabulary in (task.WORDS, task.ISO, SYMBOLS):
        assert len(set(vocabulary)) == len(vocabulary)
