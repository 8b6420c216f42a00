"""The topic of a paragraph: every model reads the same words, and the rate is chosen unseen."""

from typing import Any

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS, tiny
from bertgpt.experiments import fine_tuning_topic as topic
from bertgpt.experiments.fine_tuning_arms import ARMS, Budget
from bertgpt.gpt import GPT

V = 200


def encode(text: str) -> list[int]:
    """Ids by the first letter of each word: little to learn from, but the same for all models."""
    return [len(SPECIAL_IDS) + ord(word[0]) % 100 for word in text.split()]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    torch.manual_seed(0)
    stack = tiny(V, max_positions=64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topic, "BUDGETS", {40: Budget(4, 8)})
        patch.setattr(topic, "RATES", (1e-5, 1e-2))
        patch.setattr(topic, "HELD", 40)
        starts: Any = {"bert": BERT(stack).eval(), "gpt": GPT(stack).eval()}
        return topic.measure(0, starts, encode)


def test_each_model_answers_at_the_rate_that_development_chose(found: dict[str, Any]) -> None:
    assert list(found["arms"]) == list(ARMS)
    for runs in found["arms"].values():
        assert list(runs) == ["40"]
        assert runs["40"]["rate"] in (1e-5, 1e-2)
        assert 0 <= runs["40"]["accuracy"] <= 1


def test_what_is_reached_without_a_network_stands_beside(found: dict[str, Any]) -> None:
    assert 0.25 <= found["floor"] < 0.75  # four topics, and the commonest is no majority of all
    assert list(found["counts"]) == ["40"]
    assert 0.25 < found["counts"]["40"] < 1


def test_the_answer_is_read_where_the_model_has_read_all() -> None:
    assert topic.topic_at("last") != topic.topic_at("first")
