"""Judges of opinions: a mean cannot tell twins apart, recurrent nets can."""

import torch

from bertgpt.evaluation.results import load_result
from bertgpt.experiments.order import Judge, trained_judge


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


def test_each_seed_has_first_weights_of_its_own() -> None:
    """One update moves a weight by 0.01 at most; the weights of two seeds differ by far more."""
    one, again, other = (trained_judge("mean", s, steps=1).table.weight for s in (0, 0, 1))
    assert torch.equal(one, again)
    assert (one - other).abs().max() > 0.5


def test_a_mean_is_right_half_of_the_time() -> None:
    for value in load_result("order")["values"]:
        assert value == {"mean": [0.5, 0.5], "RNN": [1.0, 1.0], "LSTM": [1.0, 1.0]}
