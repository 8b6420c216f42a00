"""The arms: what they share, and what each update asks."""

from dataclasses import replace

import pytest
import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled import arms
from bertgpt.controlled.arms import ARMS, MASKED, NEXT, SHIFTED, Arm, new_model, trained
from bertgpt.controlled.language import all_texts, drawn
from bertgpt.objectives import IGNORE
from bertgpt.training.recipe import Task


def batch() -> torch.Tensor:
    return all_texts().ids[drawn(8, torch.Generator().manual_seed(0))]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def test_all_arms_begin_with_one_stack() -> None:
    first = new_model(ARMS["causal, next"], 3).stack.state_dict()
    for name, arm in ARMS.items():
        for key, weight in new_model(arm, 3).stack.state_dict().items():
            assert torch.equal(weight, first[key]), f"{name}: {key}"
    other = new_model(ARMS["causal, next"], 4).stack.state_dict()
    assert not torch.equal(other["tokens.weight"], first["tokens.weight"])


def test_one_head_has_no_weights_and_the_other_some() -> None:
    sizes = {n: sum(p.numel() for p in new_model(a, 0).parameters()) for n, a in ARMS.items()}
    plain = {n for n in sizes if "BERT's head" not in n}
    assert len({sizes[n] for n in plain}) == 1
    assert {n for n in sizes if sizes[n] > sizes["causal, next"]} == set(ARMS) - plain


def test_arms_read_the_same_tokens_and_guess_as_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "TEXTS", 8)
    counts = {n: trained(ARMS[n], 0, 1e-3, 4)[1] for n in ("causal, next", "full, 40 %")}
    assert counts["causal, next"].tokens == counts["full, 40 %"].tokens
    # Each token but [CLS] is a guess.
    assert counts["causal, next"].guesses == counts["causal, next"].tokens - 4 * 8
    share = counts["full, 40 %"].guesses / counts["causal, next"].guesses
    assert share == pytest.approx(0.4 * 10.2 / 11.2, abs=0.08)


def test_an_arm_with_a_share_guesses_as_often_as_the_masked_one() -> None:
    words = float((all_texts().probabilities * n_words()).sum())
    few = ARMS["causal, next, guesses of 40 %"]
    assert few.share * (words + 1) == pytest.approx(MASKED.rate * words, rel=0.01)
    assert replace(few, share=1.0) == ARMS["causal, next"]


def n_words() -> torch.Tensor:
    return (all_texts().ids != SPECIAL_IDS.pad).sum(dim=1) - 2


def test_a_shifted_lesson_asks_the_same_words_one_position_earlier() -> None:
    plain, shifted = MASKED.task(batch(), generator()), SHIFTED.task(batch(), generator())
    assert torch.equal(plain.seen, shifted.seen)
    assert torch.equal(plain.targets[:, 1:], shifted.targets[:, :-1])
    assert torch.equal(plain.weights[:, 1:], shifted.weights[:, :-1])
    assert bool((shifted.targets[:, -1] == IGNORE).all())
    assert (MASKED.reads, SHIFTED.reads, NEXT.reads) == ("at", "before", "before")


def test_stages_and_turns_come_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[str] = []
    task = arms.Lesson.task

    def noted(self: arms.Lesson, ids: torch.Tensor, g: torch.Generator) -> Task:
        taken.append(self.objective)
        return task(self, ids, g)

    monkeypatch.setattr(arms.Lesson, "task", noted)
    monkeypatch.setattr(arms, "TEXTS", 4)
    for name, wanted in (
        ("causal first", ["next-token"] * 2 + ["masked"] * 2),
        ("masked first", ["masked"] * 2 + ["next-token"] * 2),
        ("both by turns", ["next-token", "masked"] * 2),
    ):
        taken.clear()
        trained(ARMS[name], 0, 1e-3, 4)
        assert taken == wanted, name


def test_a_model_in_training_is_looked_at_after_equal_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arms, "TEXTS", 4)
    monkeypatch.setattr(arms, "LOOKS", 2)
    seen: list[int] = []
    trained(ARMS["causal, next"], 0, 1e-3, 6, lambda updates, _: seen.append(updates))
    assert seen == [3, 6]


def test_a_full_mask_lets_the_next_token_be_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arms, "TEXTS", 16)
    task = Arm(((arms.Lesson("full", "next-token"),),)).lessons[0].task(batch(), generator())
    asked = task.targets != IGNORE
    text, place = asked.nonzero(as_tuple=True)
    assert bool(task.readable[text, 0, place, place + 1].all())
    hidden = NEXT.task(batch(), generator()).readable[text, 0, place, place + 1]
    assert not bool(hidden.any())
