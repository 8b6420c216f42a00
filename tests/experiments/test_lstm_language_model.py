"""The LSTM beside GPT: its surprise, its training and its draws."""

from math import log

import pytest
import torch

from bertgpt.experiments.lstm_language_model import (
    LSTMLanguageModel,
    bits_of,
    learn,
    left_to_right,
    surprise,
    write,
)
from bertgpt.training.held_out import Surprise
from bertgpt.training.ragged import Ragged
from bertgpt.training.train import TrainConfig

TEXTS = Ragged.of([[2, 5, 6, 5, 3], [2, 6, 3], [2, 5, 5, 6, 6, 5, 3]] * 4)


def new() -> LSTMLanguageModel:
    torch.manual_seed(0)
    return LSTMLanguageModel(8, 32)


def test_texts_read_together_surprise_as_each_by_itself() -> None:
    model = new().eval()
    each = [left_to_right(model, Ragged.of([text]), pad=0) for text in TEXTS]
    found = left_to_right(model, TEXTS, pad=0)
    assert found.guesses == sum(one.guesses for one in each) == sum(TEXTS.lengths) - len(TEXTS)
    assert found.nats == pytest.approx(sum(one.nats for one in each), rel=1e-6)


def test_a_later_token_changes_no_earlier_surprise() -> None:
    model = new().eval()
    one, other = torch.tensor([[2, 5, 6, 5]]), torch.tensor([[2, 5, 6, 7]])
    before, after = surprise(model, one, 0)[0], surprise(model, other, 0)[0]
    assert torch.equal(before[:2], after[:2])
    assert before[2] != after[2]


@pytest.fixture(scope="module")
def trained() -> LSTMLanguageModel:
    model = new()
    cfg = TrainConfig(steps=250, learning_rate=3e-2, warmup=10, final_share=0.02)
    learn(model, TEXTS, cfg, batch=12, seed=0, pad=0)
    return model


def test_training_brings_it_near_the_entropy(trained: LSTMLanguageModel) -> None:
    # three texts, equally often: all that is left is which one it is, log 3 nats for each
    nats = left_to_right(trained, TEXTS, pad=0).nats / len(TEXTS)
    assert log(3) - 1e-3 < nats < log(3) + 0.1


def test_it_writes_what_it_has_learned_as_often_as_it_was_there(
    trained: LSTMLanguageModel,
) -> None:
    drawn = write(
        trained, 600, first=2, end=3, longest=10, generator=torch.Generator().manual_seed(0)
    )
    known = [text[1:-1] for text in list(TEXTS)[:3]]
    shares = [sum(text == k for text in drawn) / 600 for k in known]
    assert sum(shares) > 0.93
    assert all(0.25 < share < 0.42 for share in shares)


def test_a_text_without_an_end_is_cut() -> None:
    drawn = write(new(), 5, first=2, end=99, longest=4, generator=torch.Generator().manual_seed(0))
    assert [len(text) for text in drawn] == [4] * 5


def test_bits_of_bytes() -> None:
    assert bits_of(Surprise(nats=8 * log(2), guesses=3), n_bytes=4) == pytest.approx(2)
