"""Where the texts of each arm of `data_quality` come from, and the best possible reader of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log

import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.sampled_stories import Words, as_words
from bertgpt.experiments.spoilt_readers import Shuffled, half_known, through_noise
from bertgpt.experiments.spoilt_stories import Noise, half_repeated, partners, sentences, shuffled
from bertgpt.toyland import toyland
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import toyland_vocab

RATE = 0.3  # of the words are exchanged by noise


@dataclass(frozen=True)
class Source:
    """Where the texts of an arm come from.

    Attributes:
        spoil: clean stories -> as many texts of this source.
        nats: surprise of the best possible reader of this source at a text.
        noise: what a reader who knows of it may correct for.
    """

    spoil: Callable[[Ragged, torch.Generator], Ragged]
    nats: Callable[[Words], float]
    noise: Noise | None = None


def sources(repeated: Ragged, generator: torch.Generator) -> dict[str, Source]:
    """The five sources. "Structured" noise makes one mistake for each word, always the same."""
    language, reader = toyland(), Shuffled(toyland())
    one_each = dict.fromkeys(as_words(repeated), 1 / len(repeated))
    uniform, structured = Noise(RATE), Noise(RATE, partners(generator))

    def of_noise(noise: Noise) -> Source:
        return Source(noise.spoil, lambda w: through_noise(language, noise, w).seen, noise)

    return {
        "clean": Source(lambda texts, _: texts, lambda w: -language.log_probability(w)),
        "uniform noise": of_noise(uniform),
        "structured noise": of_noise(structured),
        "duplicates": Source(
            lambda texts, g: half_repeated(texts, repeated, g),
            lambda w: -half_known(language, w, one_each),
        ),
        "shuffled sentences": Source(shuffled, lambda w: -reader.log_probability(in_sentences(w))),
    }


def in_sentences(words: Words) -> list[Words]:
    """The sentences of a text."""
    ids = toyland_vocab().encode(words)
    decode = toyland_vocab().decode
    return [tuple(decode(s)) for s in sentences([SPECIAL_IDS.cls, *ids, SPECIAL_IDS.sep])]


def limit(source: Source, texts: Sequence[Words]) -> float:
    """Bits of a token by the best possible reader of a source."""
    n = sum(len(words) + 1 for words in texts)
    return round(sum(map(source.nats, texts)) / n / log(2), 5)


def by_chance(source: Source, read: Ragged, fresh: Ragged, seed: int) -> dict[str, float]:
    """Fraction of fresh texts that are copies: stories of Toyland, and texts of the source."""
    known = {tuple(text) for text in read}
    own = source.spoil(fresh, torch.Generator().manual_seed(seed))
    drawn = {"exact": fresh, "own": own}
    return {
        name: sum(tuple(text) in known for text in texts) / len(texts)
        for name, texts in drawn.items()
    }
