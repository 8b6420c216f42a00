"""Page 12, C70, E15: bits per byte of Wikipedia by an n-gram, an LSTM and a GPT, tuned alike."""

from collections.abc import Callable
from typing import Any

import torch

from bertgpt.config import TransformerConfig
from bertgpt.corpora.documents import Corpus
from bertgpt.experiments.lstm_language_model import LSTMLanguageModel, bits_of, learn
from bertgpt.experiments.lstm_language_model import left_to_right as lstm_left_to_right
from bertgpt.experiments.runner import experiment
from bertgpt.training.held_out import Surprise, left_to_right
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import GPT_RECIPE
from bertgpt.training.run import Run
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.texts import Texts, find_corpus, parts_of, real_texts
from bertgpt.training.train import TrainConfig, finish
from bertgpt.words.kneser_ney import KneserNey
from bertgpt.words.ngram import Counts

LENGTH, BATCH = 128, 16  # tokens in a piece, pieces in an update
ORDERS = (2, 3, 4, 5)
RATES, DROPOUTS = (1e-3, 2e-3, 4e-3), (0.1, 0.3)  # of both networks
TRIED, UPDATES = 300, 1000  # to choose the rate by, and of the result
GPT_WIDTH, GPT_LAYERS = 128, 4  # 1.3 million weights
LSTM_WIDTH, LSTM_LAYERS = 192, 2  # 1.4 million
Score = Callable[[Ragged], Surprise]
Fit = Callable[[float, float, int], Score]  # learning rate, dropout, updates


def settings(rate: float, updates: int) -> TrainConfig:
    """A twentieth of the updates to warm up, then a cosine: the same for both networks."""
    return TrainConfig(steps=updates, learning_rate=rate, warmup=updates // 20, final_share=0.02)


def gpt(texts: Texts, seed: int) -> Fit:
    """Trains the course's GPT for Wikipedia."""

    def fit(rate: float, dropout: float, updates: int) -> Score:
        cfg = PretrainConfig(
            model="gpt", recipe=GPT_RECIPE, training=settings(rate, updates), batch=BATCH, seed=seed
        )
        stack = TransformerConfig(
            vocab_size=texts.vocab_size,
            max_positions=LENGTH,
            width=GPT_WIDTH,
            n_layers=GPT_LAYERS,
            n_heads=4,
            dropout=dropout,
        )
        run = Run(cfg, stack, texts)
        finish(run.go(updates))
        return lambda part: left_to_right(run.model.eval(), part, texts.special, GPT_RECIPE)

    return fit


def lstm(texts: Texts, seed: int) -> Fit:
    """Trains an LSTM of as many weights on the same batches."""

    def fit(rate: float, dropout: float, updates: int) -> Score:
        torch.manual_seed(seed)
        model = LSTMLanguageModel(texts.vocab_size, LSTM_WIDTH, LSTM_LAYERS, dropout)
        pad = texts.special.pad
        learn(model, texts.train, settings(rate, updates), batch=BATCH, seed=seed, pad=pad)
        return lambda part: lstm_left_to_right(model, part, pad)

    return fit


def ngram(texts: Texts) -> dict[int, Score]:
    """Kneser-Ney models of the documents, by order; the end of one is asked as [SEP] is of nets."""
    read = whole(texts.train, texts.special.sep)
    counts = Counts(read, max(ORDERS), vocabulary=range(texts.vocab_size), unknown=None)

    def score(model: KneserNey) -> Score:
        def surprise(part: Ragged) -> Surprise:
            documents = whole(part, texts.special.sep)
            logs = [model.token_log_probabilities(document) for document in documents]
            return Surprise(-sum(map(sum, logs)), sum(map(len, logs)))

        return surprise

    return {order: score(KneserNey(counts, order)) for order in ORDERS}


def whole(pieces: Ragged, sep: int) -> list[tuple[int, ...]]:
    """The documents that pieces were cut from: an n-gram needs no cuts.

    >>> whole(Ragged.of([[2, 7, 8], [2, 9, 3], [2, 7, 3]]), sep=3)
    [(7, 8, 9), (7,)]
    """
    documents, ids = list[tuple[int, ...]](), list[int]()
    for piece in pieces:
        ids += piece[1:]
        if ids[-1] == sep:
            documents.append(tuple(ids[:-1]))
            ids = []
    return documents


def bytes_of(part: Corpus) -> int:
    """Bytes of a part's documents in UTF-8."""
    return sum(len(document.text.encode()) for document in part.documents)


def measure(seed: int, corpus: Corpus, vocab_size: int, tried: int, updates: int) -> dict[str, Any]:
    """See `wikipedia_bits`; of any corpus, with fewer updates for a test."""
    texts = real_texts(corpus, LENGTH, vocab_size=vocab_size)
    _, development, test = (bytes_of(part) for part in parts_of(corpus))
    found: dict[str, Any] = {
        "tokens": int(texts.train.lengths.sum()) - len(texts.train),
        "bytes of test": test,
    }
    counted = ngram(texts)
    by_order = {n: bits_of(score(texts.development), development) for n, score in counted.items()}
    order = min(by_order, key=lambda n: by_order[n])
    found["n-gram"] = {
        "orders": {str(n): round(b, 4) for n, b in by_order.items()},
        "chosen": {"order": order},
        "bits": round(bits_of(counted[order](texts.test), test), 4),
    }
    for name, fit in (("LSTM", lstm(texts, seed)), ("GPT", gpt(texts, seed))):
        rates = {
            rate: bits_of(fit(rate, DROPOUTS[0], tried)(texts.development), development)
            for rate in RATES
        }
        rate = min(rates, key=lambda r: rates[r])
        scores = {dropout: fit(rate, dropout, updates) for dropout in DROPOUTS}
        dropouts = {
            d: bits_of(score(texts.development), development) for d, score in scores.items()
        }
        dropout = min(dropouts, key=lambda d: dropouts[d])
        found[name] = {
            "rates": {f"{r:g}": round(b, 4) for r, b in rates.items()},
            "dropouts": {f"{d:g}": round(b, 4) for d, b in dropouts.items()},
            "chosen": {"rate": rate, "dropout": dropout},
            "bits": round(bits_of(scores[dropout](texts.test), test), 4),
        }
    return found


@experiment("wikipedia_bits", seeds=range(2))
def wikipedia_bits(seed: int) -> dict[str, Any]:
    """Bits per byte of ten articles that no model has read, each model at its best setting.

    All read the same articles as the same tokens, and the settings are chosen on ten other
    articles. Both networks read pieces of 128 tokens, the n-gram whole articles.

    Returns "tokens" read in training, "bytes of test", and for "n-gram", "LSTM" and "GPT" what was
    "chosen" and "bits"; of the n-gram "orders", the bits of each on development articles, and of
    the networks "rates", after 300 updates, and "dropouts", after all.
    """
    return measure(seed, find_corpus("wikipedia"), 4096, TRIED, UPDATES)
