"""The grid: floors in their order, what a column hides, which columns an arm was trained for."""

import pytest
import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.controlled import grid
from bertgpt.controlled.arms import ARMS, new_model
from bertgpt.controlled.language import all_texts, drawn
from bertgpt.controlled.readers import is_special


def texts(n: int = 8) -> torch.Tensor:
    return all_texts().ids[drawn(n, torch.Generator().manual_seed(5))]


def test_who_sees_more_is_less_surprised() -> None:
    found = grid.floors(texts())
    assert list(found) == list(grid.COLUMNS)
    assert found["causal"] == found["prefix"] > found["full, rest [MASK]"] > found["full"] > 0
    assert found["full"] == found["full, unread"]
    assert found["full, shown"] == 0


def test_one_column_hides_the_words_that_follow_and_no_other_does() -> None:
    ids = texts(3)
    plain, place = grid.questions(ids, "full")
    hidden, same = grid.questions(ids, "full, rest [MASK]")
    assert torch.equal(place, same)
    columns = torch.arange(16)
    later = (columns > place[:, None]) & ~is_special()[plain]
    assert bool((hidden[later] == SPECIAL_IDS.mask).all())
    assert torch.equal(hidden[~later], plain[~later])
    assert not bool((plain == SPECIAL_IDS.mask).any())


def test_arms_are_judged_by_what_their_last_stage_taught() -> None:
    wanted = {
        "causal, next": ("causal",),
        "full, 15 %": ("full",),
        "full, all rates": ("full", "full, rest [MASK]"),
        "prefix, next": ("prefix",),
        "prefix, 40 %": ("prefix", "full"),
        "full, next": ("full, shown",),
        "both by turns": ("causal", "full"),
        "causal first": ("full",),
        "masked first": ("causal",),
    }
    assert {name: grid.native(ARMS[name]) for name in wanted} == wanted


def test_guesses_are_read_where_the_arm_was_trained_to_make_them() -> None:
    bert = new_model(ARMS["causal first"], 0).eval()
    reads = {
        (name, column): grid.asked(bert, ARMS[name], column).reads
        for name in ("causal, next", "full, 40 %", "both by turns", "causal first")
        for column in ("causal", "full")
    }
    assert {key for key, place in reads.items() if place == "at"} == {
        ("full, 40 %", "causal"), ("full, 40 %", "full"), ("causal first", "full"),
    }  # fmt: skip


def test_a_row_has_every_column() -> None:
    arm = ARMS["full, 40 %"]
    found = grid.row(new_model(arm, 0).eval(), arm, texts(2))
    assert list(found) == list(grid.COLUMNS)


@pytest.mark.parametrize(("repeats", "share"), [(True, 1.0), (False, 0.0)])
def test_who_says_what_it_sees_repeats_all_of_it(
    repeats: bool, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sees:
        def guess(self, ids: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            word = ids[torch.arange(len(ids)), places] + (not repeats)
            return torch.nn.functional.one_hot(word, 99).float().log()

    monkeypatch.setattr(grid, "asked", lambda *_: Sees())
    arm = ARMS["full, 40 %"]
    assert grid.shown_share(new_model(arm, 0), arm, texts(3)) == share
