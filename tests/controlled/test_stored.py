"""What the controlled experiment stored: alike in all but what it compares, and above floors."""

from typing import Any

import pytest

from bertgpt.controlled.arms import ARMS, UPDATES
from bertgpt.controlled.grid import COLUMNS, native
from bertgpt.controlled.summary import ABILITIES, over
from bertgpt.evaluation.results import RESULTS, load_result
from bertgpt.experiments.controlled_seed import stored_rates

STORED = [n for n in ("controlled", "controlled_held") if (RESULTS / f"{n}.json").is_file()]
SAMPLING = 0.01  # bits by which a model can seem better than the best reader, on few texts


@pytest.fixture(params=STORED)
def values(request) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load_result(request.param)["values"]
    return found


def test_each_arm_has_the_rate_that_was_chosen_for_it(values):
    rates = stored_rates()
    for value in values:
        assert {name: arm["rate"] for name, arm in value["arms"].items()} == rates


def test_arms_differ_in_what_they_say_and_in_nothing_else(values):
    for value in values:
        counts = {name: arm["counts"] for name, arm in value["arms"].items()}
        assert {c["tokens"] for name, c in counts.items() if ARMS[name].share == 1} == {
            counts["causal, next"]["tokens"]
        }
        for name, c in counts.items():
            assert c["updates"] == round(UPDATES * ARMS[name].share)
            larger = ARMS[name].head is not ARMS["causal, next"].head
            assert (c["parameters"] > counts["causal, next"]["parameters"]) == larger
        few = counts["causal, next, guesses of 40 %"]["guesses"]
        assert few == pytest.approx(counts["full, 40 %"]["guesses"], rel=0.02)


def test_no_arm_knows_more_than_the_best_reader(values):
    for value in values:
        for name, arm in value["arms"].items():
            for column in COLUMNS:
                floor = value["limits"]["grid"][column]
                assert arm["grid"][column] > floor - SAMPLING, (name, column)


READ = {  # what is read in a column in which the answer is not shown
    "causal": "left", "prefix": "left", "full, rest [MASK]": "length", "full": "both",
    "full, unread": "both",
}  # fmt: skip


def test_each_arm_knows_best_what_it_was_trained_for(values):
    """Measured from the floor of each column."""
    for name, arm in ARMS.items():
        if name == "full, next":
            continue
        for value in values:
            grid, floors = value["arms"][name]["grid"], value["limits"]["grid"]
            above = {column: grid[column] - floors[column] for column in READ}
            best = min(above, key=above.__getitem__)
            assert READ[best] in {READ[column] for column in native(arm)}, (name, above)


@pytest.mark.parametrize("name", ABILITIES)
def test_an_ability_leaves_room_between_its_floor_and_its_ceiling(name, values):
    it = ABILITIES[name]
    room = over(values, it.ceiling).mid - over(values, it.floor).mid
    assert abs(room) > 0.1
