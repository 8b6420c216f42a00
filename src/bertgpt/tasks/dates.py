"""Dates in words, to write in ISO form: each digit comes from one or two words."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

import torch
from torch.nn.utils.rnn import pad_sequence

from bertgpt.tasks.sequence_pairs import END_ID, SPECIAL_TOKENS, SequencePair

DATE_SPLITS = ("trained", "new date", "new pair")

MONTHS = (
    "january february march april may june july august september october november december"
).split()
DAYS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
UNITS = (
    "oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
TENS = dict(zip(range(20, 100, 10), "twenty thirty forty fifty sixty seventy eighty ninety".split(),
                strict=True))  # fmt: skip
STYLES = ("day first", "month first", "short")
DIGITS = "0123456789"
WORDS = (
    *SPECIAL_TOKENS, "the", "of", "thirtieth", "hundred", "thousand", "and", *MONTHS, *DAYS, *UNITS,
    *TENS.values(), *DIGITS,
)  # fmt: skip
ISO = (*SPECIAL_TOKENS, "-", *DIGITS)
FIRST, LAST = date(1900, 1, 1).toordinal(), date(2099, 12, 31).toordinal()
HELD_OUT_STYLE = ("day first", 196)  # no day of the 1960s is trained in this style


def spoken(number: int) -> list[str]:
    """A number from 1 to 99 in words.

    >>> spoken(7), spoken(40), spoken(84)
    (['seven'], ['forty'], ['eighty', 'four'])
    """
    if number < 20:
        return [UNITS[number]]
    return [TENS[number - number % 10], *([UNITS[number % 10]] if number % 10 else [])]


def spoken_year(year: int) -> list[str]:
    """A year from 1900 to 2099 in words.

    >>> [" ".join(spoken_year(year)) for year in (1905, 2007, 2015)]
    ['nineteen oh five', 'two thousand and seven', 'twenty fifteen']
    """
    century, rest = divmod(year, 100)
    if century == 20 and rest < 10:
        return ["two", "thousand", *(["and", UNITS[rest]] if rest else [])]
    if rest == 0:
        return [*spoken(century), "hundred"]
    return [*spoken(century), *(["oh"] if rest < 10 else []), *spoken(rest)]


def in_words(day: date, style: str) -> list[str]:
    """A date as words, or in short with its numbers as digits.

    >>> [" ".join(in_words(date(1984, 7, 4), style)) for style in STYLES[:2]]
    ['the fourth of july nineteen eighty four', 'july the fourth nineteen eighty four']
    >>> " ".join(in_words(date(1984, 7, 24), "short"))
    '2 4 july 1 9 8 4'

    Raises:
        ValueError: for another style, or a year outside 1900 to 2099.
    """
    if style not in STYLES or not 1900 <= day.year <= 2099:
        raise ValueError(
            f"style={style!r} must be one of {', '.join(STYLES)}, and the year {day.year} one from "
            "1900 to 2099"
        )
    month, number = MONTHS[day.month - 1], day.day
    if style == "short":
        return [*str(number), month, *str(day.year)]
    tens, unit = number - number % 10, number % 10
    if number == 30:
        nth = ["thirtieth"]
    else:
        nth = [DAYS[number - 1]] if number <= 20 else [TENS[tens], DAYS[unit - 1]]
    said = ["the", *nth, "of", month] if style == "day first" else [month, "the", *nth]
    return [*said, *spoken_year(day.year)]


def split_of(ordinal: int, style: str) -> str:
    """Whether a date may be trained in a style.

    Returns:
        "new pair" for the 1960s with the day first, "new date" for each tenth other day in any
        style, "trained" for all else.
    """
    if (style, date.fromordinal(ordinal).year // 10) == HELD_OUT_STYLE:
        return "new pair"
    return "new date" if ordinal % 10 == 0 else "trained"


def date_pair(days: Sequence[tuple[date, str]]) -> SequencePair:
    """Dates, each in a style, as words and in ISO form."""
    sources = [torch.tensor([WORDS.index(w) for w in in_words(*each)]) for each in days]
    targets = [[*map(ISO.index, each[0].isoformat()), END_ID] for each in days]
    return SequencePair(pad_sequence(sources, batch_first=True), torch.tensor(targets))


def date_draw(n: int, split: str, generator: torch.Generator) -> SequencePair:
    """Dates of one split (see `split_of`), drawn with replacement."""
    days: list[tuple[date, str]] = []
    while len(days) < n:
        ordinal = int(torch.randint(FIRST, LAST + 1, (1,), generator=generator))
        style = STYLES[int(torch.randint(len(STYLES), (1,), generator=generator))]
        if split_of(ordinal, style) == split:
            days.append((date.fromordinal(ordinal), style))
    return date_pair(days)


def date_batches(seed: int, n: int = 64) -> Callable[[], SequencePair]:
    """A source of batches to train on, each of n dates; the seed decides which."""
    return partial(date_draw, n, "trained", torch.Generator().manual_seed(seed))
