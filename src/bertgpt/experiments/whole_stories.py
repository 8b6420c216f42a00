"""Page 12, C69 C70, E15: whole stories that an LSTM writes, as large as GPT and trained as long."""

from typing import Any

import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments.lstm_language_model import (
    LSTMLanguageModel,
    learn,
    left_to_right,
    write,
)
from bertgpt.experiments.runner import experiment
from bertgpt.experiments.sampled_stories import judged
from bertgpt.training.held_out import floors
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import POSITIONS, decode_story, toyland_vocab
from bertgpt.training.texts import Texts, toyland_texts
from bertgpt.training.train import TrainConfig

N = 1000
WIDTH, LAYERS = 224, 2  # 0.88 million weights; the course's GPT has 0.85 million
RATES, TRIED = (1e-3, 3e-3, 1e-2), 300  # updates by which the rate is chosen
UPDATES, BATCH = 8000, 64  # as many stories as GPT read
DEVELOPMENT = 500  # stories that choose the rate


def lstm(seed: int) -> LSTMLanguageModel:
    """A new one; the seed fixes its first weights."""
    torch.manual_seed(seed)
    return LSTMLanguageModel(len(toyland_vocab()), WIDTH, LAYERS)


def settings(rate: float, updates: int) -> TrainConfig:
    """As for GPT: a twentieth of the updates to warm up, then a cosine."""
    return TrainConfig(steps=updates, learning_rate=rate, warmup=updates // 20, final_share=0.02)


def measure(seed: int, n: int, texts: Texts, updates: int, tried: int) -> dict[str, Any]:
    """See `whole_stories`; with fewer texts, stories and updates for a test."""
    pad = SPECIAL_IDS.pad
    development = Ragged.of([texts.development[i] for i in range(DEVELOPMENT)])
    read = {tuple(decode_story(text)) for text in texts.train}
    by_rate = {}
    for rate in RATES:
        model = lstm(seed)
        learn(model, texts.train, settings(rate, tried), batch=BATCH, seed=seed, pad=pad)
        by_rate[rate] = left_to_right(model, development, pad).bits
    rate = min(by_rate, key=lambda r: by_rate[r])
    model = lstm(seed)
    learn(model, texts.train, settings(rate, updates), batch=BATCH, seed=seed, pad=pad)
    written = write(
        model, n, first=SPECIAL_IDS.cls, end=SPECIAL_IDS.sep, longest=POSITIONS - 1,
        generator=torch.Generator().manual_seed(seed),
    )  # fmt: skip
    return {
        "floor": round(floors(texts.test, gaps=False).left_to_right.bits, 4),
        "parameters": sum(p.numel() for p in model.parameters()),
        "rate": rate,
        "development": {f"{r:g}": round(b, 4) for r, b in by_rate.items()},
        "bits": round(left_to_right(model, texts.test, pad).bits, 4),
        **judged([tuple(decode_story(row)) for row in written], read),
    }


@experiment("whole_stories", seeds=range(2))
def whole_stories(seed: int) -> dict[str, Any]:
    """Bits a token on the stories that test GPT, and whole stories of 1,000.

    It reads the batches that GPT read, and makes as many updates; the rate is chosen on development
    stories, after fewer updates.

    Returns "floor", the entropy in bits; "parameters"; "rate", the one that was chosen, and
    "development", bits by rate; "bits", and what `judged` says of the texts.
    """
    return measure(seed, N, toyland_texts(), UPDATES, TRIED)
