"""Counters on streams that are never reset."""

import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments import stream


def test_the_counter_goes_on_where_it_stopped() -> None:
    torch.manual_seed(0)
    model, x = stream.Counter(forget=True), torch.rand(2, 12, 1)
    whole = model(x)
    model.state = None
    halves = torch.cat([model(x[:, :5]), model(x[:, 5:])], 1)
    torch.testing.assert_close(halves, whole, rtol=0, atol=1e-6)
    assert model.state is not None
    assert not model.state[1].requires_grad


def test_the_largest_cell_of_each_seed() -> None:
    for value in load_result("stream")["values"]:
        assert value["LSTM 1997"]["cell"][-1] > 1000
        assert value["LSTM 2000"]["cell"][-1] < 10
        assert value["LSTM 1997"]["error"][1] > 10 * value["LSTM 2000"]["error"][1]
