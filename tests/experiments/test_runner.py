"""Experiments are stored seed by seed, and a page reads only what is whole."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from bertgpt.evaluation.results import load_result, save_result
from bertgpt.experiments import experiment, main, runner


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One registered experiment, "square" of seeds 0, 1, 2; returns the seeds that it ran."""
    ran: list[int] = []
    monkeypatch.setattr(runner, "REGISTERED", {})
    monkeypatch.setattr(runner, "FOLDER", Path("no such folder"))

    @experiment("square", seeds=range(3))
    def square(seed: int) -> dict[str, int]:
        ran.append(seed)
        return {"square": seed**2}

    return ran


def run(folder: Path, *arguments: str) -> int:
    return main([*arguments, "--folder", str(folder)])


def test_a_result_says_what_was_measured_and_how(registry, tmp_path: Path, capsys) -> None:
    assert run(tmp_path, "square") == 0
    result = load_result("square", tmp_path)
    assert result["seeds"] == result["planned"] == [0, 1, 2]
    assert result["values"] == [{"square": 0}, {"square": 1}, {"square": 4}]
    assert len(result["seconds"]) == 3
    assert {"python", "torch", "numpy", "scipy", "gensim"} <= set(result["made_with"]["versions"])
    assert {"machine", "cores", "gpu"} == set(result["made_with"]["hardware"])
    assert len(result["date"].split("-")) == 3
    out = capsys.readouterr().out
    assert "square: 0 of 3 seeds are stored" in out
    assert "square: seed 2 took 0.0 s" in out


def test_no_name_runs_everything(registry, tmp_path: Path) -> None:
    experiment("other", seeds=[7])(lambda seed: {"seed": seed})
    assert run(tmp_path) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other.json", "square.json"]


def test_finished_seeds_are_not_run_again(registry, tmp_path: Path) -> None:
    run(tmp_path)
    before = (tmp_path / "square.json").read_text()
    run(tmp_path)
    assert registry == [0, 1, 2]
    assert (tmp_path / "square.json").read_text() == before
    run(tmp_path, "--fresh")
    assert registry == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError("no memory")])
def test_an_interrupt_loses_the_seed_in_progress_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys, stop
) -> None:
    monkeypatch.setattr(runner, "REGISTERED", {})
    monkeypatch.setattr(runner, "FOLDER", Path("no such folder"))
    ran, fail = [], {2}

    @experiment("fragile", seeds=range(4))
    def fragile(seed: int) -> dict[str, int]:
        ran.append(seed)
        if seed in fail:
            raise stop
        return {"seed": seed}

    if stop is KeyboardInterrupt:
        assert run(tmp_path) == 130
        assert "the finished seeds are stored" in capsys.readouterr().err
    else:  # an experiment's own error keeps its traceback
        with pytest.raises(ValueError, match="no memory"):
            run(tmp_path)
    with pytest.raises(ValueError, match=r"'fragile' has no seeds \[2, 3\]; finish it: python -m"):
        load_result("fragile", tmp_path)
    fail.clear()
    assert run(tmp_path) == 0
    assert ran == [0, 1, 2, 2, 3]
    assert load_result("fragile", tmp_path)["seeds"] == [0, 1, 2, 3]


def test_more_seeds_can_be_planned_later(registry, tmp_path: Path) -> None:
    run(tmp_path)
    run_one, _ = runner.REGISTERED["square"]
    runner.REGISTERED["square"] = run_one, [0, 1, 2, 3]
    run(tmp_path)
    assert registry == [0, 1, 2, 3]
    assert load_result("square", tmp_path)["planned"] == [0, 1, 2, 3]


@pytest.mark.parametrize("part", ["versions", "hardware", "code"])
def test_unlike_seeds_are_not_mixed(registry, tmp_path: Path, capsys, part: str) -> None:
    run(tmp_path)
    path = tmp_path / "square.json"
    stored = json.loads(path.read_text())
    stored["made_with"][part] = "another"
    save_result(path, stored)
    assert run(tmp_path) == 0  # whole: nothing to add, nothing to mix
    for key in ("seeds", "values", "seconds"):
        stored[key].pop()
    save_result(path, stored)
    assert run(tmp_path) == 1
    said = capsys.readouterr().err
    assert f"'square' were made with other {part}, and seeds are" in said
    # Only of code can it be shown that it makes no difference to what is stored.
    assert ("--check square" in said) == (part == "code")
    assert json.loads(path.read_text()) == stored
    assert run(tmp_path, "--fresh") == 0
    assert load_result("square", tmp_path)["made_with"][part] != "another"


def test_an_unknown_experiment_is_told_the_known_ones(registry, tmp_path: Path, capsys) -> None:
    assert run(tmp_path, "cube") == 1
    assert "no experiment is called 'cube'; there are: square" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_result_is_told_the_stored_ones(registry, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no result is called 'cube'; there are: none"):
        load_result("cube", tmp_path)
    run(tmp_path)
    with pytest.raises(
        ValueError, match=r"there are: square. .* python -m bertgpt.experiments cube"
    ):
        load_result("cube", tmp_path)


def damage(path: Path) -> list[str]:
    whole = path.read_text()
    other = json.loads(whole)
    uneven, bare = dict(other, seconds=[]), {k: v for k, v in other.items() if k != "planned"}
    renamed = dict(other, name="cube")
    return [whole[:-20], "", "[]", "7", *map(json.dumps, (uneven, bare, renamed))]


def test_a_damaged_result_is_noticed_and_left_alone(registry, tmp_path: Path, capsys) -> None:
    run(tmp_path)
    path = tmp_path / "square.json"
    for text in damage(path):
        path.write_text(text)
        with pytest.raises(ValueError, match=r"square.json is damaged; .* --fresh square"):
            load_result("square", tmp_path)
        assert run(tmp_path) == 1
        assert path.read_text() == text
    capsys.readouterr()
    assert run(tmp_path, "--fresh") == 0
    assert load_result("square", tmp_path)["seeds"] == [0, 1, 2]


@pytest.mark.parametrize("value", [math.nan, math.inf, {1, 2}, 1j])
def test_what_json_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    path = tmp_path / "x.json"
    save_result(path, {"name": "x", "value": 1})
    before = path.read_text()
    with pytest.raises(
        ValueError, match=r"result for x.json cannot be stored .* without nan or inf"
    ):
        save_result(path, {"name": "x", "value": value})
    assert path.read_text() == before
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_a_seed_is_computed_on_one_thread_from_name_and_number(registry) -> None:
    threads = []

    @experiment("threads")
    def count_threads(seed: int) -> dict[str, int]:
        threads.append(torch.get_num_threads())
        return {"seed": seed}

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    value, seconds = runner.compute_seed("threads", 5)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)
    assert (value, threads) == ({"seed": 5}, [1])
    assert seconds >= 0


def test_a_seed_that_is_equal_makes_the_code_todays(registry, tmp_path: Path, capsys) -> None:
    run(tmp_path, "square")
    path = tmp_path / "square.json"
    whole = json.loads(path.read_text())
    save_result(path, whole | {"made_with": whole["made_with"] | {"code": "another"}})
    assert run(tmp_path, "square", "--check") == 0
    assert "square: seed 0 again, 0.0 s: equal" in capsys.readouterr().out
    assert json.loads(path.read_text()) == whole


def test_a_seed_that_differs_is_told_and_nothing_is_written(registry, tmp_path, capsys) -> None:
    run(tmp_path, "square")
    path = tmp_path / "square.json"
    stored = json.loads(path.read_text())
    stored["values"][0]["square"] = 1
    stored["made_with"]["code"] = "another"
    save_result(path, stored)
    assert run(tmp_path, "square", "--check") == 1
    out = capsys.readouterr().out
    assert "square: seed 0 again, 0.0 s: 1 numbers differ\n  /square: stored 1, now 0" in out
    assert json.loads(path.read_text()) == stored
    experiment("cube")(lambda seed: {"cube": seed**3})
    assert run(tmp_path, "cube", "--check") == 1
    assert "'cube' is not stored yet; compute it: python -m" in capsys.readouterr().err


def test_a_small_difference_can_be_allowed(registry, tmp_path: Path) -> None:
    """Another processor adds up floats in another order."""
    run(tmp_path, "square")
    path = tmp_path / "square.json"
    stored = json.loads(path.read_text())
    stored["values"][0]["square"] = 1e-9
    save_result(path, stored | {"made_with": stored["made_with"] | {"code": "another"}})
    assert run(tmp_path, "square", "--check", "--within", "1e-10") == 1
    assert run(tmp_path, "square", "--check", "--within", "1e-8") == 0
    assert json.loads(path.read_text())["made_with"] == stored["made_with"]
    assert json.loads(path.read_text())["values"] == stored["values"]


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({"a": [1, {"seconds": 9.0, "b": "x"}]}, []),
        ({"a": [1, {"seconds": 9.0, "b": "y"}]}, ["/a/1/b: stored 'x', now 'y'"]),
        ({"a": [1.001, {"seconds": 2.0, "b": "x"}]}, []),
        ({"a": [1.1, {"seconds": 2.0, "b": "x"}]}, ["/a/0: stored 1, now 1.1"]),
        ({"a": [1]}, ["/a: 2 items stored, now 1"]),
        ({"c": 1}, [": stored ['a'], now ['c']"]),
    ],
)
def test_where_two_values_differ(now, found) -> None:
    stored = {"a": [1, {"seconds": 2.0, "b": "x"}]}
    assert runner.differences(stored, now, within=0.01) == found


def test_the_difference_allowed_is_relative_save_for_what_rounding_leaves_of_0() -> None:
    for stored, now, within in ((1e-4, 0.03, 0.05), (0.001, 0.0005, 0.01), (0.0, 1e-6, 0.01)):
        assert runner.differences(stored, now, within) == [f": stored {stored}, now {now}"]
    for stored, now, within in ((0.001, 0.001005, 0.01), (0.0, 1e-9, 0.01), (-1e-9, 1e-9, 1e-3)):
        assert runner.differences(stored, now, within) == []


def test_a_difference_below_0_is_refused(registry, tmp_path: Path, capsys) -> None:
    with pytest.raises(SystemExit):
        run(tmp_path, "square", "--check", "--within", "-1")
    assert "--within -1 must be at least 0; 0.001 is usual" in capsys.readouterr().err


def test_the_command_line_from_outside(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bertgpt.experiments", "nothing", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("no experiment is called 'nothing'; there are: ")


def test_sigterm_ends_the_processes_of_the_seeds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bertgpt.experiments", "stream", "--folder", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        while not (children := psutil.Process(process.pid).children(recursive=True)):
            time.sleep(0.1)
        process.terminate()
        _, said = process.communicate()
    assert process.returncode == 130
    assert "stopped; the finished seeds are stored" in said
    _, left = psutil.wait_procs(children, timeout=10)  # one that multiprocessing adds ends later
    assert not left


def test_seeds_side_by_side_are_those_computed_one_by_one(tmp_path: Path) -> None:
    lines = list(runner.run("mask_decides", tmp_path, at_once=2))
    result = load_result("mask_decides", tmp_path)
    assert result["seeds"] == result["planned"]
    assert len(lines) == 1 + len(result["seeds"])
    for seed, value in zip(result["seeds"], result["values"], strict=True):
        assert runner.compute_seed("mask_decides", seed)[0] == value


def test_seeds_are_stored_in_the_order_in_which_they_are_planned() -> None:
    result = {"seeds": [9, 2, 0], "values": ["nine", "two", "zero"], "seconds": [9.0, 2.0, 0.0]}
    runner._order(result, [0, 1, 2])
    assert result == {
        "seeds": [0, 2, 9],
        "values": ["zero", "two", "nine"],
        "seconds": [0.0, 2.0, 9.0],
    }
