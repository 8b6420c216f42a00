"""Checkers of the page "BERT"."""

import math
from typing import Any


def hide(
    ids: list[int],
    chosen: list[float],
    fate: list[float],
    other: list[float],
    words: list[int],
    mask: int,
    rate: float,
    *,
    special: bool = False,
    only_masks: bool = False,
    coin: bool = False,
    least: int = 1,
) -> list[list[Any]]:
    """A fixed number of words, those with the smallest draws; each option is a mistake.

    `special` hides special tokens too, `only_masks` leaves no word visible, `coin` draws for each
    word, `least=0` may ask for none.
    """
    seen: list[Any] = list(ids)
    asked: list[Any] = [None] * len(ids)
    places = [t for t, i in enumerate(ids) if special or i in words]
    ranks = sorted(places, key=lambda t: chosen[t])
    for t in places:
        if chosen[t] < rate if coin else ranks.index(t) < max(least, round(rate * len(places))):
            asked[t] = ids[t]
            if only_masks or fate[t] < 0.8:
                seen[t] = mask
            elif fate[t] < 0.9:
                seen[t] = words[int(other[t] * len(words))]
    return [seen, asked]


def conditional(joint: dict[Any, float], text: Any, place: int, shown: Any) -> float:
    """Probability of the word at a place given the words at the places shown."""
    agree = {t: p for t, p in joint.items() if all(t[i] == text[i] for i in shown)}
    return sum(p for t, p in agree.items() if t[place] == text[place]) / sum(agree.values())


def in_order(joint: dict[Any, float], text: Any, order: list[int]) -> list[float]:
    """Each word given those that were revealed before it."""
    return [conditional(joint, text, i, order[:k]) for k, i in enumerate(order)]


def others(text: Any, place: int) -> list[int]:
    """All places but one."""
    return [i for i in range(len(text)) if i != place]


def likelihood(joint: dict[Any, float], text: Any) -> float:
    """Each word guessed from all the others, multiplied."""
    return math.prod(conditional(joint, text, i, others(text, i)) for i in range(len(text)))


def fill(guess: Any, words: list[Any], *, by: str = "surest") -> list[Any]:
    """Gaps filled one by one with the likeliest word: the surest first, or from the left."""
    words, order = list(words), []
    while None in words:
        gaps = [i for i, word in enumerate(words) if word is None]
        chances = {i: guess(words, i) for i in gaps}
        place = gaps[0] if by == "left" else max(gaps, key=lambda i: max(chances[i].values()))
        words[place] = max(chances[place], key=lambda word: chances[place][word])
        order.append(place)
    return [words, order]


RIGHT = {
    "guesses": lambda n, r, u: u * (n + 1) / (r * n),
    "hide": hide,
    "any_order": in_order,
    "pseudo": lambda joint: sum(likelihood(joint, text) for text in joint),
    "surest_first": fill,
}
WRONG: list[tuple[str, Any, str]] = [
    ("guesses", lambda n, r, u: u / r, "asked for the end as well"),
    ("guesses", lambda n, r, u: u * r * n / (n + 1), "wrong way round"),
    ("guesses", lambda n, r, u: u * (n + 1) / n, "a share r of the words"),
    ("hide", lambda *a: hide(*a, special=True), "never asked for"),
    ("hide", lambda *a: hide(*a, only_masks=True), "`fate` below 0.8"),
    ("hide", lambda *a: hide(*a, coin=True), "the number is fixed"),
    ("hide", lambda *a: hide(*a, least=0), "One word at least"),
    ("hide", lambda *a: hide(*a)[::-1], "First what is seen"),
    ("any_order", lambda j, t, o: in_order(j, t, sorted(o)), "follow `order`"),
    (
        "any_order",
        lambda j, t, o: [conditional(j, t, i, others(t, i)) for i in o],
        "not all the others",
    ),
    ("pseudo", lambda joint: sum(joint.values()), "Guess each word"),
    ("pseudo", lambda j: sum(p * likelihood(j, t) for t, p in j.items()), "Do not weigh"),
    ("surest_first", lambda guess, words: fill(guess, words, by="left"), "Take the surest gap"),
    ("surest_first", lambda guess, words: fill(guess, words)[0], "Return the positions"),
]


def test_every_order_multiplies_to_the_probability_of_the_text() -> None:
    joint = {("a", "a", "b"): 0.4, ("a", "b", "b"): 0.2, ("b", "b", "b"): 0.3, ("b", "a", "a"): 0.1}
    for text, p in joint.items():
        for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
            found = math.prod(in_order(joint, text, order))
            assert math.isclose(found, p)
