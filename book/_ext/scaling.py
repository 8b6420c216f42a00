"""Numbers, tables and figures of the page on scaling, from cards, results and arithmetic.

* ``{scaling}`gpt-tokens` `` in a sentence is a number of `numbers`.
* ``{scaling-table} models`` is one of `TABLES`.
* ``{scaling-figure} processes`` is one of `FIGURES`; its content is the caption.

Nothing is kept from an earlier build: the numbers follow the cards and results in the package. An
unknown name is a warning that says which there are; a strict build therefore fails.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from bertgpt.evaluation.results import RESULTS, ResultError, load_result
from bertgpt.figures import page, scaling_drawing
from bertgpt.training import budget
from bertgpt.training.budget import H100, PUBLISHED, training_flops
from bertgpt.training.stories import toyland_config
from bertgpt.weights.course import CARD, CHECKPOINTS, course_card

LOGGER = logging.getLogger(__name__)
GPT = "toyland-gpt"
GROWN = (10, 1000)
POSITIONS = {"BERT-base": (12, 768, 512), "GPT-3": (96, 12288, 2048)}  # layers, width, T
ONE_BATCH = 512 * 1024  # tokens: GPT-2's batch of 512 texts (Radford et al. 2019, 2.3)
LLAMA_GPUS = 16_384  # Grattafiori et al. 2024, 3.3
MEMORY = 80e9  # bytes, of an H100
PROCESSES, SPEED = RESULTS / "processes.json", RESULTS / "process_speed.json"
RISEN = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
PREFIXES = (
    ("T", "trillion", 1e12), ("G", "billion", 1e9), ("M", "million", 1e6), ("k", "thousand", 1e3),
)  # fmt: skip
SPANS = (("year", 365 * 86_400), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def power(x: float, digits: int = 1) -> str:
    """A number as a product with a power of ten.

    >>> power(3.15e23, 2).split()[0], power(2e-6)[-2:]
    ('3.15', '⁻⁶')
    """
    front, exponent = f"{x:.{digits}e}".split("e")
    risen = str(int(exponent)).translate(RISEN)
    return f"{front}\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}10{risen}"


def lasting(seconds: float) -> str:
    """A time in the largest unit of which it holds two or more.

    >>> lasting(7300), lasting(3.2e9)
    ('2 hours', '101 years')
    """
    for unit, size in SPANS:
        if seconds >= 1.95 * size:
            return f"{seconds / size:,.0f} {unit}s"
    return f"{seconds:.1g} seconds"


def amount(x: float, unit: str = "") -> str:
    """A number in thousands, millions and so on, in words or before a unit.

    >>> amount(13_525_000, "B"), amount(175e9), amount(8_460_000), amount(845_312)
    ('14 MB', '175 billion', '8.5 million', '845 thousand')
    """
    for prefix, word, size in PREFIXES:
        if x >= size:
            digits = f"{x / size:.1f}" if x < 9.95 * size else f"{x / size:,.0f}"
            return f"{digits} {prefix}{unit}" if unit else f"{digits} {word}"
    return f"{x:.0f} {unit}"


@cache
def trained() -> dict[str, float]:
    """Facts of the course's GPT: weights, tokens read, seconds, length of a story."""
    card = course_card(GPT)
    settings = card["settings"]
    length = settings["tokens"] / settings["texts"]
    tokens = card["steps"] * settings["batch"] * length
    seconds = card.get("cpu_seconds", card["seconds"])
    found = {"weights": card["parameters"], "tokens": tokens, "seconds": seconds}
    found |= {"flops": training_flops(card["parameters"], tokens), "length": length}
    return found | {"excess": card["measured"]["next token"]["excess"], "steps": card["steps"],
                    "batch": settings["batch"], "readings": tokens / settings["tokens"],
                    "texts": settings["texts"]}  # fmt: skip


@cache
def numbers() -> dict[str, str]:
    """All numbers of the page by name."""
    gpt = trained()
    speed = gpt["flops"] / gpt["seconds"]
    cfg = toyland_config()
    state = sum(budget.state_bytes(mixed=True).values())
    ten = budget.chinchilla_tokens(GROWN[0] * gpt["weights"])
    gpt3 = next(p for p in PUBLISHED if p.name == "GPT-3")
    found = {
        "gpt-weights": f"{gpt['weights']:,.0f}",
        "gpt-steps": f"{gpt['steps']:,.0f}",
        "gpt-batch": f"{gpt['batch']:.0f}",
        "gpt-tokens": f"{gpt['tokens'] / 1e6:.0f} million",
        "gpt-time": lasting(gpt["seconds"]),
        "gpt-speed": f"{round(gpt['tokens'] / gpt['seconds'], -3):,.0f}",
        "gpt-excess": f"{gpt['excess']:.1%}",
        "gpt-flops": power(gpt["flops"]),
        "gpt-ratio": f"{gpt['tokens'] / gpt['weights']:.0f}",
        "gpt-readings": f"{gpt['readings']:.1f}",
        "gpt-length": f"{gpt['length']:.0f}",
        "core-speed": f"{speed / 1e9:.0f} billion",
        "h100-speed": f"{round(H100.speed / speed, -2):,.0f}",
        "h100-used": f"{H100.used:.0%}",
        "h100-peak": f"{H100.peak / 1e12:.0f}",
        "least": f"{round(budget.least_tokens(H100, budget.BF16), -2):,.0f}",
        "most": f"{ONE_BATCH / budget.least_tokens(H100, budget.BF16):.0f}",
        "batch": f"{ONE_BATCH:,}",
        "llama-batch": amount(LLAMA_GPUS * budget.least_tokens(H100, budget.BF16)),
        "state": str(state),
        "fits": f"{MEMORY / state / 1e9:.0f} billion",
        "kept-each": str(budget.KEPT),
        "gpt-texts": f"{gpt['texts']:,.0f}",
        "ten-readings": f"{ten * gpt['readings'] / gpt['tokens']:.0f}",
        "gpt3-times": f"{round(gpt3.weights / gpt['weights'], -4):,.0f}",
        "gpt3-state": amount(state * gpt3.weights, "B"),
        "gpt3-64": lasting(training_flops(gpt3.weights, gpt3.tokens or 0) / H100.speed / 64),
    }
    shapes = POSITIONS | {"gpt": (cfg.n_layers, cfg.width, gpt["length"])}
    sizes = {p.name: p.weights for p in PUBLISHED} | {"gpt": gpt["weights"]}
    for name, shape in shapes.items():
        share = budget.attention_flops(*shape) / 6 / sizes[name]
        found[f"attention-{name}"] = f"{share:.0%}"
    for part in (measured, timed):
        try:
            found |= part()
        except ResultError:  # not finished: its numbers are unknown, and a page that has them fails
            continue
    return found


def measured() -> dict[str, str]:
    """Those of the experiment `processes`: losses, and memory."""
    values = load_result("processes")["values"]
    alone = [value["losses"]["one"] for value in values]
    gaps = [
        abs(a - b)
        for one, value in zip(alone, values, strict=True)
        for losses in value["losses"].values()
        for a, b in zip(one, losses, strict=True)
    ]
    kept = values[0]["kept"]
    whole = kept["whole"]["bytes"]
    state = sum(budget.state_bytes(mixed=False).values()) * trained()["weights"]
    return {
        "steps": str(len(alone[0])),
        "runs": str(len(values)),
        "gap": power(max(gaps)),
        "kept": amount(whole, "B"),
        "kept-state": f"{whole / state:.0f}",
        "kept-parts": f"{whole / kept['four parts']['bytes']:.0f}",
        "kept-wide": f"{kept['twice as wide']['bytes'] / whole:.1f}",
        "kept-bf16": f"{1 - kept['bfloat16']['bytes'] / whole:.0%}",
    }


def timed() -> dict[str, str]:
    """Those of the experiment `process_speed`."""
    wide = speed_of("twice as wide")
    return {
        "fraction": f"{speed_of('two') / 2:.0%}",
        "slower-bf16": f"{1 / speed_of('bfloat16'):.1f}",
        "slower-wide": f"{1 / wide:.1f}",
        "slower-wide-bf16": f"{wide / speed_of('twice as wide, bfloat16'):.1f}",
    }


def speed_of(arm: str) -> float:
    """Tokens a second, as a multiple of those of one process; the mean over runs."""
    values = load_result("process_speed")["values"]
    return mean(value["seconds"]["one"] / value["seconds"][arm] for value in values)


Rows = list[list[str]]


def models() -> Rows:
    """Models of this course and published ones: weights, tokens, operations, days."""
    gpt = trained()
    best = f"One H100 at {H100.used:.0%}, at best"
    rows = [["", "Weights", "Tokens", "Tokens per weight", "6ND", best, "What it took"]]
    ours = f"{lasting(gpt['seconds'])} of one core"
    rows.append(["the course's GPT", *_sizes(gpt["weights"], gpt["tokens"]), ours])
    for p in PUBLISHED:
        said = p.hardware or ""
        said += f", {p.days:.0f} days" if p.days else ""
        rows.append([f"{p.name} {{cite:p}}`{p.source}`", *_sizes(p.weights, p.tokens), said])
    return rows


def _sizes(weights: float, tokens: float | None) -> list[str]:
    if tokens is None:
        return [amount(weights), "not published", "", "", ""]
    flops = training_flops(weights, tokens)
    ratio = tokens / weights
    return [amount(weights), amount(tokens), f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}",
            power(flops, 2), lasting(flops / H100.speed)]  # fmt: skip


def growth() -> Rows:
    """The course's GPT 10 and 1,000 times as large, with 20 tokens for each weight."""
    gpt = trained()
    speed = gpt["flops"] / gpt["seconds"]
    sizes = [gpt["weights"] * k for k in (1, *GROWN)]
    tokens = [budget.chinchilla_tokens(n) for n in sizes]
    flops = [training_flops(n, d) for n, d in zip(sizes, tokens, strict=True)]
    state = sum(budget.state_bytes(mixed=True).values())
    return [
        ["", "ours", *(f"{k:,} times" for k in GROWN)],
        ["weights", *map(amount, sizes)],
        ["tokens, at 20 per weight", *map(amount, tokens)],
        ["operations", *map(power, flops)],
        ["one core", *(lasting(c / speed) for c in flops)],
        [f"one H100 at {H100.used:.0%}, at best", *(lasting(c / H100.speed) for c in flops)],
        ["weights, gradients, moments", *(amount(state * n, "B") for n in sizes)],
    ]


def speeds() -> Rows:
    """Tokens a second of each run of `process_speed`, as a percentage of those of one process."""
    words = {
        "one": "one process",
        "two": "two processes",
        "two, sharded": "two processes, `--fsdp`",
        "four parts": "one process, `--parts 4`",
        "bfloat16": "one process, `--bf16`",
        "twice as wide": "one process, `--width 256`",
        "twice as wide, bfloat16": "one process, `--width 256 --bf16`",
    }
    rows = [["", "Tokens a second, one process = 100"]]
    return rows + [[said, f"{100 * speed_of(arm):.0f}"] for arm, said in words.items()]


def draw_time() -> Any:
    """The chart of times."""
    gpt = trained()
    points = {"the course's GPT": (gpt["weights"], gpt["flops"])}
    points |= {
        p.name: (p.weights, training_flops(p.weights, p.tokens))
        for p in PUBLISHED
        if p.tokens and p.name != "BERT-large"
    }
    unknown = {p.name: p.weights for p in PUBLISHED if p.tokens is None}
    machines = {
        "one core (measured)": gpt["flops"] / gpt["seconds"],
        f"one H100 at {H100.used:.0%}": H100.speed,
        f"64 H100s at {H100.used:.0%}": 64 * H100.speed,
    }
    return scaling_drawing.time_to_train(machines, points, unknown, budget.chinchilla_tokens(1))


TABLES: dict[str, Callable[[], Rows]] = {"models": models, "growth": growth, "speeds": speeds}
FIGURES: dict[str, Callable[[], Any]] = {
    "processes": scaling_drawing.draw_processes, "time": draw_time,
}  # fmt: skip
SOURCES = (PROCESSES, SPEED, CHECKPOINTS / GPT / CARD, Path(budget.__file__),
           Path(scaling_drawing.__file__), Path(__file__))  # fmt: skip


class ScalingRole(SphinxRole):
    """``{scaling}`gpt-tokens` ``: a number of the page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        for path in SOURCES:
            self.env.note_dependency(str(path))
        known = numbers()
        if self.text in known:
            return [nodes.Text(known[self.text])], []
        _unknown("number", self.text, known, self.get_location())
        return [], []


class TableDirective(SphinxDirective):
    """``{scaling-table} models``: one of `TABLES`, its first row and column as headers."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        if name not in TABLES:
            _unknown("table", name, TABLES, self.get_location())
            return []
        head, *rows = [[self._cell(text) for text in row] for row in TABLES[name]()]
        group = nodes.tgroup("", cols=len(head))
        group += [nodes.colspec(colwidth=1) for _ in head]
        group += nodes.thead("", nodes.row("", *head))
        group += nodes.tbody("", *(nodes.row("", *row) for row in rows))
        return [nodes.table("", group)]

    def _cell(self, text: str) -> nodes.entry:
        found, messages = self.parse_inline(text)
        return nodes.entry("", nodes.paragraph("", "", *found, *messages))


class FigureDirective(SphinxDirective):
    """``{scaling-figure} time``: one of `FIGURES`, with a text for those who do not see it."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        if name not in FIGURES:
            _unknown("figure", name, FIGURES, self.get_location())
            return []
        drawn = page.show(FIGURES[name](), alt=self.options["alt"]).data
        figure = nodes.figure("", nodes.raw("", drawn, format="html"))
        found, messages = self.parse_inline(" ".join(self.content))
        figure += nodes.caption("", "", *found, *messages)
        self.add_name(figure)
        return [figure]


def _unknown(kind: str, name: str, known: Any, where: str) -> None:
    there = ", ".join(sorted(known))
    LOGGER.warning(
        "no %s of the page on scaling is called %r; there are: %s",
        kind, name, there, location=where, type="scaling",
    )  # fmt: skip


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.add_role("scaling", ScalingRole())
    app.add_directive("scaling-table", TableDirective)
    app.add_directive("scaling-figure", FigureDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
