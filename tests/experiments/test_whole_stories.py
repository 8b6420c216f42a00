"""The LSTM is tuned on stories that test nothing, and its stories are judged by the grammar."""

from dataclasses import replace

import pytest

from bertgpt.experiments import whole_stories
from bertgpt.experiments.whole_stories import measure
from bertgpt.training.measured import first
from bertgpt.training.texts import toyland_texts


def test_the_better_rate_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_stories, "DEVELOPMENT", 20)
    monkeypatch.setattr(whole_stories, "RATES", (1e-5, 1e-2))
    monkeypatch.setattr(whole_stories, "WIDTH", 32)
    texts = toyland_texts(300)
    found = measure(0, 10, replace(texts, test=first(texts.test, 30)), updates=20, tried=20)
    assert found["rate"] == 1e-2
    assert found["development"]["0.01"] < found["development"]["1e-05"]
    assert found["floor"] < found["bits"] < 8.3  # log2 of the vocabulary: it knows nothing yet
    assert found["whole"] <= found["different"] <= 10
