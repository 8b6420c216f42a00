"""Numbers and the picture of the first page, from stored weights, cards and results.

* ``{opening}`gpt-above` `` in a sentence is a number of `numbers`.
* ``{opening-figure}`` is the sentence that BERT fills and GPT continues; it holds the caption.

Nothing is kept from an earlier build. An unknown name is a warning that says which there are; a
strict build therefore fails.
"""

from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import torch
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from bertgpt.controlled import summary
from bertgpt.evaluation.results import RESULTS, load_result, over_seeds
from bertgpt.figures import opening_drawing, page
from bertgpt.generation.decode import generate
from bertgpt.toyland import toyland
from bertgpt.training.stories import decode_story, encode_story, toyland_vocab
from bertgpt.weights.course import CARD, CHECKPOINTS, course_card, course_model
from bertgpt.weights.files import WEIGHTS

LOGGER = logging.getLogger(__name__)
BEFORE = (
    "once a teacher named ruby lived in a huge house near the zoo . ivy was there too . ivy gave "
    "a ball to ruby because"
)
AFTER = "was her birthday . they played until it was dark ."
SHOWN = 7, 4  # words of it in the picture, on each side of the gap
BERT, GPT, ALL_RATES = "toyland-bert", "toyland-gpt", "toyland-bert-all-rates"
RESULTS_READ = ("bert_writes", "fine_tuning", "other_mask", "controlled")
LABELS = "500"  # of the labelled texts that sense is learned from


@cache
def sentence() -> dict[str, Any]:
    """Both models at the same place: the word in BERT's gap, GPT's next words and its text."""
    before, after = BEFORE.split(), AFTER.split()
    gap = 1 + len(before)  # [CLS] is first
    ids = torch.tensor([encode_story([*before, "[MASK]", *after])])
    gpt = course_model(GPT)
    with torch.inference_mode():
        both = course_model(BERT)(ids)[0, gap].softmax(-1)
        left = gpt(ids[:, :gap])[0, -1].softmax(-1)
    (end,) = toyland_vocab().encode(["[SEP]"])
    written = generate(gpt, ids[:, :gap], 40, stop=[end])[0]  # the likeliest word each time
    return {"filled": _likely(both, 1), "following": _likely(left, 2),
            "written": decode_story(written.ids)}  # fmt: skip


def as_printed(written: list[str]) -> str:
    """The text that GPT writes on, with the capitals and spaces of a printed story."""
    story = str(toyland().read([*BEFORE.split(), *written]))
    return story.partition("because ")[2]


def _likely(chances: torch.Tensor, n: int) -> dict[str, float]:
    top = chances.topk(n)
    words = toyland_vocab().decode(top.indices.tolist())
    return dict(zip(words, top.values.tolist(), strict=True))


@cache
def numbers() -> dict[str, str]:
    """All numbers and words of the page by name."""
    measured = {name: course_card(name)["measured"] for name in (BERT, GPT, ALL_RATES)}
    found = {
        "written": as_printed(sentence()["written"]),
        "gpt-above": f"{measured[GPT]['next token']['excess']:.1%}",
        "gpt-minutes": f"{course_card(GPT)['cpu_seconds'] / 60:.0f}",
        "bound-15": f"{measured[BERT]['bound']['excess']:.0%}",
        "bound-all": f"{measured[ALL_RATES]['bound']['excess']:.0%}",
    }
    for name, said in (("filled", sentence()["filled"]), ("following", sentence()["following"])):
        (word, p), *_ = said.items()
        found |= {name: word, f"{name}-chance": f"{p:.0%}"}
    written = load_result("bert_writes")["values"]
    gpt = sum(value["GPT"]["whole"] for value in written)
    bert = sum(value["all rates"]["confident"]["whole"] for value in written)
    of = sum(value["GPT"]["texts"] for value in written)
    found |= {"whole-gpt": str(gpt), "whole-bert": str(bert), "whole-of": f"{of:,}"}
    return found | _masks() | _gaps() | _senses()


def _masks() -> dict[str, str]:
    """Bits of a word that the GPT needs under its mask, and under BERT's with answers in sight."""
    runs = load_result("other_mask")["values"]
    at = ("models", "GPT", "bits")
    return {
        "mask-own": f"{over_seeds(runs, *at, 'causal').mid:.2f}",
        "mask-other": f"{over_seeds(runs, *at, 'text goes on').mid:.1f}",
    }


def _gaps() -> dict[str, str]:
    """Bits at one gap above the best reader, of a GPT and of BERTs trained alike; what it costs."""
    runs = load_result("controlled")["values"]

    def above(arm: str) -> float:
        return summary.over(runs, lambda value: summary.gap(value, arm)).mid

    cost = runs[0]["cost"]["a filled gap"]
    berts = [above("full, 15 %"), above(summary.BERT)]
    return {
        "gap-gpt": f"{above(summary.GPT):.3f}",
        "gap-bert": f"{min(berts):.3f}",
        "gap-readings": f"{cost['rescored'] / cost['gap']:.0f}",
    }


def _senses() -> dict[str, str]:
    """How often models find the sense of a word, each after the same labels."""
    tuned = load_result("fine_tuning")["values"]
    at = ("tasks", "sense", "all weights")
    arms = {"masked": "GPT", "unmasked": "GPT unmasked", "new": "new weights"}
    found = {
        f"sense-{name}": f"{over_seeds(tuned, *at, arm, LABELS, 'accuracy').mid:.2f}"
        for name, arm in arms.items()
    }
    best = f"{tuned[0]['limits']['sense']['left']:.2f}"
    return found | {"sense-labels": LABELS, "sense-left": best}


def sources() -> list[Path]:
    """Files that the page follows."""
    cards = [
        CHECKPOINTS / name / file for name in (BERT, GPT, ALL_RATES) for file in (CARD, WEIGHTS)
    ]
    drawn = [Path(opening_drawing.__file__), Path(__file__)]
    return [*cards, *drawn, *(RESULTS / f"{name}.json" for name in RESULTS_READ)]


class OpeningRole(SphinxRole):
    """``{opening}`gpt-above` ``: a number of the page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        for path in sources():
            self.env.note_dependency(str(path))
        known = numbers()
        if self.text in known:
            return [nodes.Text(known[self.text])], []
        LOGGER.warning(
            "no number of the first page is called %r; there are: %s",
            self.text, ", ".join(sorted(known)), location=self.get_location(), type="opening",
        )  # fmt: skip
        return [], []


class OpeningFigure(SphinxDirective):
    """``{opening-figure}``: the picture of the page, with a text for those who do not see it."""

    has_content = True
    option_spec: ClassVar = {
        "name": directives.unchanged_required,
        "alt": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        for path in sources():
            self.env.note_dependency(str(path))
        said, (n_before, n_after) = sentence(), SHOWN
        drawing = opening_drawing.two_readers(
            BEFORE.split()[-n_before:], AFTER.split()[:n_after], filled=said["filled"],
            following=said["following"], written=said["written"][:n_after],
        )  # fmt: skip
        drawn = page.show(drawing, alt=self.options["alt"]).data
        figure = nodes.figure("", nodes.raw("", drawn, format="html"))
        found, messages = self.parse_inline(" ".join(self.content))
        figure += nodes.caption("", "", *found, *messages)
        self.add_name(figure)
        return [figure]


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.add_role("opening", OpeningRole())
    app.add_directive("opening-figure", OpeningFigure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
