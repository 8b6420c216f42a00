"""Pretraining from the command line: `python -m bertgpt.training.pretrain`, or `bertgpt-pretrain`.

It prints bits beside the exact floor, tokens a second and the time that is left. Stopped or killed
at any moment, the same command goes on. Under `torchrun --nproc-per-node 2 -m
bertgpt.training.pretrain ...` the batch is shared by the processes, and the losses stay those of
one process.
"""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.tokens.bpe import BPE
from bertgpt.training.arguments import made_parser
from bertgpt.training.device import choose_device
from bertgpt.training.measured import Measure, card, measures
from bertgpt.training.processes import Place, joined
from bertgpt.training.recipe import Recipe
from bertgpt.training.run import Run
from bertgpt.training.settings import RECIPES, PretrainConfig
from bertgpt.training.stories import POSITIONS
from bertgpt.training.texts import (
    Texts,
    document_pairs,
    find_corpus,
    real_texts,
    story_pairs,
    toyland_texts,
)
from bertgpt.training.train import TrainConfig
from bertgpt.weights.files import WEIGHTS, digest
from bertgpt.weights.saved import load, save

WARMUP = 20  # a twentieth of the steps
STORY_PAIR = 40  # tokens of a pair of segments of Toyland: two or three sentences in each


def main(arguments: Sequence[str] | None = None) -> int:
    """Pretrain a model; interrupted, the same command goes on where it stopped."""
    given = made_parser().parse_args(arguments)
    try:
        device = choose_device(given.device)
        torch.set_num_threads(given.threads)
        with joined(device) as place:
            folder = Path(given.out or f"runs/{given.model}-{Path(given.corpus).name}")
            with alone(folder, place):
                for line in pretrain(given, folder, device, place):
                    if place.rank == 0:
                        print(line, flush=True)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last saved step", file=sys.stderr)
        return 130
    return 0


@contextmanager
def alone(folder: Path, place: Place) -> Iterator[None]:
    """Refuse a folder in which another run is at work; the lock goes with its process.

    Raises:
        ValueError: if there is one, or the folder cannot be written to.
    """
    if place.rank != 0:
        yield
        return
    lock = FileLock(folder / "run.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(
            f"another run is at work in {folder}; wait for it, or name another --out"
        ) from None
    except OSError as error:
        raise ValueError(f"{folder} cannot be written to ({error})") from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def stopped_gently(run: Run) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of a step; a second one stops at once.

    Several processes are stopped at once: each would end another step, and wait for the others.
    """

    def stop(*_: object) -> None:
        if run.stopping:
            raise KeyboardInterrupt
        run.stopping = True

    if run.place.world > 1:
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def pretrain(
    given: argparse.Namespace, folder: Path, device: torch.device, place: Place
) -> Iterator[str]:
    """Run as the command line says, yielding lines of progress."""
    begin, begins_as, tokenizer = beginning(given.begin)
    texts = read_texts(given, tokenizer)
    cfg, stack_cfg = settings(given, texts, begins_as)
    run = Run(
        cfg, stack_cfg, texts, folder, device=device, place=place, sharded=given.fsdp, begin=begin
    )
    ask = measures(cfg.recipe, texts)
    yield from described(run, ask)
    with stopped_gently(run):
        for progress in run.go(given.every):
            if run.stopping:
                run.save()
                raise KeyboardInterrupt
            model = run.whole_model()
            found = {} if model is None else ask.on_development(model)
            run.curve.append({"step": progress.step, "loss": progress.loss, **found})
            run.save()
            if model is not None:
                yield ask.line(progress, found, cfg.training.steps)
        if run.stopping:  # asked while the last state was measured or saved
            raise KeyboardInterrupt
    if (model := run.whole_model()) is not None:
        save(model, folder / "model")
        if texts.tokenizer is not None:
            texts.tokenizer.save(folder / "model")
        yield from card(run, model, ask, folder / "model")


def described(run: Run, ask: Measure) -> Iterator[str]:
    """A line on model, recipe and texts, and one on where the run begins."""
    size = sum(p.numel() for p in run.model.parameters())
    yield (
        f"{run.cfg.model}: mask {run.cfg.recipe.mask}, objective {run.cfg.recipe.objective}; "
        f"{size:,} parameters; {run.texts.name}: {len(run.texts.train):,} texts, "
        f"{len(run.texts.train.ids):,} tokens; {ask.floor_line()}"
    )
    if run.found:
        yield run.found
    if run.step:
        yield f"going on from step {run.step:,} of {run.cfg.training.steps:,}"


def read_texts(given: argparse.Namespace, tokenizer: BPE | None) -> Texts:
    """The corpus of the command line."""
    if given.corpus == "toyland":
        texts = toyland_texts(given.stories)
        return story_pairs(texts, STORY_PAIR, given.seed) if given.next_sentence else texts
    corpus = find_corpus(given.corpus)
    texts = real_texts(corpus, given.length, vocab_size=given.vocab_size, tokenizer=tokenizer)
    if given.next_sentence:
        return document_pairs(texts, corpus, given.length, given.seed)
    return texts


def settings(
    given: argparse.Namespace, texts: Texts, begins_as: str
) -> tuple[PretrainConfig, TransformerConfig]:
    """The settings of the command line, those that were left out as the model has them."""
    usual = RECIPES[given.model]
    recipe = Recipe(
        mask=given.mask or usual.mask, objective=given.objective or usual.objective,
        mask_rate=given.mask_rate, next_sentence=given.next_sentence,
    )  # fmt: skip
    warmup = given.steps // WARMUP if given.warmup is None else given.warmup
    training = TrainConfig(
        steps=given.steps, learning_rate=given.learning_rate, warmup=warmup,
        final_share=given.final_share, weight_decay=given.weight_decay, clip_norm=given.clip,
    )  # fmt: skip
    cfg = PretrainConfig(
        model=given.model, recipe=recipe, training=training, batch=given.batch, parts=given.parts,
        seed=given.seed, bf16=given.bf16, begins_as=begins_as,
    )  # fmt: skip
    positions = POSITIONS if given.corpus == "toyland" else given.length
    stack_cfg = TransformerConfig(
        vocab_size=texts.vocab_size, max_positions=positions, width=given.width,
        n_layers=given.layers, n_heads=given.heads, dropout=given.dropout,
        n_segments=2 if given.next_sentence else 0,
    )  # fmt: skip
    return cfg, stack_cfg


def beginning(folder: str | None) -> tuple[dict[str, Tensor] | None, str, BPE | None]:
    """The stack of a saved model, the digest of its weights, and its tokenizer."""
    if folder is None:
        return None, "", None
    path = Path(folder)
    model: BERT | GPT
    try:
        model = load(GPT, path)
    except ValueError as error:
        if "holds a BERT" not in str(error):
            raise
        model = load(BERT, path)
    tokenizer = BPE.load(path) if (path / "merges.txt").exists() else None
    return dict(model.stack.state_dict()), digest(path / WEIGHTS), tokenizer


def command() -> None:
    """`bertgpt-pretrain`, as pip installs it."""
    sys.exit(main())


if __name__ == "__main__":
    command()
