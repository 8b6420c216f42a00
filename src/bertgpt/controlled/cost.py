"""Cost of a word that is written, and of a text that is scored: positions read, counted.

A position read is one pass of one token through all layers. Nothing is timed, so the counts are
those of any machine; they are means over the language, exact.
"""

from collections.abc import Mapping

from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled.language import little_toyland, vocab
from bertgpt.toyland.lengths import lengths


def positions(sweeps: int, walk_sweeps: int, orders: int) -> dict[str, dict[str, float]]:
    """Positions read for each word that is written or filled, and for each text that is scored.

    A text of n words has n + 2 positions, [CLS] and [SEP] included.

    Args:
        sweeps: of Gibbs sampling over all words, after each was filled once.
        walk_sweeps: of a Metropolis-Hastings walk. What it reads depends on how many of its draws
            change a word, as only these are scored: the least, and what is added if all do.
        orders: of revealing, for the bound.
    """
    chances = lengths(little_toyland())
    n_fillings = len(vocab()) - len(SPECIAL_IDS)
    words = sum(p * n for n, p in chances.items())

    def mean(each: Mapping[int, float]) -> float:
        return sum(p * each[n] for n, p in chances.items())

    squares = mean({n: n * (n + 2) for n in chances})  # a reading for each word
    cubes = mean({n: n * n * (n + 2) for n in chances})  # and one for each word of that
    tokens = mean({n: n + 1 for n in chances})  # each is read once; [SEP] is written, not read
    again = mean({n: (n + 1) * (n + 2) / 2 for n in chances})
    return {
        "a written word": {
            "next token, cache": tokens / words,
            "next token, no cache": again / words,
            "gaps by order": squares / words,
            "gaps at once": (words + 2) / words,
            "Gibbs": (1 + sweeps) * squares / words,
            # Filled by order and scored once; then a reading for each draw.
            "Metropolis-Hastings, no draw changes": (2 + walk_sweeps) * squares / words,
            "Metropolis-Hastings, added if all do": walk_sweeps * cubes / words,
        },
        "a filled gap": {
            "gap": words + 2,
            "rescored": n_fillings * (words + 2),
        },
        "a scored text": {
            "log-probability": words + 2,
            "pseudo-log-likelihood": squares,
            "bound": orders * squares,
        },
    }
