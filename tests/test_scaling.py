"""The page on scaling: its numbers come from cards, results and arithmetic, and none is typed."""

import importlib
import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))

import scaling
from small_pages import build
from test_pages_rules import BOOK

from bertgpt.training.budget import H100, training_flops
from bertgpt.weights.course import course_card

TIMES = "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}"
PAGE = (BOOK / "scaling.md").read_text(encoding="utf-8")
CONF = """
extensions = ["myst_parser", "scaling"]
myst_enable_extensions = ["dollarmath"]
html_theme = "basic"
"""
MINI = """# Mini

It read {scaling}`gpt-tokens` tokens.

```{scaling-table} growth
```

```{scaling-figure} processes
:name: fig-two
:alt: Two processes and what each holds.
Two *processes*.
```
"""


@pytest.mark.filterwarnings("ignore")
def test_a_number_a_table_and_a_figure(tmp_path: Path) -> None:
    built = build(tmp_path, MINI, "scaling")
    assert built.warnings == ""
    assert f"It read {scaling.numbers()['gpt-tokens']} tokens." in built.html
    assert "<th" in built.html
    assert scaling.growth()[1][-1] in built.html
    assert 'aria-label="Two processes and what each holds."' in built.html
    assert "<em>processes</em>" in built.html
    assert 'id="fig-two"' in built.html


@pytest.mark.filterwarnings("ignore")
def test_an_unknown_name_says_which_there_are(tmp_path: Path) -> None:
    text = "# A\n\n{scaling}`gpt-cost`\n\n```{scaling-table} prices\n```\n\n"
    text += "```{scaling-figure} moon\n:alt: The moon over a hill.\n```\n"
    found = build(tmp_path, text, "scaling").warnings
    assert re.search(r"no number .* 'gpt-cost'; there are: .*gpt-tokens", found)
    assert "no table of the page on scaling is called 'prices'; there are: growth, models" in found
    assert "no figure of the page on scaling is called 'moon'; there are: processes, time" in found


def test_every_name_on_the_page_is_known() -> None:
    for kind, known in (
        ("scaling", scaling.numbers()),
        ("scaling-table", scaling.TABLES),
        ("scaling-figure", scaling.FIGURES),
    ):
        pattern = rf"{{{kind}}}`([^`]+)`" if kind == "scaling" else rf"{{{kind}}} (\S+)"
        used = re.findall(pattern, PAGE)
        assert used
        assert set(used) <= set(known), set(used) - set(known)


def test_numbers_follow_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    card = json.loads(json.dumps(course_card(scaling.GPT)))
    tokens = card["steps"] * 64 * card["settings"]["tokens"] / card["settings"]["texts"]
    assert scaling.trained()["tokens"] == pytest.approx(tokens)
    card |= {"steps": 2 * card["steps"], "cpu_seconds": 7200}
    fresh = importlib.reload(scaling)
    monkeypatch.setattr(fresh, "course_card", lambda _: card)
    assert fresh.trained()["tokens"] == pytest.approx(2 * tokens)
    assert fresh.numbers()["gpt-time"] == "2 hours"
    assert fresh.numbers()["gpt-flops"] == fresh.power(12 * card["parameters"] * tokens)
    importlib.reload(scaling)


def test_the_tables_are_arithmetic() -> None:
    _, weights, tokens, operations, *_ = scaling.growth()
    assert weights[1:] == ["845 thousand", "8.5 million", "845 million"]
    assert tokens[3] == "17 billion"
    assert operations[2] == scaling.power(training_flops(10 * 845_312, 20 * 10 * 845_312))
    rows = {row[0].split(" {")[0]: row[1:] for row in scaling.models()}
    assert rows["GPT-2"][1:5] == ["not published", "", "", ""]
    assert rows["GPT-3"][3] == f"3.15{TIMES}10²³"
    assert rows["GPT-3"][4] == scaling.lasting(3.15e23 / H100.speed)
    assert rows["BERT-base"][5] == "4 Cloud TPUs (16 chips), 4 days"


def test_measured_numbers_come_from_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"whole": 8000, "four parts": 2000, "bfloat16": 6000, "twice as wide": 16000}
    losses = {"one": [2.0, 1.0], "two": [2.0, 1.000002]}
    seconds = {"one": 1.0, "two": 0.625, "two, sharded": 0.8, "four parts": 1.25,
               "bfloat16": 2.0, "twice as wide": 3.0,
               "twice as wide, bfloat16": 3.6}  # fmt: skip
    value = {
        "losses": losses,
        "seconds": seconds,
        "kept": {k: {"bytes": b} for k, b in kept.items()},
    }
    monkeypatch.setattr(scaling, "load_result", lambda _: {"values": [value, value]})
    found = scaling.measured() | scaling.timed()
    assert found["gap"] == f"2.0{TIMES}10⁻⁶"
    assert found["fraction"] == "80%"  # 1.6 times the speed of one, of twice
    assert (found["slower-bf16"], found["slower-wide"]) == ("2.0", "3.0")
    assert found["slower-wide-bf16"] == "1.2"
    assert (found["kept-parts"], found["kept-bf16"]) == ("4", "25%")
    assert ["two processes", "160"] in scaling.speeds()
