"""Page 14, C58 C83, E03: whose guesses are a probability of the text, where texts can be listed?"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.letter_language import (
    FIRST,
    LetterLanguage,
    as_ids,
    entropy,
    letter_config,
    letter_language,
    one_gap_log_probs,
    total_correlation,
)
from bertgpt.experiments.runner import experiment
from bertgpt.generation.bounds import masked_log_probs, order_log_probs
from bertgpt.generation.gaps import gap_log_probs, hide, log_probs_of
from bertgpt.gpt import GPT
from bertgpt.training.recipe import GPT_RECIPE, Learner, Recipe, Task, set_task
from bertgpt.training.train import TrainConfig, finish, train

BITS = 1 / math.log(2)  # of a nat
BATCH, RATE = 128, 3e-3
UPDATES = {"short training": 150, "long training": 4000}  # of BERT; GPT gets the long one
ALL_RATES = Recipe(mask="full", objective="all-rates")
SWEEPS = 400  # of Gibbs sampling, as matrices: far more than it needs to settle


def train_on(model: BERT | GPT, recipe: Recipe, language: LetterLanguage, updates: int) -> None:
    """Train a model on texts of the language, which are drawn as they are needed."""
    learner, generator = Learner(model), torch.Generator().manual_seed(1)

    def tasks() -> Iterator[Task]:
        while True:
            ids, V = language.sample(BATCH, generator), model.stack.cfg.vocab_size
            yield set_task(recipe, ids, SPECIAL_IDS, vocab_size=V, generator=generator)

    def mean_surprise(learner: Learner, task: Task) -> Tensor:
        nats: Tensor = learner(task)[0]
        return nats / task.weights.sum()

    cfg = TrainConfig(
        steps=updates, learning_rate=RATE, warmup=updates // 20, final_share=0.02, weight_decay=0.0
    )
    finish(train(learner, tasks(), mean_surprise, cfg))
    model.eval()


# ---------------------------------------------------------------- GPT


@torch.inference_mode()
def chain_rule(model: GPT, language: LetterLanguage) -> dict[str, Any]:
    """Sums over all texts of a GPT's probabilities.

    Returns:
        "by length", the sum over the texts of each length, their end included; "without the end",
        the same of a model that never ends a text, so letters only are guessed; "elsewhere", the
        probability that the model leaves the language: by a special token, an empty text, or a
        text that is too long; "divergence" of the language from the model, in bits a text.
    """
    by_length, open_end, elsewhere, divergence = [], [], 0.0, 0.0
    for n, (texts, p) in enumerate(zip(language.texts, language.probabilities, strict=True), 1):
        ids = as_ids(texts)
        scores = model(ids[:, :-1]).double().log_softmax(-1)  # (N, n + 1, V)
        said = scores.gather(-1, ids[:, 1:, None])[..., 0]  # (N, n + 1)
        begun = said[:, :-1].sum(1)  # the letters, without the end
        by_length.append(said.sum(1).exp().sum().item())
        letters = scores[:, :-1, FIRST:].log_softmax(-1)  # (N, n, K)
        never_ends = letters.gather(-1, texts[..., None])[..., 0].sum(1)
        open_end.append(never_ends.exp().sum().item())
        exact = (p / len(language.texts)).log()
        divergence += float((p / len(language.texts) * (exact - said.sum(1))).sum())
        wrong = scores[:, -1].exp()  # of what comes after these letters
        wrong[:, SPECIAL_IDS.sep] = 0.0
        if n < len(language.texts):
            wrong[:, FIRST:] = 0.0
        elsewhere += float((begun.exp() * wrong.sum(1)).sum())
    start = model(torch.tensor([[SPECIAL_IDS.cls]]))[0, 0].double().softmax(-1)
    elsewhere += float(start[:FIRST].sum())
    return {
        "by length": by_length,
        "without the end": open_end,
        "elsewhere": elsewhere,
        "divergence": divergence * BITS,
    }


# ---------------------------------------------------------------- BERT


@torch.inference_mode()
def gaps(model: BERT, language: LetterLanguage) -> dict[str, float]:
    """Guesses of a BERT at the longest texts: in one gap, in two orders, and all at once.

    Returns:
        "pseudo sum", of the exponentials of the pseudo-log-likelihood over all texts; "left sum"
        and "right sum", of their probabilities in the two orders; in bits a text "left" and
        "right", the divergence of the language from either, "apart" that of one order from the
        other, "at once" that of the language from independent guesses; "largest", the largest
        difference between the two orders at one text; "walks apart", total variation between
        where Gibbs sampling ends up in two orders of its places.
    """
    p = language.probabilities[-1]
    ids = as_ids(language.texts[-1])
    n = ids.shape[1] - 2
    places = list(range(1, n + 1))
    pseudo = masked_log_probs(model, ids).double().sum(1)
    left, right = order_log_probs(model, ids, [places, places[::-1]]).double().unbind(1)
    blank = hide(ids[:1], torch.tensor([[False, *[True] * n, False]]), SPECIAL_IDS.mask)
    single = log_probs_of(model, model.hidden(blank))[0].double()  # (n + 2, V)
    at_once = sum(single[place, ids[:, place]] for place in places)
    walks = [settled(walk_matrices(model, ids), order) for order in (range(n), range(n)[::-1])]
    return {
        "pseudo sum": pseudo.exp().sum().item(),
        "left sum": left.exp().sum().item(),
        "right sum": right.exp().sum().item(),
        "left": divergence(p, left),
        "right": divergence(p, right),
        "apart": divergence(left.exp(), right),
        "largest": (left - right).abs().max().item() * BITS,
        "at once": divergence(p, torch.as_tensor(at_once)),
        "walks apart": 0.5 * (walks[0] - walks[1]).abs().sum().item(),
        "walk to language": 0.5 * (walks[0] - p).abs().sum().item(),
    }


def divergence(p: Tensor, log_q: Tensor) -> float:
    """Sum of p (log p - log q), in bits."""
    return float((torch.xlogy(p, p) - p * log_q).sum()) * BITS


def walk_matrices(model: BERT, ids: Tensor) -> list[Tensor]:
    """Of each place, the chance to get from one text to another by drawing that letter again.

    Returns:
        (N, N) each, rows sum to 1.
    """
    n = ids.shape[1] - 2
    n_letters = round(len(ids) ** (1 / n))
    numbers = torch.arange(len(ids))
    found = []
    for place in range(1, n + 1):
        where = torch.full((len(ids),), place)
        p = gap_log_probs(model, hide(ids, where, SPECIAL_IDS.mask), where).double().exp()
        step = n_letters ** (n - place)  # texts are listed as numbers are, the last letter first
        base = numbers - (ids[:, place] - FIRST) * step
        matrix = torch.zeros(len(ids), len(ids), dtype=torch.float64)
        for letter in range(n_letters):
            matrix[numbers, base + letter * step] = p[:, FIRST + letter]
        found.append(matrix)
    return found


def settled(matrices: Sequence[Tensor], order: Sequence[int]) -> Tensor:
    """Where a walk ends up that visits the places in this order, again and again: (N,)."""
    p = torch.full((len(matrices[0]),), 1 / len(matrices[0]), dtype=torch.float64)
    for _ in range(SWEEPS):
        for place in order:
            p = p @ matrices[place]
    return p


def exact_gaps(joint: Tensor) -> dict[str, float]:
    """Exact counterparts of `gaps` for the language itself; orders and walks do not differ.

    "entropy", in bits a letter; "pseudo bits", mean surprise at one gap: both of a letter.
    """
    pseudo = one_gap_log_probs(joint)
    return {
        "pseudo sum": pseudo.exp().sum().item(),
        "entropy": entropy(joint) * BITS / joint.ndim,
        "pseudo bits": -float((joint * pseudo).sum()) * BITS / joint.ndim,
        "at once": total_correlation(joint) * BITS,
    }


def measure(seed: int, updates: dict[str, int]) -> dict[str, Any]:
    """See `text_probabilities`; with fewer updates for a test."""
    language = letter_language(seed)
    torch.manual_seed(seed)  # first weights
    gpt = GPT(letter_config())
    train_on(gpt, GPT_RECIPE, language, max(updates.values()))
    found: dict[str, Any] = {"exact": exact_gaps(language.joint(len(language.texts)))}
    found["GPT"] = chain_rule(gpt, language)
    found["BERT"] = {}
    for name, n in updates.items():
        torch.manual_seed(seed)
        bert = BERT(letter_config())
        train_on(bert, ALL_RATES, language, n)
        found["BERT"][name] = gaps(bert, language)
    return found


@experiment("text_probabilities", seeds=range(5))
def text_probabilities(seed: int) -> dict[str, Any]:
    """A language of its own for each seed; GPT and BERT, trained on it, and the exact answers.

    Returns "exact", what `exact_gaps` says; "GPT", what `chain_rule` finds; "BERT", what `gaps`
    finds after a short and after a long training. GPT had the long one.
    """
    return measure(seed, UPDATES)
