"""Page 10, C49, E14: does an LSTM carry counting further when it is trained longer?"""

from functools import partial
from typing import Any

import torch
from torch import nn

from bertgpt.experiments.longer_strings import short_counting
from bertgpt.experiments.recurrent_labeller import RecurrentLabeller
from bertgpt.experiments.runner import experiment
from bertgpt.objectives import IGNORE
from bertgpt.tasks.parity import LONG, SHORT, counting_batch
from bertgpt.tasks.targets import asked_loss, is_correct
from bertgpt.training.train import TrainConfig, forever, train

RATES = (5e-3, 1e-3)
STEPS, EVERY = 1800, 600


@experiment("lstm_counting", range(3))
def lstm_counting(seed: int) -> dict[str, Any]:
    """Train the LSTM of "longer_strings" on n a and n b, n up to 10, at two rates.

    Returns for each rate, after each 600 updates, "seen": how many n from 1 to 10 it labels
    without a mistake, and "beyond": how many from 11 to 50.
    """
    counted = counting_batch(torch.arange(1, LONG // 2 + 1), LONG)
    found: dict[str, Any] = {}
    for rate in RATES:
        torch.manual_seed(seed)
        model, generator = RecurrentLabeller(nn.LSTM, 3, 32, 2), torch.Generator().manual_seed(seed)
        seen, beyond = [], []
        cfg = TrainConfig(steps=STEPS, learning_rate=rate, warmup=50)
        for step in train(model, forever(partial(short_counting, generator)), asked_loss, cfg):
            if step.number % EVERY == 0:
                fine = is_correct(model, counted) | (counted[1] == IGNORE)
                solved = fine.all(1).tolist()
                seen.append(sum(solved[: SHORT // 2]))
                beyond.append(sum(solved[SHORT // 2 :]))
                model.train()
        found[str(rate)] = {"seen": seen, "beyond": beyond}
    return found
