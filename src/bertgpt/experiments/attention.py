"""Experiments of the page "Self-attention": masks, positions, and what weights tell.

Their small functions are used on the page as well; the registered ones run them over seeds.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.attention import AttentionRecord
from bertgpt.config import TransformerConfig
from bertgpt.experiments.runner import experiment
from bertgpt.masks import bidirectional_mask, causal_mask
from bertgpt.training.train import TrainConfig, train
from bertgpt.transformer import Transformer

MASKS = {"bidirectional": bidirectional_mask, "causal": causal_mask}


# --- who influences whom (E01)


def scrambled_stack(cfg: TransformerConfig, seed: int) -> Transformer:
    """A stack in float64 with every weight at random, so that nothing is 0 or 1 by construction."""
    generator = torch.Generator().manual_seed(seed)
    stack = Transformer(cfg).double().eval()
    with torch.no_grad():
        for weight in stack.parameters():
            weight.normal_(0, 0.3, generator=generator)
    return stack


def influence(stack: Transformer, ids: Tensor, mask: Tensor) -> Tensor:
    """How strongly each position's output depends on each position's input vector.

    Args:
        ids: (T,) token ids.
        mask: (T, T), True where t may read s.
    Returns:
        (T, S), the Frobenius norm of the Jacobian d out_t / d in_s, where in_s is the vector that
        enters the first block at s.
    """

    def run(x: Tensor) -> Tensor:
        return stack.run(x[None], mask)[0]

    entering = stack.embed(ids[None])[0].detach()  # (T, D)
    jacobian = torch.autograd.functional.jacobian(run, entering)  # (T, D, S, D)
    return jacobian.pow(2).sum(dim=(1, 3)).sqrt()


@experiment("mask_decides")
def mask_decides(seed: int) -> dict[str, Any]:
    """One stack, one set of weights, two masks: who influences whom? (E01)"""
    T, V = 8, 20
    cfg = TransformerConfig(vocab_size=V, max_positions=T, width=24, n_layers=3)
    stack = scrambled_stack(cfg, seed)
    ids = torch.randint(V, (T,), generator=torch.Generator().manual_seed(seed))
    later = torch.ones(T, T, dtype=torch.bool).triu(1)
    found: dict[str, Any] = {"pairs": int(later.sum())}
    for name, make in MASKS.items():
        records: list[AttentionRecord] = []
        norms = influence(stack, ids, make(T))
        with torch.no_grad():
            stack(ids[None], make(T), records=records)
        sums = torch.stack([record.weights.sum(-1) for record in records])
        found[name] = {
            "later_felt": int((norms[later] != 0).sum()),
            "largest_later": norms[later].max().item(),
            "smallest_earlier": norms[~later].min().item(),
            "row_sum_error": (sums - 1).abs().max().item(),
            "parameters": sum(p.numel() for p in stack.parameters()),
        }
    return found


# --- why positions are needed (E10)


@experiment("order_felt")
def order_felt(seed: int) -> dict[str, Any]:
    """Shuffle the words: do the outputs move along, f(P x) = P f(x)? Largest difference (E10a)."""
    T, V = 8, 20
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(V, (1, T), generator=generator)
    shuffle = torch.randperm(T, generator=generator)
    found = {}
    for positions in ("none", "learned"):
        cfg = TransformerConfig(
            vocab_size=V, max_positions=T, width=24, n_layers=3, positions=positions
        )
        stack = scrambled_stack(cfg, seed)
        for name, make in MASKS.items():
            with torch.no_grad():
                moved = stack(ids[:, shuffle], make(T)) - stack(ids, make(T))[:, shuffle]
            found[f"{name}, {positions}"] = moved.abs().max().item()
    return found


@experiment("two_back")
def two_back(seed: int) -> dict[str, Any]:
    """Name the token two places back, with and without a table of positions (E10b).

    "limit" is the best that a reader can do to whom a text is a bag: guess the token that occurs
    most often among all others.
    """
    T, V = 16, 8
    schedule = TrainConfig(steps=1000, warmup=100, learning_rate=2e-3)
    found: dict[str, Any] = {}
    test = torch.randint(V, (2000, T), generator=torch.Generator().manual_seed(1000 + seed))
    counts = F.one_hot(test, V).sum(1, keepdim=True) - F.one_hot(test, V)  # (B, T, V), all others
    found["limit"] = (counts.max(-1).values / (T - 1)).mean().item()
    for positions in ("none", "learned"):
        for name, make in MASKS.items():
            torch.manual_seed(seed)
            cfg = TransformerConfig(
                vocab_size=V, max_positions=T, width=64, n_layers=2, positions=positions
            )
            model = nn.Sequential(Transformer(cfg), nn.Linear(cfg.width, V))
            mask, generator = make(T), torch.Generator().manual_seed(seed)

            def texts(generator: torch.Generator = generator) -> Iterator[Tensor]:
                while True:
                    yield torch.randint(V, (64, T), generator=generator)

            def scores(model: nn.Module, ids: Tensor, mask: Tensor = mask) -> Tensor:
                return model[1](model[0](ids, mask))[:, 2:]  # type: ignore[index]

            def loss(model: nn.Module, ids: Tensor) -> Tensor:
                return F.cross_entropy(scores(model, ids).flatten(0, 1), ids[:, :-2].flatten())

            *_, _ = train(model, texts(), loss, schedule)
            model.eval()
            with torch.no_grad():
                right = scores(model, test).argmax(-1) == test[:, :-2]
            found[f"{name}, {positions}"] = right.float().mean().item()
    return found


# --- do weights tell what is relevant? (E12)

ITEMS, DIGITS = 12, 10
ASK = 2 * DIGITS  # the token, after the items, at which the answer is read out


def pointer_texts(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Texts of digits, one of them marked, and a question: which digit is marked?

    Returns:
        ids (n, ITEMS + 1), 0 to 9 for a digit, 10 to 19 for a marked one, ASK at the end; the
        answers (n,); where the mark is (n, ITEMS), True at one position a text: the relevant one.
    """
    digits = torch.randint(DIGITS, (n, ITEMS), generator=generator)
    where = torch.randint(ITEMS, (n, 1), generator=generator)
    marked = torch.zeros(n, ITEMS, dtype=torch.bool).scatter(1, where, True)
    ids = torch.cat([digits + DIGITS * marked, torch.full((n, 1), ASK)], dim=1)
    return ids, digits.gather(1, where)[:, 0], marked


class Pointer(nn.Module):
    """The stack, every position reading every other, with the answer read out at ASK."""

    def __init__(self, n_layers: int) -> None:
        super().__init__()
        cfg = TransformerConfig(
            vocab_size=ASK + 1, max_positions=ITEMS + 1, width=32, n_layers=n_layers, n_heads=2
        )
        self.stack = Transformer(cfg)
        self.head = nn.Linear(cfg.width, DIGITS)

    def forward(
        self, ids: Tensor, records: list[AttentionRecord] | None = None, without: int = -1
    ) -> Tensor:
        """Scores of the answers (B, DIGITS); item `without` is read by no other position."""
        mask = bidirectional_mask(ITEMS + 1)
        if without >= 0:
            mask[:, without] = torch.arange(ITEMS + 1) == without
        return self.head(self.stack(ids, mask, records=records)[:, -1])


def asking_weights(records: list[AttentionRecord]) -> Tensor:
    """What ASK reads: (layers, B, ITEMS), the mean over heads."""
    return torch.stack([record.weights[:, :, -1, :ITEMS].mean(1) for record in records])


def train_pointer(n_layers: int, seed: int, *, hide: float = 0.0, steps: int = 600) -> Pointer:
    """Train a model that names the marked digit.

    Args:
        hide: above 0, the loss has a second term, hide times -log(1 - weight on the marked item),
            for each layer: a twin that is paid for reading elsewhere (as in Pruthi et al. 2020).
    """
    torch.manual_seed(seed)
    model, generator = Pointer(n_layers), torch.Generator().manual_seed(seed)

    def texts() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        while True:
            yield pointer_texts(128, generator)

    def loss(model: Pointer, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        ids, answers, marked = batch
        records: list[AttentionRecord] | None = [] if hide else None
        wrong = F.cross_entropy(model(ids, records), answers)
        if records is None:
            return wrong
        elsewhere = 1 - asking_weights(records)[:, marked]  # (layers, B)
        return wrong - hide * elsewhere.clamp_min(1e-6).log().mean()

    for _ in train(
        model, texts(), loss, TrainConfig(steps=steps, learning_rate=3e-3, warmup=steps // 6)
    ):
        pass
    return model.eval()


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's correlation along the last axis, the mean over all others."""
    a, b = (x - x.mean(-1, keepdim=True) for x in (a.double(), b.double()))
    norms = (a.norm(dim=-1) * b.norm(dim=-1)).clamp_min(1e-30)
    return ((a * b).sum(-1) / norms).mean().item()


@experiment("weights_and_relevance")
def weights_and_relevance(seed: int) -> dict[str, Any]:
    """Do weights say which item counts, in a model and in a twin paid to hide it? (E12)

    "out" is leave-one-out: how far the answer's probabilities move (total variation) when an item
    is read by nobody.
    """
    ids, answers, marked = pointer_texts(1000, torch.Generator().manual_seed(1000 + seed))
    found: dict[str, Any] = {}
    for n_layers in (1, 3):
        seen = {}
        for name, hide in (("model", 0.0), ("twin", 0.1)):
            model, records = train_pointer(n_layers, seed, hide=hide), list[AttentionRecord]()
            with torch.no_grad():
                p = model(ids, records).softmax(-1)  # (B, DIGITS)
                out = [(p - model(ids, without=i).softmax(-1)).abs().sum(-1) for i in range(ITEMS)]
            w, moved = asking_weights(records), torch.stack(out, dim=-1) / 2
            seen[name] = w
            found[f"{name}, {n_layers}"] = {
                "accuracy": (p.argmax(-1) == answers).double().mean().item(),
                "weight_on_mark": [layer[marked].mean().item() for layer in w],
                "weights_truth": [correlation(layer, marked) for layer in w],
                "weights_out": [correlation(layer, moved) for layer in w],
                "out_truth": correlation(moved, marked),
            }
        pairs = zip(seen["model"], seen["twin"], strict=True)
        found[f"model and twin, {n_layers}"] = [correlation(a, b) for a, b in pairs]
    return found
