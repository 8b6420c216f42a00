"""The training loop: rates, clipping, decay, and that it stops and yields as it says."""

import itertools
import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from bertgpt.training.train import Step, TrainConfig, finish, forever, train


def squares(model: nn.Module, batch: Tensor) -> Tensor:
    return model(batch).pow(2).mean()


def setting(seed: int = 0) -> tuple[nn.Module, list[Tensor]]:
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(5, 4), nn.LayerNorm(4), nn.Linear(4, 3))
    return model, [torch.randn(7, 5) for _ in range(3)]


def test_the_rate_rises_in_a_line_and_falls_along_a_cosine() -> None:
    cfg = TrainConfig(steps=110, learning_rate=0.2, warmup=10, final_share=0.1)
    assert cfg.rate(1) == pytest.approx(0.02)
    assert cfg.rate(5) == pytest.approx(0.1)
    assert cfg.rate(10) == pytest.approx(0.2)
    assert cfg.rate(60) == pytest.approx(0.2 * (0.1 + 0.9 / 2))  # half way down
    assert cfg.rate(110) == pytest.approx(0.02)
    rates = [cfg.rate(n) for n in range(1, 111)]
    assert rates == sorted(rates[:10]) + sorted(rates[10:], reverse=True)
    flat = TrainConfig(steps=5, learning_rate=0.2, final_share=1.0)
    assert [flat.rate(n) for n in range(1, 6)] == pytest.approx([0.2] * 5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps": 0}, "steps=0 must be at least 1, a whole number"),
        ({"steps": 2.5}, "steps=2.5 must be at least 1, a whole number"),
        ({"steps": 5, "warmup": 5}, "warmup=5 must be at least 0 and below steps=5"),
        ({"steps": 5, "warmup": -1}, "warmup=-1 must be at least 0 and below steps=5"),
        ({"steps": 5, "learning_rate": 0.0}, "learning_rate=0.0 .* 1e-3, 1 and 0.1 are usual"),
        ({"steps": 5, "clip_norm": 0.0}, "clip_norm=0.0 must be above 0"),
        ({"steps": 5, "weight_decay": -1.0}, "weight_decay=-1.0 must be at least 0; 0.01 is usual"),
        ({"steps": 5, "final_share": 1.5}, "final_share=1.5 between 0 and 1"),
    ],
    ids=lambda x: str(x) if isinstance(x, dict) else "",
)
def test_a_training_that_cannot_be(given: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TrainConfig(**given)


def test_it_stops_at_steps_and_takes_no_batch_too_many() -> None:
    model, batches = setting()
    taken = 0

    def endless() -> Iterator[Tensor]:
        nonlocal taken
        for batch in itertools.cycle(batches):
            taken += 1
            yield batch

    steps = list(train(model, endless(), squares, TrainConfig(steps=8)))
    assert [step.number for step in steps] == list(range(1, 9))
    assert taken == 8
    assert all(isinstance(step, Step) for step in steps)
    assert [step.rate for step in steps] == [TrainConfig(steps=8).rate(n) for n in range(1, 9)]


def test_it_stops_when_the_batches_are_over() -> None:
    model, batches = setting()
    assert len(list(train(model, batches, squares, TrainConfig(steps=8)))) == 3


def test_the_caller_may_stop() -> None:
    """Nothing is done before it is asked for, and nothing after."""
    model, batches = setting()
    before = model[0].weight.detach().clone()
    running = train(model, batches, squares, TrainConfig(steps=3))
    assert torch.equal(model[0].weight, before)
    first = next(running)
    after = model[0].weight.detach().clone()
    assert not torch.equal(after, before)
    running.close()
    assert torch.equal(model[0].weight, after)
    assert first.loss == pytest.approx(squares(setting()[0], batches[0]).item())


def test_a_step_tells_loss_and_norm_before_the_update() -> None:
    model, batches = setting()
    (step,) = train(model, batches[:1], squares, TrainConfig(steps=1, clip_norm=1e-3))
    same, _ = setting()
    loss = squares(same, batches[0])
    loss.backward()
    norm = torch.cat([p.grad.flatten() for p in same.parameters()]).norm().item()
    assert step.loss == pytest.approx(loss.item())
    assert step.grad_norm == pytest.approx(norm)
    assert norm > 0.01  # far above clip_norm: the norm told is that before clipping


def test_it_is_adamw_by_hand() -> None:
    """Against AdamW written out: rates, clipping, and decay of matrices alone, three steps."""
    cfg = TrainConfig(steps=3, learning_rate=0.1, warmup=1, weight_decay=0.5, clip_norm=0.05)
    model, batches = setting()
    list(train(model, batches, squares, cfg))
    want, _ = setting()
    state = {n: (torch.zeros_like(p), torch.zeros_like(p)) for n, p in want.named_parameters()}
    for t, batch in enumerate(batches, 1):
        want.zero_grad()
        squares(want, batch).backward()
        norm = torch.cat([p.grad.flatten() for p in want.parameters()]).norm()
        share = min(1.0, 0.05 / norm.item())
        rate = cfg.rate(t)
        with torch.no_grad():
            for name, p in want.named_parameters():
                g = p.grad * share
                m, v = state[name]
                m.mul_(0.9).add_(g, alpha=0.1)
                v.mul_(0.999).add_(g * g, alpha=0.001)
                if p.ndim > 1:
                    p.mul_(1 - rate * 0.5)
                p.sub_(rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8))
    for (name, ours), (_, theirs) in zip(
        model.named_parameters(), want.named_parameters(), strict=True
    ):
        assert_close(ours, theirs, rtol=0, atol=1e-5, msg=name)


def test_a_large_gradient_is_cut_and_a_small_one_is_not() -> None:
    """AdamW forgets the scale of all gradients alike; one large batch among small ones counts."""
    ends = []
    for clip in (1e-2, 1e9):
        model, batches = setting()
        batches = [batches[0], 1e3 * batches[1], batches[2]]
        heads = nn.Sequential(model[0], model[2])  # no norm between: the scale comes through
        list(train(heads, batches, squares, TrainConfig(steps=3, clip_norm=clip)))
        ends.append(heads[0].weight.detach().clone())
    assert (ends[0] - ends[1]).abs().max() > 1e-4


def test_frozen_weights_stay() -> None:
    model, batches = setting()
    model[0].requires_grad_(False)
    before = [p.detach().clone() for p in model[0].parameters()]
    list(train(model, batches, squares, TrainConfig(steps=3, learning_rate=0.1)))
    assert all(torch.equal(a, b) for a, b in zip(before, model[0].parameters(), strict=True))
    assert model.training


def test_training_turns_dropout_on() -> None:
    """A model that has just been evaluated trains as a new one does."""
    model, batches = setting()
    model.eval()
    modes = []

    def loss(model: nn.Module, batch: Tensor) -> Tensor:
        modes.append(model.training)
        return squares(model, batch)

    list(train(model, batches, loss, TrainConfig(steps=3)))
    assert modes == [True] * 3
    assert model.training


def test_batches_can_go_on_forever_and_training_be_finished() -> None:
    model, (batch, *_) = setting()
    drawn = []

    def draw() -> Tensor:
        drawn.append(batch)
        return batch

    last = finish(train(model, forever(draw), squares, TrainConfig(steps=5)))
    assert last.number == 5
    assert len(drawn) >= 5
    again, _ = setting()
    assert last == [*train(again, itertools.repeat(batch), squares, TrainConfig(steps=5))][-1]


def test_training_without_a_batch_has_no_last_step() -> None:
    model, _ = setting()
    with pytest.raises(ValueError, match="training made no step; there were no batches"):
        finish(train(model, [], squares, TrainConfig(steps=5)))


@pytest.mark.parametrize("bad", ["loss", "gradient"])
def test_a_step_that_is_not_a_number_changes_nothing(bad: str) -> None:
    """A loss of nan, and a sound loss whose gradient is infinite; the weights can still be used."""
    model, batches = setting()
    cfg = TrainConfig(steps=3, learning_rate=0.1)

    def loss(model: nn.Module, batch: Tensor) -> Tensor:
        value = squares(model, batch)
        if batch is not batches[1]:
            return value
        if bad == "loss":
            return value * torch.nan
        # the gradient of the root at 0 is infinite
        return value + (model[2].bias - model[2].bias.detach()).pow(2).sum().sqrt()

    running = train(model, batches, loss, cfg)
    next(running)
    before = [p.detach().clone() for p in model.parameters()]
    message = (
        rf"step 2: loss={'nan' if bad == 'loss' else '[0-9.]+'}, gradient norm nan; .*\(now 0.1\)"
    )
    with pytest.raises(ValueError, match=message):
        next(running)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_a_norm_that_overflows_is_no_reason_to_stop() -> None:
    """Each gradient is a number; clipping makes them 0."""
    model, batches = setting()
    (step,) = train(model, batches[:1], lambda m, b: 1e25 * squares(m, b), TrainConfig(steps=1))
    assert step.grad_norm == math.inf
    assert all(p.isfinite().all() for p in model.parameters())
