"""Experiments over several seeds, one per file; their results are in `bertgpt/results`.

Importing the room imports none of them: `python -m bertgpt.experiments NAME` finds the file.
"""

from bertgpt.experiments.runner import REGISTERED, experiment, main, run

__all__ = ["REGISTERED", "experiment", "main", "run"]
