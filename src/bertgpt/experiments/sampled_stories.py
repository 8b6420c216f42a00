"""Page 12, C69 C73, E19: how many texts are whole stories of Toyland, by knobs and by n-gram?"""

from collections import Counter
from typing import Any

import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.runner import experiment
from bertgpt.generation.decode import generate
from bertgpt.generation.knobs import Knobs
from bertgpt.gpt import GPT
from bertgpt.toyland import toyland
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import TEST_SEED, decode_story, draw_stories
from bertgpt.training.texts import STORIES, STORY_SEED, TEST_STORIES
from bertgpt.weights.course import course_model
from bertgpt.words.kneser_ney import KneserNey
from bertgpt.words.ngram import END, START, Counts

N, LONGEST = 1000, 94
ORDERS = range(3, 9)  # of n-grams; the best on development stories writes
SETTINGS = {
    "temperature 0.3": Knobs(temperature=0.3), "temperature 0.5": Knobs(temperature=0.5),
    "temperature 0.7": Knobs(temperature=0.7), "temperature 0.85": Knobs(temperature=0.85),
    "as it is": Knobs(), "temperature 1.2": Knobs(temperature=1.2),
    "temperature 1.5": Knobs(temperature=1.5), "temperature 2": Knobs(temperature=2.0),
    "top-k 5": Knobs(top_k=5), "top-p 0.95": Knobs(top_p=0.95), "top-p 0.99": Knobs(top_p=0.99),
}  # fmt: skip
Words = tuple[str, ...]


def is_story(words: Words) -> bool:
    """Whether Toyland can tell it, to its end."""
    try:
        toyland().log_probability(words)
    except ValueError:
        return False
    return True


def judged(written: list[Words], read: set[Words]) -> dict[str, Any]:
    """How many are whole stories, and were read; how varied they are."""
    openings = Counter(" ".join(words[:2]) for words in written)
    return {
        "whole": sum(map(is_story, written)),
        "copies": sum(words in read for words in written),
        "different": len(set(written)),
        "words": round(sum(map(len, written)) / len(written), 3),
        "openings": len(openings),
        "commonest opening": openings.most_common(1)[0],
        "first": " ".join(written[0]),
    }


def gpt_stories(model: GPT, n: int, knobs: Knobs, seed: int) -> list[Words]:
    """Stories drawn from nothing, up to their end or as long as the context."""
    generator = torch.Generator().manual_seed(seed)
    prompts = [[SPECIAL_IDS.cls]] * n
    texts = generate(
        model, prompts, LONGEST + 1, knobs=knobs, generator=generator, stop=[SPECIAL_IDS.sep]
    )
    return [tuple(decode_story(text.ids)) for text in texts]


def ngram_stories(model: KneserNey, n: int, seed: int) -> list[Words]:
    """As `model.sample`, with the distribution after each context computed once."""
    generator = torch.Generator().manual_seed(seed)
    known: dict[Any, torch.Tensor] = {}
    written = []
    for _ in range(n):
        text: list[Any] = [START]
        while text[-1] != END and len(text) <= LONGEST:
            context = tuple(text[1 - model.order :])
            if context not in known:
                chances = list(model.distribution(context).values())
                known[context] = torch.tensor(chances, dtype=torch.float64)
            chosen = int(torch.multinomial(known[context], 1, generator=generator))
            text.append(model.counts.vocabulary[chosen])
        written.append(tuple(word for word in text[1:] if word != END))
    return written


def as_words(stories: Ragged) -> list[Words]:
    """Stories as their words."""
    return [tuple(decode_story(story)) for story in stories]


def best_ngram(texts: list[Words], development: list[Words]) -> tuple[KneserNey, dict[int, float]]:
    """The order with the fewest bits on development stories, and the bits of each order there."""
    vocabulary = sorted(toyland().vocabulary)
    counts = Counts(texts, max(ORDERS), vocabulary=vocabulary, unknown=None)
    models = {order: KneserNey(counts, order) for order in ORDERS}
    bits = {order: round(model.bits_per_token(development), 4) for order, model in models.items()}
    return models[min(bits, key=lambda order: bits[order])], bits


def sampled(seed: int, n: int, n_read: int, n_development: int = TEST_STORIES) -> dict[str, Any]:
    """Count the whole stories among n texts of each writer.

    Returns:
        "written", which is what `judged` says by setting of the knobs, for "n-gram" and for
        "Toyland"; "order" of the n-gram, and "orders", the bits of each on development stories.
    """
    texts = as_words(draw_stories(STORIES, STORY_SEED))
    read = set(texts)
    model = course_model("toyland-gpt")
    assert isinstance(model, GPT)
    written = {
        name: judged(gpt_stories(model, n, knobs, seed), read) for name, knobs in SETTINGS.items()
    }
    ngram, orders = best_ngram(texts[:n_read], as_words(draw_stories(n_development, TEST_SEED + 1)))
    written["n-gram"] = judged(ngram_stories(ngram, n, seed), read)
    fresh = toyland().stories(n, torch.Generator().manual_seed(5_000_011 + seed))
    written["Toyland"] = judged([story.words for story in fresh], read)
    return {"written": written, "order": ngram.order, "orders": orders}


@experiment("sampled_stories", seeds=range(3))
def sampled_stories(seed: int) -> dict[str, Any]:
    """See `sampled`: 1,000 texts each; the n-gram counts the stories that the GPT read."""
    return sampled(seed, N, STORIES)
