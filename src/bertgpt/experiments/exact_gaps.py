"""Several gaps in a story of Toyland: exact probabilities of their words, together and apart."""

from collections import defaultdict
from collections.abc import Sequence
from math import log

from bertgpt.toyland import END, MASK, toyland
from bertgpt.toyland.language import Grammar, normalized
from bertgpt.toyland.states import States

Distribution = dict[str, float]


def with_gaps(words: Sequence[str], places: Sequence[int]) -> list[str]:
    """A story with MASK at these places."""
    hidden = set(places)
    return [MASK if i in hidden else word for i, word in enumerate(words)]


def together(words: Sequence[str], places: Sequence[int], language: Grammar | None = None) -> float:
    """log p(words at these places | the other words), in nats.

    >>> tiny = Grammar("rule STORY\\n  3 hello world\\n  1 hey you")
    >>> together(["hello", "world"], [0, 1], tiny) == log(0.75)
    True
    """
    language = language or toyland()
    rest = [*with_gaps(words, places), END]
    return language.log_probability(words) - log(sum(language.beliefs(rest)[-1].values()))


def alone(
    words: Sequence[str], places: Sequence[int], language: Grammar | None = None
) -> list[Distribution]:
    """For each place the distribution of its word, given the words outside all these places."""
    language = language or toyland()
    found = language.moves_at(with_gaps(words, places), places, "both")
    return [normalized((move.word, p) for p, move in moves) for moves in found]


def words_by_place(language: Grammar) -> dict[int, list[Distribution]]:
    """For each length of a story, the distribution of the word at each of its places: exact.

    What a register holds is not part of a state. But all words of a class are alike, so a word that
    is said again is, taken by itself, any of its class with equal probability.
    """
    states = language.states
    ends = _words_to_the_end(states)
    found: dict[int, list[dict[str, float]]] = {
        n: [defaultdict(float) for _ in range(n)] for n in ends[-1]
    }
    # By state: the probability to come there after so many words.
    arrived: list[dict[int, float]] = [defaultdict(float) for _ in states.states]
    arrived[-1][0] = 1.0
    for number in range(len(states.states) - 1, 0, -1):  # an option leads to a smaller number
        state = states.states[number]
        for option in state.options:
            said = option.said
            if said.choices == (END,):
                continue
            choices = said.choices
            if not choices:
                assert said.register is not None, "an option says a word or what a register holds"
                choices = states.notation.classes[state.classes[said.register]]
            for t, mass in arrived[number].items():
                arrived[option.state][t + 1] += mass * option.p
                for more, p in ends[option.state].items():
                    for word in choices:
                        found[t + 1 + more][t][word] += mass * option.p * p / len(choices)
    return {n: [normalized(place.items()) for place in places] for n, places in found.items()}


def _words_to_the_end(states: States) -> list[dict[int, float]]:
    """Of each state, the probability of each number of words that are still to come."""
    ends: list[dict[int, float]] = []
    for state in states.states:
        sums: dict[int, float] = defaultdict(float)
        for option in state.options:
            is_word = option.said.choices != (END,)
            for n, p in ends[option.state].items():
                sums[n + is_word] += option.p * p
        ends.append(dict(sums) or {0: 1.0})
    return ends
