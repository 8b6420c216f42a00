"""The seconds of a run are those of its last steps."""

from pathlib import Path

import pytest

from bertgpt.experiments import process_speed
from bertgpt.experiments.processes import ARMS


def test_the_first_steps_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(words: list[str], processes: int, steps: int) -> list[float]:
        asked.append(words)
        assert Path(words[-1]).is_dir()
        assert processes == ARMS["two"][0]
        return [10.0, 5000.0]

    monkeypatch.setattr(process_speed, "run", run)
    assert process_speed.seconds_of("two", 1) == pytest.approx(0.2)
    line = " ".join(asked[0])
    assert "--steps 40 --every 20 --seed 1" in line
