"""One seed of the controlled experiment, arm by arm; a stop costs the arm that was running."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from bertgpt.bert import BERT
from bertgpt.controlled import grid
from bertgpt.controlled.abilities import SIZES, Sizes, asked, limits, measured, of_any_stack
from bertgpt.controlled.arms import ARMS, UPDATES, Arm, new_model, trained
from bertgpt.controlled.cost import positions
from bertgpt.controlled.grid import native, row
from bertgpt.controlled.language import all_texts, drawn
from bertgpt.controlled.scoring import ORDERS
from bertgpt.controlled.writing import SWEEPS
from bertgpt.evaluation.results import load_result
from bertgpt.experiments.controlled_rates import DEVELOPMENT_SEED, best_rate
from bertgpt.experiments.made_with import code_digest

CACHE = Path("~/.cache/bertgpt/controlled")
CURVE_TEXTS = 60


@dataclass
class Curve:
    """Bits of a word on development texts, by updates: asked as an arm's last stage taught, and in
    every column, so that what the first of two stages taught is seen to be kept or lost.
    """

    arm: Arm
    points: list[dict[str, Any]] = field(default_factory=list)

    def look(self, updates: int, model: BERT) -> None:
        """Add a point."""
        found = row(model, self.arm, development_texts())
        taught = [found[column] for column in native(self.arm)]
        mean = sum(taught) / len(taught)
        self.points.append({"updates": updates, "bits": mean, "grid": found})


@cache
def development_texts() -> Tensor:
    """The same for every seed, and none of those that an arm is measured on at its end."""
    generator = torch.Generator().manual_seed(DEVELOPMENT_SEED)
    return all_texts().ids[drawn(CURVE_TEXTS, generator)]


def stored_rates() -> dict[str, float]:
    """The learning rate of each arm, chosen on development texts.

    Raises:
        ResultError: if `controlled_rates` was not computed yet.
    """
    values = load_result("controlled_rates")["values"]
    return {name: best_rate(values, name) for name in ARMS}


def one_seed(
    seed: int,
    rates: Mapping[str, float],
    arms: Iterable[str] = tuple(ARMS),
    *,
    folder: Path = CACHE,
    updates: int = UPDATES,
    sizes: Sizes = SIZES,
) -> dict[str, Any]:
    """Train and measure each arm, or take what is kept of it.

    Args:
        rates: learning rate by arm.
        folder: where weights and measures of finished arms are kept, by the code that made them. A
            file that is damaged or cannot be written costs only the time to compute it.
    Returns:
        "limits", of those who know the language; "cost"; "arms", by name what `measured` found,
        with "counts" (updates, tokens, guesses, parameters), "rate" and "curve"; and
        "new weights", what a stack is good for that has learned nothing before the labels.
    """
    given = asked(seed, sizes)
    found: dict[str, Any] = {}
    for number, name in enumerate(arms):
        made_of = f"{code_digest(Path(__file__))}-{updates}-{rates[name]:g}-{list(sizes)}"
        path = folder.expanduser() / f"{number:02d}-{seed}.json"
        found[name] = _kept(path, made_of)
        if found[name] is None:
            weights = folder.expanduser() / f"{number:02d}-{seed}.safetensors"
            model, learned = _learned(weights, ARMS[name], seed, rates[name], updates)
            found[name] = {"rate": rates[name], **learned}
            found[name] |= _rounded(measured(model, ARMS[name], given))
            _keep(path, made_of, found[name])
    return {
        "limits": _rounded(limits(given)),
        "cost": _rounded(positions(SWEEPS, sizes.walk_sweeps, ORDERS)),
        "arms": found,
        "new weights": _rounded(of_any_stack(new_model(ARMS["full, 40 %"], seed), given)),
    }


def _learned(
    path: Path, arm: Arm, seed: int, rate: float, updates: int
) -> tuple[BERT, dict[str, Any]]:
    """An arm's model, its counts and its curve: trained, or as kept by the code that trains."""
    made_of = f"{code_digest(Path(grid.__file__))}-{updates}-{rate:g}"
    try:
        with safe_open(path, "pt") as kept:
            if kept.metadata()["made of"] == made_of:
                model = new_model(arm, seed)
                model.load_state_dict({name: kept.get_tensor(name) for name in kept.keys()})
                return model.eval(), json.loads(kept.metadata()["learned"])
    except (OSError, RuntimeError, SafetensorError, ValueError, KeyError, TypeError):
        pass  # none there, or damaged
    curve = Curve(arm)
    model, counts = trained(arm, seed, rate, updates, curve.look)
    learned = {"counts": counts._asdict(), "curve": _rounded(curve.points)}
    unfinished = path.with_suffix(".unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        weights = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        save_file(weights, unfinished, {"made of": made_of, "learned": json.dumps(learned)})
        unfinished.replace(path)
    except (OSError, SafetensorError):  # no room, or no right to write there
        pass
    return model, learned


def _kept(path: Path, made_of: str) -> Any:
    """Contents of a file, if it was made so; else None."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept["found"] if kept["made of"] == made_of else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: Path, made_of: str, found: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps({"made of": made_of, "found": found}), encoding="utf-8")
        unfinished.replace(path)
    except OSError:  # no room, or no right to write there
        pass


def _rounded(value: Any) -> Any:
    """The same with five digits after the point, which is more than a seed settles."""
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 5) if isinstance(value, float) else value
