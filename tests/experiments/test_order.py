"""Judges of opinions: a mean cannot tell twins apart, recurrent nets can."""

import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments.order import Judge


def test_a_mean_gives_twins_the_same_answer_and_an_lstm_does_not() -> None:
    torch.manual_seed(0)
    twins = ["it was good , not bad", "it was bad , not good"]
    mean, lstm = Judge("mean")(twins), Judge("LSTM")(twins)
    torch.testing.assert_close(mean[0], mean[1], rtol=0, atol=1e-6)
    assert (lstm[0] - lstm[1]).abs() > 1e-3


def test_padding_does_not_change_a_judgement() -> None:
    torch.manual_seed(0)
    short, long = "it was kind , not dull", "it was warm rather than cold it was"
    for kind in ("mean", "RNN", "LSTM"):
        judge = Judge(kind)
        torch.testing.assert_close(judge([short, long])[:1], judge([short]), rtol=0, atol=1e-6)


def test_a_mean_is_right_half_of_the_time() -> None:
    for value in load_result("order")["values"]:
        assert value == {"mean": [0.5, 0.5], "RNN": [1.0, 1.0], "LSTM": [1.0, 1.0]}
