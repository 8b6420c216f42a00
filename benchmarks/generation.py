"""Tokens per second of our decoding beside `transformers`' `generate`, same weights, in one run.

Greedy, float32 on the CPU, prompts of one length, `max_new_tokens` written whatever they are (no
stop word). The two take turns, so that a busy machine slows both; the ratio is taken within each
turn and the median of the turns is printed. Seconds are those of the processor, which with one
thread are those of the clock on an idle machine. Both write the same tokens: that is asserted.

The model is a GPT-2 of `transformers` with random weights, which `bertgpt.weights` loads into our
stack from the folder that `save_pretrained` writes. The larger it is, the more of a step is reading
weights from memory, which costs both the same, and the nearer the ratio comes to 1.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import transformers as hf

from bertgpt.config import NO_SPECIAL_IDS
from bertgpt.generation.decode import generate
from bertgpt.gpt import GPT
from bertgpt.weights.published import load_gpt2

MODELS = {  # n_layer, n_embd, n_head, vocab_size, n_positions
    "course": (4, 128, 4, 311, 96),
    "medium": (6, 384, 6, 8192, 256),
    "gpt2": (12, 768, 12, 50257, 1024),
}


def both(name: str) -> tuple[hf.GPT2LMHeadModel, GPT]:
    n_layer, n_embd, n_head, vocab_size, n_positions = MODELS[name]
    torch.manual_seed(0)
    cfg = hf.GPT2Config(
        n_layer=n_layer, n_embd=n_embd, n_head=n_head, vocab_size=vocab_size,
        n_positions=n_positions, bos_token_id=1, eos_token_id=2, initializer_range=0.1,
    )  # fmt: skip
    theirs = hf.GPT2LMHeadModel(cfg).eval()
    theirs.generation_config.eos_token_id = None  # every text has all its tokens
    theirs.generation_config.pad_token_id = 0
    with TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        return theirs, load_gpt2(Path(folder), special=NO_SPECIAL_IDS)


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def runs(
    theirs: hf.GPT2LMHeadModel, ours: GPT, prompts: torch.Tensor, n_new: int, use_cache: bool
) -> tuple[Callable[[], list[list[int]]], Callable[[], list[list[int]]]]:
    def run_theirs() -> list[list[int]]:
        out = theirs.generate(
            prompts, attention_mask=torch.ones_like(prompts), max_new_tokens=n_new,
            do_sample=False, use_cache=use_cache,
        )  # fmt: skip
        return out[:, prompts.shape[1] :].tolist()

    def run_ours() -> list[list[int]]:
        return [text.ids for text in generate(ours, prompts, n_new, use_cache=use_cache)]

    return run_theirs, run_ours


def table(name: str, batches: list[int], turns: int, n_prompt: int, n_new: int) -> None:
    theirs, ours = both(name)
    n_layer, n_embd, _, vocab_size, _ = MODELS[name]
    weights = sum(p.numel() for p in ours.parameters()) / 1e6
    print(
        f"{name}: {n_layer} layers, width {n_embd}, {vocab_size} tokens, {weights:.2f} M weights;"
    )
    print(f"prompts of {n_prompt} tokens, {n_new} written, greedy, {turns} turns")
    print(f"{'batch':>5s} {'cache':>6s} {'theirs tok/s':>13s} {'ours tok/s':>11s} {'ratio':>6s}")
    for B in batches:
        g = torch.Generator().manual_seed(0)
        prompts = torch.randint(3, vocab_size, (B, n_prompt), generator=g)
        for use_cache in (True, False):
            run_theirs, run_ours = runs(theirs, ours, prompts, n_new, use_cache)
            assert run_theirs() == run_ours()
            taken = [(seconds(run_theirs), seconds(run_ours)) for _ in range(turns)]
            a, b = (statistics.median(column) for column in zip(*taken, strict=True))
            ratio = statistics.median(their / mine for their, mine in taken)
            n = B * n_new
            print(f"{B:5d} {use_cache!s:>6s} {n / a:13.0f} {n / b:11.0f} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=["course", "medium"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 16])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--prompt", type=int, default=8)
    parser.add_argument("--new", type=int, default=80)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    hf.utils.logging.disable_progress_bar()
    hf.utils.logging.set_verbosity_error()
    print(f"torch {torch.__version__}, transformers {hf.__version__}, {given.threads} threads")
    for model in given.models:
        table(model, given.batches, given.turns, given.prompt, given.new)
