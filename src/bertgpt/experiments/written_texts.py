"""A GPT and n-grams learn the same texts, in the same tokens, and write new ones."""

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.generation.decode import generate
from bertgpt.gpt import GPT
from bertgpt.tasks.made_texts import MadeTexts, Verdict, patched
from bertgpt.tokens.bpe import BPE, END_OF_TEXT
from bertgpt.training.held_out import left_to_right
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import GPT_RECIPE
from bertgpt.training.train import TrainConfig, finish, forever, train
from bertgpt.words.kneser_ney import KneserNey
from bertgpt.words.ngram import END, START, Counts

ORDERS = (2, 3, 4, 5)
WIDTH, N_LAYERS, BATCH = 96, 3, 64
# One rate for all kinds, so a GPT is tuned less than the n-gram, whose order each kind chooses: in
# trials on development verse, 3e-3 and 6e-3 were 0.004 bits apart.
RATE = 4e-3
N_WRITTEN = 200
Judge = Callable[[str], Verdict]


class TokenTexts:
    """Texts as tokens of a BPE that is learned from those of the training part.

    A text begins and ends with ``<|endoftext|>``, as in GPT-2; one more id fills up short texts.

    Args:
        texts: by part, "train" and others.
        vocab_size: tokens of the BPE, at most.
    Attributes:
        parts: the texts as ids, without their two ends.
        T: positions of the longest text with its ends.
    """

    def __init__(self, texts: dict[str, list[str]], vocab_size: int = 512) -> None:
        self.texts = texts
        self.bpe = BPE.train(texts["train"], vocab_size)
        self.end, self.pad = self.bpe.ids[END_OF_TEXT], len(self.bpe)
        self.parts = {part: [self.bpe.encode(text) for text in texts[part]] for part in texts}
        self.T = max(len(ids) for part in self.parts.values() for ids in part) + 2

    def batch(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Texts between their ends, filled up to the longest: (B, T)."""
        T = max(map(len, texts)) + 2
        rows = [[self.end, *ids, self.end] + [self.pad] * (T - 2 - len(ids)) for ids in texts]
        return torch.tensor(rows)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Texts to train on, drawn with replacement: (B, T)."""
        texts = self.parts["train"]
        chosen = torch.randint(len(texts), (BATCH,), generator=generator).tolist()
        return self.batch([texts[i] for i in chosen])


def trained_gpt(texts: TokenTexts, seed: int, steps: int) -> GPT:
    """A GPT trained from new weights; ready to write."""
    torch.manual_seed(seed)
    cfg = TransformerConfig(
        vocab_size=texts.pad + 1, max_positions=texts.T, width=WIDTH, n_layers=N_LAYERS
    )
    model = GPT(cfg, SpecialIds(texts.pad, -1, texts.end, texts.end, -1))
    generator = torch.Generator().manual_seed(seed)
    training = TrainConfig(steps=steps, learning_rate=RATE, warmup=steps // 20)
    finish(train(model, forever(lambda: texts.draw(generator)), GPT.loss, training))
    return model.eval()


def gpt_bits(model: GPT, texts: TokenTexts, part: str) -> float:
    """Bits per token of a part, the end of each text counted as a token."""
    rows = Ragged.of([[texts.end, *ids, texts.end] for ids in texts.parts[part]])
    return left_to_right(model, rows, model.special, GPT_RECIPE).bits


def gpt_writes(model: GPT, texts: TokenTexts, n: int, generator: torch.Generator) -> list[str]:
    """Texts drawn at temperature 1, up to their end or to the length of the longest."""
    written = generate(model, [[texts.end]] * n, texts.T - 1, generator=generator, stop=[texts.end])
    return [texts.bpe.decode(i for i in text.ids if i != texts.end) for text in written]


def best_ngram(texts: TokenTexts) -> tuple[KneserNey, dict[int, float]]:
    """The order that is best on the development part, and the bits of each order there."""
    bpe = texts.bpe
    ascii_only = [i for i in range(len(bpe)) if i != texts.end and bpe.decode_bytes([i]).isascii()]
    counts = Counts(texts.parts["train"], max(ORDERS), vocabulary=ascii_only, unknown=None)
    models = {order: KneserNey(counts, order) for order in ORDERS}
    bits = {order: models[order].bits_per_token(texts.parts["dev"]) for order in ORDERS}
    return models[min(bits, key=lambda order: bits[order])], bits


def ngram_writes(
    model: KneserNey, texts: TokenTexts, n: int, generator: torch.Generator
) -> list[str]:
    """As `model.sample`, with the distribution after each context computed once."""
    known: dict[tuple[Any, ...], Tensor] = {}
    written = []
    for _ in range(n):
        ids: list[Any] = [START]
        while ids[-1] != END and len(ids) < texts.T:
            context = tuple(ids[1 - model.order :])
            if context not in known:
                chances = list(model.distribution(context).values())
                known[context] = torch.tensor(chances, dtype=torch.float64)
            chosen = torch.multinomial(known[context], 1, generator=generator)
            ids.append(model.counts.vocabulary[int(chosen)])
        written.append(texts.bpe.decode(i for i in ids[1:] if i != END))
    return written


def judged(written: list[str], judge: Judge, read: set[str]) -> dict[str, Any]:
    """How many of the texts are valid and how many were read, their faults, and the first few."""
    verdicts = [judge(text) for text in written]
    faults = Counter(fault_kind(verdict.fault) for verdict in verdicts if not verdict)
    return {
        "n": len(written),
        "valid": sum(map(bool, verdicts)),
        "copies": sum(text in read for text in written),
        "valid and new": sum(
            bool(verdict) and text not in read
            for text, verdict in zip(written, verdicts, strict=True)
        ),
        "faults": dict(faults.most_common(6)),
        "first": written[:3],
    }


def fault_kind(fault: str) -> str:
    """A fault without its place and without what it quotes.

    >>> fault_kind("line 2: 'sea' is no rhyme to 'day'")
    '... is no rhyme to ...'
    """
    fault = re.sub(r"^(?:line|bar) \d+: ", "", fault)
    return re.sub(r"'[^']*'|\b[A-Z]{2,}\b|\b\d+(?:/\d+)?\b", "...", fault)


def compared(
    texts: dict[str, list[str]],
    judge: Judge,
    seed: int,
    steps: int,
    language: MadeTexts[Any] | None = None,
) -> dict[str, Any]:
    """Train a GPT, count n-grams, let both write, and judge.

    Args:
        texts: "train", "dev" (chooses the n-gram's order) and "test".
        steps: of the GPT, each of 64 texts.
        language: the texts' own, if its probabilities are known.
    Returns:
        "bits" per token of the test part, by writer, "exact" included; "written" by writer, as
        `judged`, where "patched" are lines of different texts and "source" is the test part;
        "orders", the n-grams' bits on the development part; and sizes.
    """
    cut, generator = TokenTexts(texts), torch.Generator().manual_seed(seed)
    began = time.process_time()
    gpt = trained_gpt(cut, seed, steps)
    took = time.process_time() - began
    ngram, orders = best_ngram(cut)
    read = set(texts["train"])
    bits = {
        "GPT": gpt_bits(gpt, cut, "test"),
        "n-gram": ngram.bits_per_token(cut.parts["test"]),
    }
    n_tokens = sum(len(ids) + 1 for ids in cut.parts["test"])
    if language is not None:
        logs = [language.log_probability(text) for text in texts["test"]]
        bits["exact"] = -math.fsum(logs) / n_tokens / math.log(2)
    written = {
        "GPT": gpt_writes(gpt, cut, N_WRITTEN, generator),
        "n-gram": ngram_writes(ngram, cut, N_WRITTEN, generator),
        "patched": patched(texts["train"], N_WRITTEN, generator),
        "source": texts["test"],
    }
    return {
        "bits": {name: round(value, 4) for name, value in bits.items()},
        "written": {name: judged(found, judge, read) for name, found in written.items()},
        "order": ngram.order,
        "orders": {order: round(value, 4) for order, value in orders.items()},
        "sizes": {
            "texts": len(texts["train"]),
            "tokens": len(cut.bpe),
            "tokens a text": round(n_tokens / len(texts["test"]), 2),
            "weights": sum(p.numel() for p in gpt.parameters()),
            "steps": steps,
        },
        "seconds": round(took, 1),
    }


def made_texts(language: MadeTexts[Any], seed: int, n_train: int = 3000) -> dict[str, list[str]]:
    """Texts of a language: some to learn from, 200 to choose by and 200 to test on."""
    drawn = language.draw(n_train + 400, torch.Generator().manual_seed(seed))
    return {"train": drawn[:-400], "dev": drawn[-400:-200], "test": drawn[-200:]}
