"""Page 05, C41, E04: opinions that hang on the order of words, by a mean and by recurrent nets."""

from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from bertgpt.experiments.runner import experiment
from bertgpt.recurrent.lstm import LSTM
from bertgpt.recurrent.rnn import RNN
from bertgpt.recurrent.sequences import after_the_end
from bertgpt.tasks.opinions import WORDS, opinions
from bertgpt.training.train import TrainConfig, finish, forever, train


class Judge(nn.Module):
    """Word vectors, made into one vector by their mean or by a recurrent net, and a yes or no."""

    def __init__(self, kind: str, D: int = 16) -> None:
        super().__init__()
        self.table = nn.Embedding(len(WORDS), D)
        nets: dict[str, type[RNN] | type[LSTM]] = {"RNN": RNN, "LSTM": LSTM}
        self.net = nets[kind](D, D) if kind in nets else None
        self.read = nn.Linear(D, 1)

    def forward(self, sentences: list[str]) -> Tensor:
        words = [s.split() for s in sentences]
        lengths = torch.tensor([len(w) for w in words])
        ids = torch.zeros(len(words), int(lengths.max()), dtype=torch.long)
        for row, known in zip(ids, words, strict=True):
            row[: len(known)] = torch.tensor([WORDS.index(w) for w in known])
        vectors = self.table(ids)  # (B, T, D)
        if self.net is None:
            vectors = vectors.masked_fill(after_the_end(lengths, ids.shape[1]), 0.0)
            whole = vectors.sum(1) / lengths[:, None]
        else:
            last = self.net(vectors, lengths=lengths)[1]
            whole = last[0] if isinstance(last, tuple) else last
        return self.read(whole)[:, 0]  # (B,), above 0 for good


def judge_loss(model: nn.Module, batch: list[tuple[str, int]]) -> Tensor:
    """Mean surprise in nats."""
    texts, told = zip(*batch, strict=True)
    return nn.functional.binary_cross_entropy_with_logits(
        model(list(texts)), torch.tensor(told, dtype=torch.float)
    )


def judge_accuracy(model: nn.Module, sentences: list[tuple[str, int]]) -> float:
    """Fraction of sentences judged correctly; a judgement of exactly 0 counts as good."""
    with torch.inference_mode():
        guesses = (model([s for s, _ in sentences]) >= 0).tolist()
    return fmean(g == t for g, (_, t) in zip(guesses, sentences, strict=True))


def trained_judge(kind: str, seed: int, steps: int = 400) -> Judge:
    """A judge trained on the first list of `opinions`, 64 sentences an update."""
    torch.manual_seed(seed)
    model, draws, seen = Judge(kind), torch.Generator().manual_seed(seed), opinions(seed)[0]

    def draw() -> list[tuple[str, int]]:
        return [seen[i] for i in torch.randint(len(seen), (64,), generator=draws).tolist()]

    cfg = TrainConfig(steps=steps, learning_rate=1e-2, weight_decay=0.0)
    finish(train(model, forever(draw), judge_loss, cfg))
    return model


@experiment("order")
def order(seed: int) -> dict[str, Any]:
    """Accuracy on the pairs of words trained on and on unseen ones: mean of vectors, RNN, LSTM."""
    return {
        kind: [judge_accuracy(trained_judge(kind, seed), part) for part in opinions(seed)]
        for kind in ("mean", "RNN", "LSTM")
    }
