"""Stored results of experiments: what each seed measured, when, and made with what.

A page reads a result with `load_result`, and needs none of the code that computed it.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bertgpt.evaluation.intervals import Interval, mean_interval

RESULTS = Path(__file__).parent.parent / "results"
COMMAND = "python -m bertgpt.experiments"  # computes and stores them


class ResultError(ValueError):
    """A result or an experiment that is not there, not whole, or not to be stored."""


def load_result(name: str, folder: Path = RESULTS) -> dict[str, Any]:
    """A stored result, whole.

    Returns:
        A dictionary with "seeds"; "values", what each seed measured, in the order of the seeds;
        "seconds" that each took; "planned" seeds; "made_with" (versions, hardware, code); "name";
        "date".
    Raises:
        ResultError: if there is no such result, or its file is damaged or not finished.
    """
    path = folder / f"{name}.json"
    if not path.is_file():
        stored = ", ".join(sorted(file.stem for file in folder.glob("*.json")))
        raise ResultError(
            f"no result is called {name!r}; there are: {stored or 'none'}. An experiment of this "
            f"name is computed by: {COMMAND} {name}"
        )
    result = read_result(path)
    if missing := [seed for seed in result["planned"] if seed not in result["seeds"]]:
        raise ResultError(f"result {name!r} has no seeds {missing}; finish it: {COMMAND} {name}")
    return result


def over_seeds(values: Sequence[Any], *path: str | int) -> Interval:
    """Mean of one number over the seeds, with its t interval.

    Args:
        values: what each seed measured, as in ``load_result(name)["values"]``.
        path: keys of dictionaries and places in lists that lead to the number.
    Raises:
        ValueError: if there are fewer than two seeds, or no number at the end of the path.

    >>> values = [{"LSTM": {"error": [0.5, 0.1]}}, {"LSTM": {"error": [0.7, 0.3]}}]
    >>> over_seeds(values, "LSTM", "error", 1).mid
    0.2
    """
    numbers = []
    for value in values:
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                raise ValueError(f"{path} leads nowhere: no {step!r} in {_told(value)}") from None
        if not isinstance(value, int | float):
            raise ValueError(
                f"{path} leads to {_told(value)}, not to a number; add the keys or places that "
                "lead to one"
            )
        numbers.append(value)
    return mean_interval(numbers)


def _told(value: Any) -> str:
    """The type of a value, for a message, with the keys of a dictionary."""
    keys = f" of {list(value)}" if isinstance(value, dict) else ""
    return f"a {type(value).__name__}{keys}"


def save_result(path: Path, result: dict[str, Any]) -> None:
    """Write a result in one step, so that an interrupt leaves the old file or the new one.

    Raises:
        ResultError: if it holds something that JSON does not; the old file stays.
    """
    try:
        text = json.dumps(result, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ResultError(
            f"a result for {path.name} cannot be stored ({error}); return numbers, texts, lists "
            "and dicts, without nan or infinity"
        ) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text + "\n", encoding="utf-8")
    os.replace(unfinished, path)


def read_result(path: Path) -> dict[str, Any]:
    """A stored result, finished or not.

    Raises:
        ResultError: if the file is damaged.
    """
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lengths = {len(result[key]) for key in ("seeds", "values", "seconds")}
        whole = len(lengths) == 1 and {"planned", "made_with", "date"} <= set(result)
        if whole and result["name"] == path.stem:
            return result
    except (ValueError, TypeError, KeyError):
        pass
    raise ResultError(
        f"{path} is damaged; get it from the repository again, or compute it again: "
        f"{COMMAND} --fresh {path.stem}"
    )
