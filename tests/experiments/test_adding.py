"""The nets of the adding problem, and what the stored results say of them."""

import pytest
import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import adding_nets
from bertgpt.recurrent.lstm import LSTM
from bertgpt.tasks.adding import adding_batch


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_lstms_start_alike_but_for_the_forget_gate() -> None:
    nets = {kind: net.make() for kind, net in adding_nets.NETS.items() if kind.startswith("LSTM")}
    for net in nets.values():
        assert isinstance(net, LSTM)
        assert (net.inputs.bias[: adding_nets.WIDTH] == -3).all()
    D = adding_nets.WIDTH
    for b in (1, 3):
        part = nets[f"LSTM 2000, bias {b}"].inputs.bias[2 * D : 3 * D]
        assert (part == b).all()
    assert not nets["LSTM 1997"].forget


def test_the_same_seed_learns_the_same() -> None:
    runs = [
        [step.loss for step in adding_nets.learn(adding_nets.Adder("LSTM 1997", seed), 6, 3, seed)]
        for seed in (4, 4, 5)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_the_answer_is_read_off_the_last_state() -> None:
    model = adding_nets.Adder("tanh RNN", 0)
    x = torch.rand(3, 6, 2, requires_grad=True)
    y = model(x)
    assert y.shape == (3,)
    (grad,) = torch.autograd.grad(y[0], x)
    assert (grad[0, -1] != 0).any()
    assert (grad[1:] == 0).all()


@pytest.mark.parametrize("T", [50, 100, 200])
def test_the_adding_problem_in_each_seed(T: int) -> None:
    result = load_result(f"adding_{T}")
    for seed, value in zip(result["seeds"], result["values"], strict=True):
        _, total = adding_batch(1000, T, seeded(1000 + seed))  # those it was tested on
        always_1 = (total - 1).square().mean().item()
        assert value["tanh RNN"][-1] > 0.95 * always_1
        if T < 200:  # with 200 steps and half of the updates, not all seeds get there
            assert value["LSTM 1997"][-1] < 0.005
            assert value["LSTM 2000, bias 3"][-1] < 0.005
