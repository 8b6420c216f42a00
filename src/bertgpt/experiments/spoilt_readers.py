"""The best possible readers of spoilt corpora: exact, and asked about clean stories as well."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import permutations
from math import exp, log, prod
from typing import NamedTuple

from bertgpt.experiments.spoilt_stories import Noise
from bertgpt.toyland import END
from bertgpt.toyland.language import Grammar
from bertgpt.toyland.moves import Option, Place

Beliefs = dict[Place, float]
LEAST = 1e-7  # fraction of a belief below which a place is given up


class Nats(NamedTuple):
    """Surprise of a reader of noisy texts at one text.

    Args:
        seen: at the words as they are, wrong ones among them.
        meant: at the same words, by its chances of what is meant before the noise: for clean texts.
    """

    seen: float
    meant: float


def through_noise(
    language: Grammar, noise: Noise, words: Sequence[str], least: float = LEAST
) -> Nats:
    """The best reader that knows the grammar and the noise: the forward algorithm (Rabiner 1989).

    A text is a path through the states, seen through the noise. What the reader gives up can only
    make it more surprised, so `seen` is a bound from above.

    Args:
        words: a text of Toyland, noisy or not, without its end.
        least: places with less than this fraction of the belief are given up.
    Raises:
        ValueError: if no story can become this text.
    """
    beliefs: Beliefs = {language.states.start: 1.0}
    seen = meant = 0.0
    for i, word in enumerate((*words, END)):
        before = sum(beliefs.values())
        after, clean = _one_word(language, noise, beliefs, word)
        now = sum(after.values())
        if not now:
            raise ValueError(
                f"{word!r} (position {i}) can be neither meant nor noise there; give a text that "
                "this noise makes of a story"
            )
        seen -= log(now / before)
        meant -= log(clean / before) if clean else 0.0  # a wrong word is meant by nobody
        beliefs = {place: p / now for place, p in after.items() if p > least * now}
        lost = 1 - sum(beliefs.values())
        seen -= log(1 - lost)  # given up for good
    return Nats(seen, meant)


def _one_word(
    language: Grammar, noise: Noise, beliefs: Beliefs, word: str
) -> tuple[Beliefs, float]:
    """Beliefs after a word was seen, unnormalised; and how much of them says the word itself."""
    likely, rest = ({END: 1.0}, 0.0) if word == END else noise.likelihoods(word)
    after: Beliefs = defaultdict(float)
    clean = 0.0
    for place, p in beliefs.items():
        for option in language.states.states[place.state].options:
            choices = option.said.words(place.held)
            each = p * option.p / len(choices)
            clean += each * (word in choices)
            if choices == [END] or word == END:  # the end is never noise
                if choices == [word]:
                    after[option.move(place.held, word, each).place] += each
            elif option.said.kept is None:  # whichever it was, it leads to the same place
                p_seen = rest * len(choices)
                p_seen += sum(q - rest for said, q in likely.items() if said in choices)
                if p_seen:
                    after[_leads(option, place, choices[0])] += each * p_seen
            else:
                for said in choices if rest else [c for c in choices if c in likely]:
                    after[_leads(option, place, said)] += each * likely.get(said, rest)
    return after, clean


def _leads(option: Option, place: Place, word: str) -> Place:
    return option.move(place.held, word, 1.0).place


class Shuffled:
    """The best reader of stories whose sentences come from different stories.

    Such a story is a number of sentences, and each sentence is drawn from all sentences of all
    stories. So its probability is that of the number times those of the sentences.
    """

    def __init__(self, language: Grammar) -> None:
        self.language = language
        self._known: dict[tuple[str, ...], float] = {}

    @cached_property
    def numbers(self) -> Mapping[int, float]:
        """Probability of each number of sentences."""
        of_state: list[dict[int, float]] = []
        for state in self.language.states.states:
            sums: dict[int, float] = defaultdict(float)
            for option in state.options:
                stop = tuple(option.said.choices) == (".",)
                for n, p in of_state[option.state].items():
                    sums[n + stop] += option.p * p
            of_state.append(dict(sums) or {0: 1.0})
        return dict(sorted(of_state[-1].items()))

    @cached_property
    def starts(self) -> Beliefs:
        """The places where a sentence drawn from all sentences begins, each with its probability.

        What registers hold was drawn evenly and nothing was said of it, so given the state all
        words of their classes are equally probable, none of them twice.
        """
        states = self.language.states
        reached, begins = ([0.0] * len(states.states) for _ in range(2))
        reached[-1] = begins[-1] = 1.0
        for number in range(len(states.states) - 1, -1, -1):
            for option in states.states[number].options:
                mass = reached[number] * option.p
                reached[option.state] += mass
                if tuple(option.said.choices) == (".",):
                    begins[option.state] += mass
        found: Beliefs = {}
        per_story = sum(n * p for n, p in self.numbers.items())
        for number, mass in enumerate(begins):
            state = states.states[number]
            if not mass or any(tuple(o.said.choices) == (END,) for o in state.options):
                continue
            held = self._fillings(state.classes)
            found |= {Place(number, words): mass / per_story / len(held) for words in held}
        return found

    def _fillings(self, classes: Sequence[str]) -> list[tuple[str, ...]]:
        """All that registers of these classes may hold: different words in those of one class."""
        filled: list[dict[int, str]] = [{}]
        for name in dict.fromkeys(classes):
            where = [k for k, other in enumerate(classes) if other == name]
            ways = list(permutations(self.language.classes[name], len(where)))
            filled = [f | dict(zip(where, way, strict=True)) for f in filled for way in ways]
        return [tuple(f[k] for k in range(len(classes))) for f in filled]

    @cached_property
    def _after_first(self) -> Mapping[str, Beliefs]:
        """Beliefs after the first word of a sentence, for each such word."""
        after: dict[str, Beliefs] = defaultdict(lambda: defaultdict(float))
        for place, p in self.starts.items():
            for move in self.language.states.moves(place):
                after[move.word][move.place] += p * move.p
        return after

    def sentence(self, words: tuple[str, ...]) -> float:
        """Probability of a sentence, its full stop included; 0 if no story has it."""
        if words not in self._known:
            beliefs: Mapping[Place, float] = self._after_first.get(words[0], {})
            for word in words[1:]:
                after: Beliefs = defaultdict(float)
                for place, p in beliefs.items():
                    for move in self.language.states.moves(place, word):
                        after[move.place] += p * move.p
                beliefs = after
            self._known[words] = sum(beliefs.values()) if words[-1] == "." else 0.0
        return self._known[words]

    def log_probability(self, sentences: Sequence[tuple[str, ...]]) -> float:
        """log P of a text of these sentences, in nats.

        Raises:
            ValueError: if no story has such a number of sentences, or one of them.
        """
        p = self.numbers.get(len(sentences), 0.0) * prod(map(self.sentence, sentences))
        if not p:
            bad = [" ".join(words) for words in sentences if not self.sentence(words)]
            raise ValueError(
                f"{len(sentences)} sentences, of which {bad[:1] or 'all'} cannot be in a story; "
                f"give {min(self.numbers)} to {max(self.numbers)} sentences of stories"
            )
        return log(p)


def half_known(
    language: Grammar, words: Sequence[str], repeated: Mapping[tuple[str, ...], float]
) -> float:
    """log P of a story, in nats, where every other text is one of a few that are repeated.

    Args:
        repeated: probability of each of these, among themselves.
    """
    fresh = exp(language.log_probability(words))
    return log((fresh + repeated.get(tuple(words), 0.0)) / 2)
