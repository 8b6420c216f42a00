"""Page 13, C57, E16: as many clean, noisy, repeated and shuffled stories, and what is learned."""

from collections.abc import Iterator
from math import log
from typing import Any, NamedTuple

import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS, TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.sampled_stories import Words, as_words, gpt_stories, judged
from bertgpt.experiments.spoilt_readers import Shuffled, through_noise
from bertgpt.experiments.spoilt_sources import by_chance, in_sentences, limit, sources
from bertgpt.experiments.spoilt_stories import Noise, chosen, counted
from bertgpt.generation.knobs import AS_IT_IS
from bertgpt.gpt import GPT
from bertgpt.toyland import toyland
from bertgpt.toyland.best_reader import best_reader
from bertgpt.training.batches import Batches
from bertgpt.training.held_out import floors
from bertgpt.training.measured import first
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import POSITIONS, TEST_SEED, draw_stories, toyland_vocab
from bertgpt.training.texts import STORIES, STORY_SEED
from bertgpt.training.train import TrainConfig, finish, train

HALF = "half as many"  # clean stories: what duplicates add to these, or take away
LEARNING_RATE = 3e-3  # one for all arms
FRESH_SEED = 5_000_021  # of stories that no model reads and no setting is chosen by
LEASTS = (1e-3, 1e-4, 1e-5, 1e-6)  # probabilities that a corrected reader grants each token


class Plan(NamedTuple):
    """Sizes of the experiment."""

    steps: int = 2500
    batch: int = 32
    width: int = 96
    n_layers: int = 3
    n_pool: int = STORIES  # stories that each seed draws its own from
    n_repeated: int = 100  # each is read about 400 times
    n_test: int = 200
    n_written: int = 200
    n_fresh: int = 20_000  # stories that say how many copies chance makes


def trained(texts: Ragged, plan: Plan, seed: int) -> GPT:
    """A GPT that has read each of the texts once; the seed fixes its first weights."""
    torch.manual_seed(seed)
    cfg = TransformerConfig(
        vocab_size=len(toyland_vocab()), max_positions=POSITIONS,
        width=plan.width, n_layers=plan.n_layers,
    )  # fmt: skip
    model = GPT(cfg)
    batches = Batches(texts, plan.batch, seed, SPECIAL_IDS.pad)
    training = TrainConfig(
        steps=plan.steps, learning_rate=LEARNING_RATE, warmup=plan.steps // 20, final_share=0.02
    )
    finish(train(model, (ids for _, ids in batches.after(0)), GPT.loss, training))
    return model.eval()


@torch.inference_mode()
def guesses(model: GPT, texts: Ragged) -> Iterator[tuple[Tensor, Tensor]]:
    """Probabilities of next tokens, (N, V) float64, and the tokens that came, (N,)."""
    for rows in torch.arange(len(texts)).split(64):
        ids = texts.padded(rows.tolist(), SPECIAL_IDS.pad)
        real = ids[:, 1:] != SPECIAL_IDS.pad
        yield model(ids)[:, :-1][real].double().softmax(-1), ids[:, 1:][real]


def corrected(chances: Tensor, noise: Noise, least: float) -> Tensor:
    """Chances of what is meant, by a reader that expects noise: the channel undone, (N, V).

    Estimated chances may come out below 0; none is left below `least`.
    """
    meant = torch.linalg.solve(noise.matrix(), chances.T).T.clamp(min=least)
    return meant / meant.sum(-1, keepdim=True)


def asked(
    model: GPT, texts: Ragged, noise: Noise | None = None, least: float = 0.0
) -> dict[str, float]:
    """ "bits" of a token, and "first": fraction of tokens that are the model's first guess."""
    nats, right, n = 0.0, 0, 0
    for chances, came in guesses(model, texts):
        p = chances if noise is None else corrected(chances, noise, least)
        nats -= p.gather(1, came[:, None]).log().sum().item()
        right += int((p.argmax(-1) == came).sum())
        n += len(came)
    return {"bits": round(nats / n / log(2), 5), "first": round(right / n, 5)}


def without_noise(model: GPT, noise: Noise, test: Ragged, development: Ragged) -> dict[str, Any]:
    """As `asked` of clean texts, with the noise that the model expects taken off.

    "limit" is the same of the best possible reader of noisy texts.
    """
    bits = {least: asked(model, development, noise, least)["bits"] for least in LEASTS}
    least = min(bits, key=lambda one: bits[one])
    texts = as_words(test)
    nats = sum(through_noise(toyland(), noise, words).meant for words in texts)
    n = sum(len(words) + 1 for words in texts)
    found: dict[str, Any] = asked(model, test, noise, least)
    return found | {"least": least, "limit": round(nats / n / log(2), 5)}


def writes(model: GPT, read: Ragged, repeated: set[Words], n: int, seed: int) -> dict[str, Any]:
    """Count the whole stories, whole sentences and copies among what a model writes."""
    written = gpt_stories(model, n, AS_IT_IS, seed)
    reader = Shuffled(toyland())
    cut = [sentence for words in written for sentence in in_sentences(words)]
    found = judged(written, set(as_words(read)))
    return {
        **{key: found[key] for key in ("whole", "copies", "different", "first")},
        "copies of the repeated": sum(words in repeated for words in written),
        "sentences": len(cut),
        "whole sentences": sum(reader.sentence(sentence) > 0 for sentence in cut),
    }


def compared(seed: int, plan: Plan) -> dict[str, Any]:
    """Train one GPT on each source, and ask all of them about the same clean stories.

    Returns:
        "floor" and "first", bits and first guesses of the best reader of clean stories; "arms", by
        source what was read, "clean" and "own" (bits on clean texts and on those of the source,
        each with the limit of the source's own best reader), "without noise" where there is some,
        "written", and "by chance", which copies fresh texts make. The arm "half as many" reads
        the fresh half of "duplicates", in half the updates.
    """
    generator = torch.Generator().manual_seed(seed)
    pool = draw_stories(plan.n_pool, STORY_SEED)
    order = torch.randperm(len(pool), generator=generator)
    n = plan.steps * plan.batch
    read, repeated = chosen(pool, order[:n]), chosen(pool, order[n : n + plan.n_repeated])
    test, development = (
        first(draw_stories(2000, TEST_SEED + part), plan.n_test) for part in (0, 1)
    )
    fresh = draw_stories(plan.n_fresh, FRESH_SEED)
    arms: dict[str, Any] = {}
    named = sources(repeated, generator)
    for name, source in (named | {HALF: named["clean"]}).items():
        some = first(read, n // 2) if name == HALF else read
        corpus = source.spoil(some, generator)
        own = source.spoil(first(fresh, plan.n_test), generator)
        model = trained(corpus, plan._replace(steps=len(some) // plan.batch), seed)
        found: dict[str, Any] = {"read": counted(corpus)}
        for where, texts in (("clean", test), ("own", own)):
            found[where] = asked(model, texts) | {"limit": limit(source, as_words(texts))}
        if source.noise is not None:
            found["without noise"] = without_noise(model, source.noise, test, development)
        found["written"] = writes(model, corpus, set(as_words(repeated)), plan.n_written, seed)
        found["by chance"] = by_chance(source, corpus, fresh, seed)
        arms[name] = found
    stories = [toyland().read(words) for words in as_words(test)]
    return {
        "floor": round(floors(test, gaps=False).left_to_right.bits, 5),
        "first": round(best_reader(toyland(), stories, read="left").accuracy_on_these_texts, 5),
        "arms": arms,
    }


@experiment("data_quality", seeds=range(3))
def data_quality(seed: int) -> dict[str, Any]:
    """See `compared`."""
    return compared(seed, Plan())
