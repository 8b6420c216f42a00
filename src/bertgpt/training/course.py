"""The course's own models: how each is trained, measured and stored. `make pretrain` runs this."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds
from bertgpt.gpt import GPT
from bertgpt.tokens.bpe import BPE
from bertgpt.training import pretrain
from bertgpt.training.held_out import Surprise, any_order, floors, left_to_right, one_gap
from bertgpt.training.measured import first
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import BERT_RECIPE, GPT_RECIPE
from bertgpt.training.texts import Texts, find_corpus, real_texts, toyland_texts
from bertgpt.weights.course import CARD, CHECKPOINTS
from bertgpt.weights.files import WEIGHTS, digest
from bertgpt.weights.saved import load, save

# Each line is a command line of pretraining; a model that begins as another comes after it.
# From new weights BERT stays on a plateau: it does not learn to copy names. The causal mask teaches
# that soon, and it is kept under the full one; so the course's BERTs begin as its GPT.
RUNS: dict[str, str] = {
    "toyland-gpt": "--model gpt --steps 8000",
    "toyland-bert-new": "--model bert --steps 12000 --learning-rate 3e-3",
    "toyland-bert": "--model bert --begin toyland-gpt --steps 18000 --learning-rate 3e-3",
    "toyland-bert-all-rates": "--model bert --objective all-rates --begin toyland-bert "
    "--steps 13000",
    "wikipedia-gpt": "--model gpt --corpus wikipedia --batch 16 --steps 2000 "
    "--learning-rate 2e-3 --dropout 0.1",
    "wikipedia-bert": "--model bert --begin wikipedia-gpt --corpus wikipedia --batch 16 "
    "--steps 2000 --learning-rate 2e-3 --dropout 0.1",
}
NOT_STORED = {"toyland-bert-new"}  # measured for comparison: its card is kept, not its weights
TEST_GAPS, TEST_ORDERS = 400, 1000  # stories: a gap, or an order, needs a reading for each word
TEST_PIECES = 80  # of real text, for the same
FEW = "next token of BERT's pieces"


def main(arguments: Sequence[str] | None = None) -> int:
    """Train the course's models, store them in half precision, and write their cards."""
    program = "python -m bertgpt.training.course"
    parser = argparse.ArgumentParser(prog=program, description=main.__doc__)
    parser.add_argument("names", nargs="*", help=f"none: all of {', '.join(RUNS)}")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where states are kept")
    parser.add_argument("--out", type=Path, default=CHECKPOINTS, help="where models are stored")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in RUNS]:
        parser.error(f"no model is called {unknown[0]!r}; there are: {', '.join(RUNS)}")
    for name in given.names or RUNS:
        if failed := pretrain.main(command(name, given.runs)):
            return failed
        store(name, given.runs / name, given.out)
    return 0


def command(name: str, runs: Path) -> list[str]:
    """The command line of a model's run."""
    words = RUNS[name].split()
    words = [str(runs / word / "model") if word in RUNS else word for word in words]
    return [*words, "--out", str(runs / name), "--device", "cpu"]


def store(name: str, run: Path, out: Path) -> None:
    """Round a finished model to 16 bits, measure what came of it, and write it with its card.

    Raises:
        ValueError: if the run is not finished or its files are damaged.
    """
    about = json.loads((run / "model" / CARD).read_text(encoding="utf-8"))
    kind: type[Any] = GPT if about["settings"]["model"] == "gpt" else BERT
    model = load(kind, run / "model")
    for p in model.parameters():
        p.data = p.data.half().float()
    corpus = about["settings"]["corpus"]
    texts = texts_of(run / "model", corpus)
    about |= {"name": name, "measured": measured(model, texts), "parameters": size(model)}
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    if name not in NOT_STORED:
        save(model.half(), folder)
        about["sha256"] = digest(folder / WEIGHTS)
        if texts.tokenizer is not None:
            texts.tokenizer.save(folder)
    (folder / CARD).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def texts_of(folder: Path, corpus: str) -> Texts:
    """The texts that a model was trained and is tested on."""
    if corpus == "Toyland":
        return toyland_texts()
    return real_texts(find_corpus("wikipedia"), 128, tokenizer=BPE.load(folder))


def size(model: torch.nn.Module) -> int:
    """Parameters, those of a tied table counted once."""
    return sum(p.numel() for p in model.parameters())


def measured(model: BERT | GPT, texts: Texts) -> dict[str, Any]:
    """All that can be asked of a model, on test texts: bits a token, beside the exact floor.

    Of real text also bits a byte, which do not depend on the tokens, and what is asked of BERT is
    asked of GPT's next tokens on the same pieces.
    """
    recipe = GPT_RECIPE if isinstance(model, GPT) else BERT_RECIPE
    n_gaps, n_orders = (TEST_GAPS, TEST_ORDERS) if texts.exact else (TEST_PIECES, TEST_PIECES)
    some = first if texts.exact else spread  # neighbouring pieces are of one article
    gaps, orders = some(texts.test, n_gaps), some(texts.test, n_orders)
    found: dict[str, Any] = {}
    if isinstance(model, GPT):
        asked = {"next token": texts.test} | ({} if texts.exact else {FEW: gaps})
        for name, part in asked.items():
            bits = left_to_right(model, part, texts.special, recipe)
            exact = floors(part, gaps=False).left_to_right if texts.exact else None
            found[name] = _beside(bits, exact, part, texts)
        return found
    bits = one_gap(model, gaps, texts.special, recipe)
    found["one gap"] = _beside(bits, floors(gaps).one_gap if texts.exact else None, gaps, texts)
    bound = any_order(model, orders, texts.special, recipe)
    exact_bound = None
    if texts.exact:  # the model sees how long a story is: that surprise is added, exactly
        exact_orders = floors(orders, gaps=False)
        ends = exact_orders.left_to_right
        bound = Surprise(bound.nats + exact_orders.length, ends.guesses)
        exact_bound = ends
    found["bound"] = _beside(bound, exact_bound, orders, texts)
    return found


def spread(texts: Ragged, n: int) -> Ragged:
    """Some of the texts, at equal distances from the first on."""
    return Ragged.of([texts[i * len(texts) // n] for i in range(min(n, len(texts)))])


def _beside(found: Surprise, exact: Surprise | None, part: Ragged, texts: Texts) -> dict[str, Any]:
    about: dict[str, Any] = {"bits": round(found.bits, 5), "guesses": found.guesses}
    about["texts"] = len(part)
    if exact is not None:
        about |= {"floor": round(exact.bits, 5), "excess": round(found.bits / exact.bits - 1, 5)}
    if texts.tokenizer is not None:
        about["bytes"] = n_bytes(part, texts.tokenizer, texts.special)
        about["bits a byte"] = round(found.bits * found.guesses / about["bytes"], 5)
    return about


def n_bytes(part: Ragged, tokenizer: BPE, special: SpecialIds) -> int:
    """Bytes of the text of some pieces, in UTF-8."""
    return sum(len(tokenizer.decode_bytes(i for i in ids if i not in special)) for ids in part)


if __name__ == "__main__":
    sys.exit(main())
