"""What fine-tuning measures: parts that share no story, arms that differ in one thing, a table."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.experiments import fine_tuning, fine_tuning_arms, fine_tuning_rates, fine_tuning_table
from bertgpt.experiments.fine_tuning_arms import ARMS, TASKS, Budget, Parts
from bertgpt.gpt import GPT
from bertgpt.training import texts
from bertgpt.training.readouts import Example
from bertgpt.training.stories import draw_stories, toyland_vocab


@pytest.fixture
def few_stories(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A hundred times fewer of everything, and nothing kept from one test to the next."""
    for name, n in (("READ", 300), ("HELD", 300), ("TEST", 30), ("DEVELOPMENT", 10)):
        monkeypatch.setattr(fine_tuning_arms, name, n)
    cached = (fine_tuning_arms.held_stories, fine_tuning_arms._pool)
    for function in cached:
        function.cache_clear()
    yield monkeypatch
    for function in cached:
        function.cache_clear()


def small_starts() -> dict[str, BERT | GPT]:
    torch.manual_seed(0)
    cfg = TransformerConfig(
        vocab_size=len(toyland_vocab()), max_positions=96, width=8, n_layers=1, n_heads=2
    )
    return {"bert": BERT(cfg), "gpt": GPT(cfg)}


def test_what_the_models_have_read_is_what_pretraining_reads() -> None:
    assert (fine_tuning_arms.READ, fine_tuning_arms.READ_SEED) == (texts.STORIES, texts.STORY_SEED)


def texts_of(examples: list[Example]) -> set[tuple[int, ...]]:
    return {tuple(example.parts[0]) for example in examples}


@pytest.mark.parametrize("task", TASKS)
def test_no_story_is_in_two_parts(task: str, few_stories: pytest.MonkeyPatch) -> None:
    one, other = (fine_tuning_arms.parts(task, seed, 20, pool=200) for seed in (0, 1))
    stories = [texts_of(part) for part in (one.train, one.development, one.test)]
    assert [len(part) for part in stories] == [20, 10, 30]
    assert len(set.union(*stories)) == 60
    assert (one.test, one.development) == (other.test, other.development)
    assert not texts_of(one.train) & texts_of(other.train)
    assert fine_tuning_arms.parts(task, 0, 5, pool=200).train == one.train[:5]


def test_stories_that_the_models_have_read_are_left_out(few_stories: pytest.MonkeyPatch) -> None:
    """Here the first 40 of the stories for the test are read in pretraining."""
    read = draw_stories(40, fine_tuning_arms.HELD_SEED)
    few_stories.setattr(fine_tuning_arms, "draw_stories", lambda n, seed: read)
    held, n_left_out = fine_tuning_arms.held_stories()
    assert (len(held), n_left_out) == (260, 40)
    kept = {tuple(toyland_vocab().encode(story.words)) for story in held}
    assert not kept & {tuple(ids[1:-1]) for ids in read}


def test_too_few_stories_are_refused(few_stories: pytest.MonkeyPatch) -> None:
    message = r"60 stories give \d+ examples of 'span', and 50 were asked for; ask for fewer, or"
    with pytest.raises(ValueError, match=message):
        fine_tuning_arms.parts("span", 0, 50, pool=60)


@pytest.mark.parametrize("task", TASKS)
def test_the_floor_is_below_the_ceiling_and_rules_lie_between(
    task: str, few_stories: pytest.MonkeyPatch
) -> None:
    limits = fine_tuning_arms.limits(task)
    assert limits["ceiling"] == pytest.approx(1)
    between = [value for name, value in limits.items() if name not in ("ceiling", "floor")]
    assert between
    assert all(limits["floor"] < value <= 1 for value in between)
    if task == "sense":
        assert limits["left"] == pytest.approx(0.75)
        assert limits["floor"] == pytest.approx(1 / 16)  # of the senses, not of whole labellings


def test_arms_begin_with_the_weights_that_they_name() -> None:
    starts = small_starts()
    readout = TASKS["sentiment"].readout_at("last")
    models = {
        name: fine_tuning_arms.new_model(arm, readout, starts, 1) for name, arm in ARMS.items()
    }
    tables = {name: model.stack.tokens.weight for name, model in models.items()}
    assert torch.equal(tables["GPT"], starts["gpt"].stack.tokens.weight)
    assert torch.equal(tables["GPT unmasked"], tables["GPT"])
    assert torch.equal(tables["BERT"], starts["bert"].stack.tokens.weight)
    assert not torch.equal(tables["new weights"], tables["BERT"])
    assert models["new weights"].stack.cfg == models["BERT"].stack.cfg
    assert [type(model) for model in models.values()] == [BERT, GPT, BERT, BERT]
    on, off = models["GPT"].head.labels.weight, models["GPT unmasked"].head.labels.weight
    assert torch.equal(on, off)


def test_the_weights_that_an_arm_begins_with_are_asked_for_by_name() -> None:
    asked: list[str] = []

    def load(name: str) -> BERT | GPT:
        asked.append(name)
        return small_starts()["gpt"]

    assert isinstance(fine_tuning_arms.start_weights("gpt", load), GPT)
    assert asked == ["toyland-gpt"]


def test_each_number_of_labels_and_rate_is_learned_afresh() -> None:
    """Two words, and the label is the first of them; equal runs are equal, whatever came before."""
    examples = [Example(([5 + i % 2, 7 + i],), (i % 2,)) for i in range(40)]
    given = Parts(examples[:24], examples[24:32], examples[32:])
    budgets = {8: Budget(4, 4), 24: Budget(80, 8)}
    at, arm, starts = TASKS["sentiment"].readout_at, ARMS["GPT"], small_starts()
    runs = fine_tuning_arms.learn(at, arm, starts, given, budgets, (1e-3, 3e-2), 3)
    assert [(r["labels"], r["rate"]) for r in runs] == [
        (8, 1e-3),
        (8, 3e-2),
        (24, 1e-3),
        (24, 3e-2),
    ]
    assert runs[-1]["accuracy"] == 1.0
    alone = {24: Budget(80, 8)}
    again = fine_tuning_arms.learn(at, arm, starts, given, alone, (3e-2,), 3)
    assert again == runs[-1:]
    frozen = fine_tuning_arms.learn(at, arm, starts, given, alone, (3e-2,), 3, frozen=True)
    assert frozen[0]["loss"] > runs[-1]["loss"]


def test_rates_are_chosen_by_the_mean_development_loss() -> None:
    def value(low: float, high: float) -> dict[str, Any]:
        return {"losses": {"span": {"all weights": {"GPT": {"0.001": low, "0.003": high}}}}}

    at = ("span", "all weights", "GPT")
    assert fine_tuning_rates.best_rate([value(0.5, 0.7), value(0.9, 0.6)], *at) == 0.003
    assert fine_tuning_rates.best_rate([value(0.5, 0.7), value(0.7, 0.6)], *at) == 0.001


def test_rates_for_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = {"values": [{"weights": {"gpt": "one", "bert": "two"}}]}
    monkeypatch.setattr(fine_tuning, "load_result", lambda name: stored)
    monkeypatch.setattr(fine_tuning, "started", lambda: {"gpt": "one", "bert": "three"})
    with pytest.raises(ValueError, match="stored learning rates were chosen for other weights"):
        fine_tuning.fine_tuning(0)


def test_all_arms_are_measured_on_all_numbers_of_labels(few_stories: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str]] = []

    def rate(*at: str) -> float:
        asked.append(at)  # type: ignore[arg-type]
        return 1e-2

    few_stories.setattr(fine_tuning, "BUDGETS", {4: Budget(5, 4), 8: Budget(5, 4)})
    few_stories.setattr(fine_tuning, "HEAD_BUDGETS", {4: Budget(5, 4)})
    few_stories.setattr(fine_tuning_arms, "POOL", 200)
    found = fine_tuning.measure(0, small_starts(), rate, ["sense"])["sense"]
    assert {name: list(runs) for name, runs in found["all weights"].items()} == {
        name: ["4", "8"] for name in ARMS
    }
    assert list(found["head only"]) == ["BERT", "GPT", "GPT unmasked"]
    assert len(set(asked)) == 7
    for runs in (*found["all weights"].values(), *found["head only"].values()):
        assert all(0 <= run["accuracy"] <= 1 for run in runs.values())


def results(*accuracies: tuple[float, float]) -> list[dict[str, Any]]:
    return [
        {
            "limits": {"span": {"floor": 0.1, "ceiling": 1.0}},
            "tasks": {
                "span": {
                    "all weights": {
                        "BERT": {"50": {"accuracy": bert}},
                        "GPT": {"50": {"accuracy": gpt}},
                    }
                }
            },
        }
        for bert, gpt in accuracies
    ]


def test_the_table_has_intervals_over_seeds() -> None:
    values = results((0.5, 0.4), (0.7, 0.6))
    found = fine_tuning_table.accuracies(values)["span"]["all weights"]["BERT"][50]
    assert found.mid == pytest.approx(0.6)
    assert found.low < 0.5 < 0.7 < found.high
    lines = fine_tuning_table.report(results((0.5, 0.4), (0.5, 0.5), (0.5, 0.6))).split("\n")
    assert lines[0].split() == ["task", "labels", "BERT", "GPT", "floor", "ceiling"]
    assert lines[1].split("  ")[0] == "span"
    assert "0.50 (0.50 to 0.50)" in lines[1]
    assert lines[1].endswith("0.10  1.00")
    assert all(len(line) <= 100 for line in lines)


def test_a_gain_is_that_of_pairs() -> None:
    """Both arms are better in the second seed, and their difference is the same."""
    gain = fine_tuning_table.gains(results((0.5, 0.4), (0.7, 0.6)), "span", 50, "BERT", "GPT")
    assert (gain.low, gain.mid, gain.high) == pytest.approx((0.1, 0.1, 0.1))
