"""Checkers of the page "What it costs, and what depth is for"."""

from itertools import pairwise
from typing import Any


def after(words: list[str], near: int = 1) -> str:
    """What followed the last token before; the last `near` places are not searched."""
    last = max(i for i, word in enumerate(words[:-near]) if word == words[-1])
    return words[last + 1]


def write_on(tokens: list[str], n: int) -> list[str]:
    """Two look-ups, n times, each new token read before the next is asked for."""
    read = list(tokens)
    for _ in range(n):
        found = read[-1]
        for before, word in pairwise(read):
            if before == read[-1]:
                found = word
        read.append(found)
    return read[len(tokens) :]


def doubling(bits: list[int], *, in_place: bool = False, most: int = 99) -> list[list[int]]:
    """The states after each round; `most` rounds at most."""
    states, reach = [list(bits)], 1
    while reach < len(bits) and len(states) <= most:
        new = list(states[-1])
        old = new if in_place else states[-1]
        for t in range(reach, len(bits)):
            new[t] = (old[t] + old[t - reach]) % 2
        states.append(new)
        reach *= 2
    return states[1:]


RIGHT = {
    "crossing": lambda D, F: 2 * D + F,
    "rounds": lambda n, m, L: [n + L - 1 + (m - 1) * L, m * L],
    "induction": after,
    "two_layers": write_on,
    "parity_rounds": doubling,
}
WRONG: list[tuple[str, Any, str]] = [
    ("crossing", lambda D, F: D, "without their factors"),
    ("crossing", lambda D, F: 2 * D, "feed-forward part out"),
    ("crossing", lambda D, F: 2 * D + 2 * F, "two products"),
    ("crossing", lambda D, F: F, "projections out"),
    ("crossing", lambda D, F: 6 * D, "only for F = 4 D"),
    ("rounds", lambda n, m, L: [m * L, n + L - 1 + (m - 1) * L], "comes first"),
    ("rounds", lambda n, m, L: [n + L - 1, L], "the first written token"),
    ("rounds", lambda n, m, L: [n + L - 1 + m * L, (m + 1) * L], "m - 1 more"),
    ("rounds", lambda n, m, L: [n + L + m - 2, m * L], "L rounds later"),
    ("rounds", lambda n, m, L: [n + L + m - 2, L + m - 1], "L rounds later"),
    ("rounds", lambda n, m, L: [n * L + (m - 1) * L, m * L], "slanted"),
    ("rounds", lambda n, m, L: [n + L - 1 + (m - 1) * L, L], "waits, too"),
    ("induction", lambda w: w[w.index(w[-1]) + 1], "first time"),
    ("induction", lambda w: after(w, near=2), "first time"),
    ("induction", lambda w: w[-1], "the token itself"),
    ("induction", lambda w: w[len(w) - 2 - w[-2::-1].index(w[-1]) - 1], "came before"),
    ("two_layers", lambda w, n: w + write_on(w, n), "the new tokens only"),
    ("two_layers", lambda w, n: write_on(w, 1) * n, "Append each"),
    ("two_layers", lambda w, n: [w[-1]] * n, "the token itself"),
    ("parity_rounds", lambda b: [b, *doubling(b)], "the start, not a round"),
    ("parity_rounds", lambda b: [*doubling(b), b][-2 if len(b) > 1 else -1], "the states after"),
    ("parity_rounds", lambda b: doubling(b, in_place=True), "Build a new list"),
    ("parity_rounds", lambda b: doubling(b, most=2), "expected"),
]


def test_the_rounds_are_those_of_a_simulation() -> None:
    """Cells that may begin when what they need is done, counted one round after another."""
    for n, m, L in ((5, 1, 1), (5, 4, 3), (1, 3, 4), (7, 2, 2)):
        for place, recurrent in ((0, True), (1, False)):
            done: dict[tuple[int, int], int] = {}  # (layer, token) -> its round
            for t in range(1, n + m):  # the last written token is not read
                for layer in range(1, L + 1):
                    needs = [done.get((layer - 1, t), 0)]
                    if layer == 1 and t > n:
                        needs.append(done[L, t - 1])
                    if recurrent:
                        needs.append(done.get((layer, t - 1), 0))
                    else:  # attention reads all earlier positions of the layer below
                        needs += [done.get((layer - 1, s), 0) for s in range(1, t)]
                    done[layer, t] = 1 + max(needs)
            assert RIGHT["rounds"](n, m, L)[place] == done[L, n + m - 1]  # type: ignore[no-untyped-call]


def test_the_last_round_holds_the_parities() -> None:
    bits = [1, 0, 1, 1, 0, 1, 1]
    assert doubling(bits)[-1] == [sum(bits[: t + 1]) % 2 for t in range(len(bits))]
    assert len(doubling(bits)) == 3
