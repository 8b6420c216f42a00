"""Page 14, C52 C74, E11: which vectors hold the sense of a word: whose, and at which place?"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.influence import MASKS
from bertgpt.experiments.runner import experiment
from bertgpt.toyland import toyland
from bertgpt.toyland.story import Story
from bertgpt.training.recipe import Model
from bertgpt.training.stories import encode_story
from bertgpt.weights.course import course_card, course_model

# What a model is asked under: its own mask, and for the GPT the other one as well.
READERS = {
    "GPT": ("toyland-gpt", "causal"),
    "GPT, full mask": ("toyland-gpt", "bidirectional"),
    "BERT, 15 %": ("toyland-bert", "bidirectional"),
    "BERT, all rates": ("toyland-bert-all-rates", "bidirectional"),
}
USES, STORY_SEED = 120, 17_000_003  # of each word; the probe learns from half of them
ROUNDING = 1e-9  # of a cosine
RIDGE = 10.0  # on standardised vectors; not tuned
AT_ONCE = 64  # stories that are read together
SETTLED = {  # where the words that settle the sense are
    "after": ("bank", "ring", "bark", "seal", "crane", "palm"),
    "before": ("bat", "match", "spring", "trunk"),
}


PLACES = ("at the word", "at the full stop")


class Use(NamedTuple):
    """A word with several senses in a story."""

    story: Story
    place: int  # of the word
    sense: str


def uses(n: int, seed: int) -> dict[str, list[Use]]:
    """n uses of each word with several senses, from as many stories as that takes."""
    wanted = [word for words in SETTLED.values() for word in words]
    found: dict[str, list[Use]] = {word: [] for word in wanted}
    generator = torch.Generator().manual_seed(seed)
    while any(len(some) < n for some in found.values()):
        story = toyland().sample(generator)
        for place, (word, sense) in enumerate(zip(story.words, story.senses, strict=True)):
            if word in found and len(found[word]) < n:
                found[word].append(Use(story, place, sense))
    return found


def known_from_the_left(some: Sequence[Use]) -> float:
    """Exact accuracy of the best reader of each word and of what comes before it."""
    best = [max(toyland().sense(use.story.words, use.place, read="left").values()) for use in some]
    return sum(best) / len(best)


@torch.inference_mode()
def states(model: Model, mask: str, texts: Sequence[Sequence[int]]) -> list[Tensor]:
    """The vectors of each text after each layer, (1 + layers, T, D): the embeddings come first."""
    found: list[Tensor] = []
    for start in range(0, len(texts), AT_ONCE):
        some = texts[start : start + AT_ONCE]
        rows = [torch.tensor(text) for text in some]
        ids = torch.nn.utils.rnn.pad_sequence(rows, True, SPECIAL_IDS.pad)
        # Padding comes last, so under the causal mask no word reads it.
        readable = MASKS[mask](ids.shape[1]) & (ids != SPECIAL_IDS.pad)[:, None, None, :]
        x = model.stack.embed(ids)
        layers = [x]
        for block in model.stack.blocks:
            layers.append(x := block(x, readable))
        every = torch.stack(layers, dim=1)  # (B, 1 + L, T, D)
        found += [every[row, :, : len(text)] for row, text in enumerate(some)]
    return found


def separation(vectors: Tensor, senses: Sequence[str]) -> float:
    """Probability that two uses in one sense are closer than two in different senses.

    The area under the ROC curve, ties counted half; 0.5 is chance. Closer: by the cosine, after
    the mean of all vectors is taken off, since they have a common direction.

    Args:
        vectors: (N, D).

    >>> x = torch.tensor([[1.0, 0.1], [1.0, 0.2], [-1.0, 0.2], [-1.0, 0.1]])
    >>> senses = ["a", "a", "b", "b"]
    >>> separation(x, senses), separation(x[:1].repeat(4, 1), senses)
    (1.0, 0.5)
    """
    x = F.normalize((vectors - vectors.mean(0)).double(), dim=-1)
    kind = torch.tensor([sorted(set(senses)).index(sense) for sense in senses])
    upper = torch.ones(len(x), len(x)).triu(1).bool()
    close, same = (x @ x.T)[upper], (kind[:, None] == kind[None, :])[upper]
    apart = close[~same].sort().values
    # Of each pair in one sense: how many pairs in two senses are less close, and how many tie.
    below = torch.searchsorted(apart, close[same] - ROUNDING)
    not_above = torch.searchsorted(apart, close[same] + ROUNDING, right=True)
    return float((below + not_above).double().mean()) / 2 / len(apart)


def probe_accuracy(vectors: Tensor, senses: Sequence[str]) -> float:
    """Fraction of the second half of the uses whose sense a linear probe of the first half reads.

    Ridge regression to +1 and -1, on vectors standardised by the first half.

    Args:
        vectors: (N, D), in an order without meaning.
    """
    x = vectors.double()
    half = len(x) // 2
    x = (x - x[:half].mean(0)) / x[:half].std(0).clamp(min=1e-6)
    x = torch.cat([x, x.new_ones(len(x), 1)], dim=1)  # the constant
    y = torch.tensor([1.0 if sense == min(senses) else -1.0 for sense in senses]).double()
    # In the dual form, since there are more dimensions than uses.
    gram = x[:half] @ x[:half].T + RIDGE * torch.eye(half, dtype=torch.float64)
    scores = x[half:] @ x[:half].T @ torch.linalg.solve(gram, y[:half])
    return float(((scores > 0) == (y[half:] > 0)).double().mean())


def by_layer(model: Model, mask: str, found: Mapping[str, Sequence[Use]]) -> dict[str, Any]:
    """How well the vectors after each layer tell the senses apart, at two places.

    Returns:
        By kind of word, by place ("at the word" or "at the full stop" of its sentence) and by
        measure ("probe", the accuracy of `probe_accuracy`, and "separation"), a list by layer,
        the embeddings first; each number is a mean over the words of the kind.
    """
    measures = {"probe": probe_accuracy, "separation": separation}
    result: dict[str, Any] = {}
    for kind, words in SETTLED.items():
        rows: dict[str, dict[str, list[list[float]]]] = {
            place: {name: [] for name in measures} for place in PLACES
        }
        for word in words:
            some = found[word]
            senses = [use.sense for use in some]
            read = states(model, mask, [encode_story(use.story.words) for use in some])
            ends = [use.story.words.index(".", use.place) for use in some]
            for place, at in zip(PLACES, ([use.place for use in some], ends), strict=True):
                vectors = torch.stack([x[:, 1 + t] for x, t in zip(read, at, strict=True)], dim=1)
                for name, measured in measures.items():  # (1 + L, N, D), layer by layer
                    rows[place][name].append([measured(layer, senses) for layer in vectors])
        result[kind] = {
            place: {
                name: [sum(layer) / len(layer) for layer in zip(*by_word, strict=True)]
                for name, by_word in by_measure.items()
            }
            for place, by_measure in rows.items()
        }
    return result


def measure(seed: int, n: int) -> dict[str, Any]:
    """See `senses_apart`; with fewer uses for a test."""
    found = uses(n, STORY_SEED + seed)
    result: dict[str, Any] = {
        "weights": {stored: course_card(stored)["sha256"] for stored, _ in READERS.values()},
        "known from the left": {
            kind: sum(known_from_the_left(found[word]) for word in words) / len(words)
            for kind, words in SETTLED.items()
        },
    }
    for name, (stored, mask) in READERS.items():
        result[name] = by_layer(course_model(stored), mask, found)
    return result


@experiment("senses_apart", seeds=range(5))
def senses_apart(seed: int) -> dict[str, Any]:
    """The course's models of Toyland as they are, nothing is trained; a seed draws the stories.

    Returns "weights", digests; "known from the left", the exact accuracy of the best reader who
    answers at the word; and by reader what `by_layer` finds.
    """
    return measure(seed, USES)
