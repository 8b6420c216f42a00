"""Pretraining as its user meets it: it goes on bit by bit, refuses with a message, and learns."""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.training import pretrain, texts
from bertgpt.training.batches import Batches
from bertgpt.training.held_out import left_to_right
from bertgpt.training.measured import Measure
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import BERT_RECIPE, GPT_RECIPE, Recipe, set_task
from bertgpt.training.run import Run
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.state import STATE
from bertgpt.training.stories import (
    decode_story,
    draw_stories,
    encode_story,
    toyland_config,
    toyland_vocab,
)  # fmt: skip
from bertgpt.training.train import TrainConfig
from bertgpt.weights.files import WEIGHTS
from bertgpt.weights.saved import load, save

TINY = ["--stories", "300", "--width", "16", "--layers", "1", "--heads", "2", "--batch", "8"]
SMALL = TransformerConfig(
    vocab_size=len(toyland_vocab()), max_positions=96, width=16, n_layers=2, n_heads=2, dropout=0.1
)
RECIPES = {
    "gpt": GPT_RECIPE,
    "bert": BERT_RECIPE,
    "all-rates": Recipe(mask="full", objective="all-rates"),
    "pairs": Recipe(mask="full", objective="masked", next_sentence=True),
}


@pytest.fixture(scope="module")
def stories() -> texts.Texts:
    return texts.toyland_texts(300)


@pytest.fixture(autouse=True)
def _few_test_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "TEST_STORIES", 30)


def run_of(kind: str, stories: texts.Texts, folder: Path | None = None, **more: object) -> Run:
    cfg = PretrainConfig(
        model="gpt" if kind == "gpt" else "bert", recipe=RECIPES[kind],
        training=TrainConfig(steps=6, learning_rate=1e-2, warmup=2), batch=8, parts=2,
    )  # fmt: skip
    paired = texts.story_pairs(stories, 40, 0) if kind == "pairs" else stories
    stack = replace(SMALL, n_segments=2) if kind == "pairs" else SMALL
    return Run(replace(cfg, **more), stack, paired, folder)


def weights(run: Run) -> list[Tensor]:
    return [p.detach().clone() for p in run.model.parameters()]


@pytest.mark.parametrize("kind", RECIPES)
def test_a_run_that_was_stopped_ends_bit_by_bit_as_if_it_had_not(
    kind: str, stories: texts.Texts, tmp_path: Path
) -> None:
    unbroken = run_of(kind, stories)
    losses = [p.loss for p in unbroken.go(1)]
    stopped = run_of(kind, stories, tmp_path)
    for progress in stopped.go(1):
        if progress.step == 2:
            stopped.save()  # and two more steps that are lost
        if progress.step == 4:
            break
    again = run_of(kind, stories, tmp_path)
    assert again.step == 2
    assert [p.loss for p in again.go(1)] == losses[2:]
    assert all(a.equal(b) for a, b in zip(weights(again), weights(unbroken), strict=True))


def test_a_batch_in_parts_trains_as_one(stories: texts.Texts) -> None:
    losses = []
    for parts in (1, 4):
        run = run_of("bert", stories, parts=parts)
        run.stack_cfg = replace(run.stack_cfg, dropout=0.0)
        run.model.eval()
        run.learner.train = lambda: None  # type: ignore[method-assign]  # no dropout: its draws differ
        losses.append([p.loss for p in run.go(1)])
    assert losses[0] == pytest.approx(losses[1], abs=1e-5)
    assert losses[0][-1] < losses[0][0]


def test_each_seed_and_each_start_is_another(stories: texts.Texts) -> None:
    first, second = (run_of("gpt", stories, seed=seed) for seed in (0, 1))
    assert not weights(first)[0].equal(weights(second)[0])
    assert first.batches[0].tolist() != second.batches[0].tolist()
    begin = dict(first.model.stack.state_dict())
    assert weights(run_of("bert", stories))[1].equal(begin["positions.weight"])  # one stack
    third = run_of("bert", stories, seed=1)
    assert not weights(third)[1].equal(begin["positions.weight"])
    cfg = PretrainConfig(model="bert", recipe=BERT_RECIPE, training=TrainConfig(steps=6), seed=1)
    begun = Run(cfg, SMALL, stories, begin=begin)
    assert begun.model.stack.positions.weight.equal(begin["positions.weight"])


def test_the_state_of_another_run_is_refused(stories: texts.Texts, tmp_path: Path) -> None:
    run_of("gpt", stories, tmp_path).save()
    before = (tmp_path / STATE).read_bytes()
    with pytest.raises(ValueError, match=r"state of another run \(.*seed 0 there and 3 here"):
        run_of("gpt", stories, tmp_path, seed=3)
    with pytest.raises(ValueError, match=r"model 'gpt' there and 'bert' here"):
        run_of("bert", stories, tmp_path)
    assert (tmp_path / STATE).read_bytes() == before


def test_a_loss_that_is_no_number_stops_and_leaves_the_last_state(
    stories: texts.Texts, tmp_path: Path
) -> None:
    run = run_of("gpt", stories, tmp_path)
    run.save()
    kept = weights(run)
    run.model.stack.tokens.weight.data[7] = math.nan
    with pytest.raises(ValueError, match=r"step 1: loss=nan, .* last state that was saved stays"):
        list(run.go(1))
    again = run_of("gpt", stories, tmp_path)
    assert all(a.equal(b) for a, b in zip(weights(again), kept, strict=True))


def test_every_text_is_read_once_in_a_reading() -> None:
    drawn = Ragged.of([[2, *range(5, 5 + n % 7), 3] for n in range(50)])
    batches = Batches(drawn, 8, seed=4, pad=0)
    for reading in (0, 1):
        read = [i for b in range(6) for i in batches.which(6 * reading + b)]
        assert len(set(read)) == len(read) == 48  # two texts wait for the next reading
    assert batches.which(0) != batches.which(6)
    again = Batches(drawn, 8, seed=4, pad=0)
    assert [again.which(n) for n in (7, 0, 3)] == [batches.which(n) for n in (7, 0, 3)]


def test_stories_are_drawn_once_and_a_damaged_file_is_drawn_again(tmp_path: Path) -> None:
    drawn = draw_stories(40, 5, tmp_path)
    (path,) = tmp_path.glob("*.safetensors")
    time_of = path.stat().st_mtime_ns
    assert list(draw_stories(40, 5, tmp_path)) == list(drawn)
    assert path.stat().st_mtime_ns == time_of
    path.write_bytes(path.read_bytes()[:-9])
    assert list(draw_stories(40, 5, tmp_path)) == list(drawn)
    assert list(draw_stories(41, 5, tmp_path))[:40] == list(drawn)
    assert encode_story(decode_story(drawn[0])) == drawn[0]
    blocked = tmp_path / "a file"
    blocked.write_text("")
    assert list(draw_stories(40, 5, blocked)) == list(drawn)  # nowhere to keep them


# --- the command line


def call(*words: str, out: Path) -> int:
    return pretrain.main([*words, "--out", str(out), "--device", "cpu"])


def test_a_whole_run_and_its_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--model", "gpt", "--steps", "4", "--every", "2", *TINY]
    assert call(*words, out=tmp_path) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("gpt: mask causal, objective next-token; ")
    assert "exact floor 1." in said[0]
    assert "step 2 of 4: loss " in said[1]
    assert "tokens/s; 0 min 0" in said[1]
    model = load(GPT, tmp_path / "model")
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert card["settings"]["stack"]["width"] == model.stack.cfg.width == 16
    assert card["bits"] > card["floor"] > 1
    assert [point["step"] for point in card["curve"]] == [2, 4]
    assert call(*words, out=tmp_path) == 0  # finished: nothing is trained again
    assert "going on from step 4 of 4" in capsys.readouterr().out
    words = ["--model", "bert", "--begin", str(tmp_path / "model"), "--steps", "1", *TINY]
    assert call(*words, out=tmp_path / "bert") == 0
    assert load(BERT, tmp_path / "bert" / "model").stack.cfg.width == 16


def test_real_text_and_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "some.txt"
    line = "The cat sat on the mat. A dog came by. It ran away! Was it seen? Nobody knows.\n"
    file.write_text("\n\n".join(line * 26 for _ in range(8)))
    words = ["--model", "bert", "--corpus", str(file), "--vocab-size", "300", "--length", "24"]
    for more in ([], ["--next-sentence"]):
        assert call(*words, *more, "--steps", "2", *TINY[2:], out=tmp_path / str(more)) == 0
    assert "no exact floor" in capsys.readouterr().out
    assert (tmp_path / "[]" / "model" / "merges.txt").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--corpus", "no/such.txt"], r"there is no file no/such.txt; give 'toyland'"),
        (["--stories", "5"], r"the corpus has 5 texts and a batch=8 .* take a batch of 1 to 5"),
        (["--parts", "3"], r"batch=8 texts cannot be cut into parts=3 equal parts"),
        (["--width", "15"], r"width=15 does not divide into n_heads=2"),
        (["--device", "tpu"], r"no device is called 'tpu'"),
        (["--warmup", "9"], r"warmup=9 must be at least 0 and below steps=2"),
    ],
)
def test_a_command_that_cannot_be_obeyed(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--model", "gpt", "--steps", "2", *TINY, *words]
    code = pretrain.main([*given, "--out", str(tmp_path / "run")])
    said = capsys.readouterr().err
    assert code == 1
    assert re.search(message, said), said
    assert "Traceback" not in said


def test_a_hub_name_without_a_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert call("--model", "gpt", "--corpus", "someone/something", out=tmp_path) == 1
    assert "wikipedia() and python_code() need no network" in capsys.readouterr().err


def test_weights_of_another_size_or_vocabulary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stories: texts.Texts
) -> None:
    save(GPT(replace(SMALL, width=24)), tmp_path / "other")
    words = ["--model", "bert", "--steps", "1", *TINY, "--begin", str(tmp_path / "other")]
    assert call(*words, out=tmp_path / "run") == 1
    said = capsys.readouterr().err
    assert "do not fit: tokens.weight is (310, 24) there and (310, 16) here" in said
    cfg = PretrainConfig(model="gpt", recipe=GPT_RECIPE, training=TrainConfig(steps=1), batch=2)
    with pytest.raises(ValueError, match="the corpus has 310 tokens and the model 99"):
        Run(cfg, replace(SMALL, vocab_size=99), stories)


def test_two_runs_in_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pretrain.alone(tmp_path, pretrain.Place(0, 1)):
        assert call("--model", "gpt", "--steps", "1", *TINY, out=tmp_path) == 1
    assert "another run is at work in" in capsys.readouterr().err
    assert call("--model", "gpt", "--steps", "1", *TINY, out=tmp_path) == 0


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert call("--model", "gpt", "--steps", "1", *TINY, out=tmp_path / "file" / "run") == 1
    assert "cannot be written to" in capsys.readouterr().err


def test_a_kill_in_mid_run_and_the_same_command_again(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "bertgpt.training.pretrain", "--model", "bert", "--steps", "40"]
    words += ["--every", "4", *TINY, "--dropout", "0.1", "--device", "cpu", "--out"]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [*words, str(tmp_path / "killed")], stdout=subprocess.PIPE, text=True, env=one_thread
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("step 12"):
                time.sleep(0.02)
                process.send_signal(signal.SIGKILL)
    for folder in ("killed", "unbroken"):
        subprocess.run([*words, str(tmp_path / folder)], check=True, env=one_thread)
    killed, unbroken = (load(BERT, tmp_path / f / "model") for f in ("killed", "unbroken"))
    pairs = zip(killed.parameters(), unbroken.parameters(), strict=True)
    assert all(a.equal(b) for a, b in pairs)


SPREAD = """
import json, sys, torch
from pathlib import Path
from bertgpt.config import TransformerConfig
from bertgpt.training.processes import joined
from bertgpt.training.recipe import Recipe
from bertgpt.training.run import Run
from bertgpt.training.settings import PretrainConfig
from bertgpt.training.texts import Texts
from bertgpt.training.ragged import Ragged
from bertgpt.training.train import TrainConfig
from bertgpt.weights.saved import save

folder, sharded = Path(sys.argv[1]), sys.argv[2] == "sharded"
g = torch.Generator().manual_seed(0)
lengths = [n for n in range(2, 14) for _ in range(4)]
drawn = [[2, *torch.randint(5, 61, (n,), generator=g).tolist(), 3] for n in lengths]
t = Ragged.of(drawn)
texts = Texts("", "", "", t, t, t, 61, None)
cfg = PretrainConfig(
    model="bert", recipe=Recipe(mask="full", objective="all-rates"), batch=8, parts=2,
    training=TrainConfig(steps=20, learning_rate=1e-2, warmup=2),
)
stack = TransformerConfig(vocab_size=61, max_positions=16, width=16, n_layers=2, n_heads=2)
with joined(torch.device("cpu")) as place:
    run = Run(cfg, stack, texts, folder, place=place, sharded=sharded)
    losses = []
    for progress in run.go(1):
        losses.append(progress.loss)
        if progress.step == 10:  # a state that every process takes part in, and goes on from
            run.save()
            run = Run(cfg, stack, texts, folder, place=place, sharded=sharded)
            assert run.step == 10
            losses += [p.loss for p in run.go(1)]
            break
    whole = run.whole_model()  # every process gives its part
    assert (whole is None) == (place.rank != 0)
    if whole is not None:
        save(whole, folder / "model")
        (folder / "losses.json").write_text(json.dumps(losses))
"""


def test_asked_to_stop_at_the_last_look_it_stops_and_measures_when_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--model", "gpt", "--steps", "2", "--every", "2", *TINY]

    def look(*_: object) -> dict[str, float]:
        os.kill(os.getpid(), signal.SIGTERM)
        return {"bits": 9.0}

    with monkeypatch.context() as patch:
        patch.setattr(Measure, "on_development", look)
        assert call(*words, out=tmp_path) == 130
    assert not (tmp_path / "model").exists()
    assert call(*words, out=tmp_path) == 0
    assert (tmp_path / "model" / WEIGHTS).exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_ends_its_step_and_loses_nothing(
    how: signal.Signals, tmp_path: Path
) -> None:
    """The signal comes in the middle of the fourth step, at its most awkward place."""

    def run_with(folder: Path, interrupted: bool) -> int:
        update, steps = Run.update, list[int]()

        def slow(run: Run, number: int, ids: Tensor) -> float:
            steps.append(number)
            if interrupted and number == 3:
                optimizer_step = run.optimizer.step
                run.optimizer.step = lambda: (os.kill(os.getpid(), how), optimizer_step())
            return update(run, number, ids)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "update", slow)
            words = ["--model", "bert", "--steps", "7", "--every", "5", *TINY, "--dropout", "0.1"]
            code = call(*words, out=folder)
        assert steps[-1] == (3 if interrupted else 6)
        return code

    before = signal.getsignal(how)
    assert run_with(tmp_path / "stopped", interrupted=True) == 130
    assert signal.getsignal(how) is before
    assert run_with(tmp_path / "stopped", interrupted=False) == 0
    assert run_with(tmp_path / "unbroken", interrupted=False) == 0
    stopped, unbroken = (load(BERT, tmp_path / f / "model") for f in ("stopped", "unbroken"))
    pairs = zip(stopped.parameters(), unbroken.parameters(), strict=True)
    assert all(a.equal(b) for a, b in pairs)


def test_long_and_short_texts_count_alike_guess_by_guess(stories: texts.Texts) -> None:
    """The gradient of a whole reading, summed over its batches, is that of all guesses together."""
    run = run_of("gpt", stories)
    run.model.eval()
    total, guesses = 0.0, 0.0
    with torch.no_grad():
        for number in range(run.batches.in_a_reading):
            ids = run.batches[number]
            task = set_task(GPT_RECIPE, ids, stories.special, vocab_size=310, generator=run.draws)
            total += run.losses_of(task, task)[0].item()
            guesses += float(task.weights.sum())
    read = [i for n in range(run.batches.in_a_reading) for i in run.batches.which(n)]
    every = Ragged.of([stories.train[i] for i in read])
    mean = left_to_right(run.model, every, stories.special, GPT_RECIPE).nats / guesses
    scale = guesses / (run.guesses * run.batches.in_a_reading)
    assert total / run.batches.in_a_reading == pytest.approx(mean * scale, rel=1e-4)


@pytest.mark.parametrize("spread", ["one", "two", "sharded"])
def test_processes_that_share_a_batch_train_as_one(spread: str, tmp_path: Path) -> None:
    """20 losses of one process, of two, and of two that hold half of the weights each."""
    program = tmp_path / "spread.py"
    program.write_text(SPREAD)
    start = ["-m", "torch.distributed.run", "--nproc-per-node", "2"] if spread != "one" else []
    done = subprocess.run(
        [sys.executable, *start, str(program), str(tmp_path), spread],
        capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    losses = json.loads((tmp_path / "losses.json").read_text())
    alone, model = one_process()
    assert losses == pytest.approx(alone, abs=1e-5)
    pairs = zip(load(BERT, tmp_path / "model").parameters(), model.parameters(), strict=True)
    assert max((a - b).detach().abs().max().item() for a, b in pairs) < 1e-4
    assert len(losses) == 20
    assert losses[-1] < losses[0] - 0.1


@cache
def one_process() -> tuple[list[float], BERT]:
    """The losses of the same run in this process, unbroken, and its model."""
    g = torch.Generator().manual_seed(0)
    drawn = [
        [2, *torch.randint(5, 61, (n,), generator=g).tolist(), 3]
        for n in range(2, 14)
        for _ in range(4)
    ]
    t = Ragged.of(drawn)
    cfg = PretrainConfig(
        model="bert", recipe=RECIPES["all-rates"], batch=8,
        training=TrainConfig(steps=20, learning_rate=1e-2, warmup=2),
    )  # fmt: skip
    stack = TransformerConfig(vocab_size=61, max_positions=16, width=16, n_layers=2, n_heads=2)
    run = Run(cfg, stack, texts.Texts("", "", "", t, t, t, 61, None))
    return [p.loss for p in run.go(1)], run.model


def test_the_one_config_fits_every_story() -> None:
    assert toyland_config().max_positions >= 72
    assert torch.tensor(encode_story(("anna",))).tolist()[0] == 2
