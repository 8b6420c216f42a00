"""The next number of a series, from a recurrent state."""

import pytest
import torch

from bertgpt.experiments.next_value import NextValue
from bertgpt.recurrent.rnn import RNN


def test_the_next_value_is_asked_of_the_last_number_alone() -> None:
    torch.manual_seed(0)
    net, x = NextValue(), torch.randn(4, 6)
    assert net(x).shape == (4, 6)
    right = (net(x[:, :-1])[:, -1] - x[:, -1]).pow(2).mean()
    assert net.loss(x).item() == pytest.approx(right.item())
    assert isinstance(net.rnn, RNN)
