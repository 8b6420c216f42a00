"""Measurements of a model in training and at its end, and the card that holds them."""

import json
import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any

import torch

from bertgpt.training.held_out import (
    Floors,
    Surprise,
    any_order,
    floors,
    left_to_right,
    one_gap,
)
from bertgpt.training.ragged import Ragged
from bertgpt.training.recipe import Model, Recipe
from bertgpt.training.run import Progress, Run
from bertgpt.training.texts import Texts
from bertgpt.weights.course import CARD
from bertgpt.weights.files import WEIGHTS, digest

Asked = Callable[[Model, Ragged], Surprise]
# Texts on which a model in training is tried. Each word of a text is a text to read for one gap.
FEW = {"next-token": 400, "masked": 40, "all-rates": 60}


@dataclass
class Measure:
    """The loss that a recipe trains for, asked of a model, beside the floor where it is known."""

    name: str
    recipe: Recipe
    texts: Texts
    ask: Asked
    few: Ragged
    floor: float | None  # bits a token, on the few texts

    def on_development(self, model: Model) -> dict[str, float]:
        """Bits a token of a model in training, and by how much they exceed the floor."""
        model.eval()
        bits = self.ask(model, self.few).bits
        found = {"bits": round(bits, 5)}
        return found if self.floor is None else found | {"floor": round(self.floor, 5)}

    def floor_line(self) -> str:
        """The floor in words."""
        known = "no exact floor" if self.floor is None else f"exact floor {self.floor:.4f}"
        return f"{self.name}: {known} bits a token"

    def line(self, progress: Progress, found: dict[str, float], steps: int) -> str:
        """One report."""
        floor = (
            f" (floor {self.floor:.4f}, +{found['bits'] / self.floor - 1:.1%})"
            if self.floor
            else ""
        )
        left = int(progress.seconds_left)
        return (
            f"step {progress.step:,} of {steps:,}: loss {progress.loss / log(2):.4f} bits, "
            f"{self.name} {found['bits']:.4f}{floor}; {progress.tokens_a_second:,.0f} tokens/s; "
            f"{left // 60} min {left % 60:02d} s left"
        )


def measures(recipe: Recipe, texts: Texts) -> Measure:
    """The measure that a model of this recipe is asked for while it trains."""
    n = FEW[recipe.objective] if texts.exact else max(4, FEW[recipe.objective] // 8)
    few = first(texts.development, n)
    exact = floors(few, gaps=recipe.objective == "masked") if texts.exact else None
    asks: dict[str, tuple[str, Asked]] = {
        "next-token": ("next token", lambda m, t: left_to_right(m, t, texts.special, recipe)),
        "masked": ("one gap", lambda m, t: one_gap(m, t, texts.special, recipe)),
        "all-rates": ("any order", lambda m, t: any_order(m, t, texts.special, recipe)),
    }
    name, ask = asks[recipe.objective]
    floor = None if exact is None else _floor(exact, recipe.objective).bits
    return Measure(name, recipe, texts, ask, few, floor)


def _floor(exact: Floors, objective: str) -> Surprise:
    return {
        "next-token": exact.left_to_right, "masked": exact.one_gap, "all-rates": exact.any_order,
    }[objective]  # fmt: skip


def first(texts: Ragged, n: int) -> Ragged:
    """The first texts of several."""
    n = min(n, len(texts))
    return Ragged(texts.ids[: int(texts.ends[n - 1])], texts.lengths[:n])


def card(run: Run, model: Model, ask: Measure, folder: Path) -> Iterator[str]:
    """Measure a finished model on the test texts, and write its card: yields lines on it."""
    model.eval()
    objective = run.cfg.recipe.objective
    test = first(run.texts.test, 10 * len(ask.few))
    bits = ask.ask(model, test).bits
    about: dict[str, Any] = {
        "corpus": run.texts.name, "licence": run.texts.licence,
        "attribution": run.texts.attribution, "settings": run.record, "steps": run.step,
        "seconds": round(run.seconds), "cpu_seconds": round(run.cpu_seconds),
        "machine": platform.machine(),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "date": datetime.now(UTC).date().isoformat(), "sha256": digest(folder / WEIGHTS),
        "asked": ask.name, "test texts": len(test), "bits": round(bits, 5), "curve": run.curve,
    }  # fmt: skip
    line = f"test, {len(test):,} texts: {ask.name} {bits:.4f} bits a token"
    if run.texts.exact:
        floor = _floor(floors(test, gaps=objective == "masked"), objective).bits
        about |= {"floor": round(floor, 5)}
        line += f", exact floor {floor:.4f}, {bits / floor - 1:.2%} above it"
    (folder / CARD).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    yield f"{line}; {run.step:,} steps in {run.cpu_seconds:,.0f} s of a processor"
    yield f"the model and its card are in {folder}"
