"""The course's own trained models, which come with the package."""

import json
from pathlib import Path
from typing import Any

from bertgpt.bert import BERT
from bertgpt.gpt import GPT
from bertgpt.weights.files import WEIGHTS
from bertgpt.weights.saved import load

CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"
CARD = "card.json"


def course_names() -> list[str]:
    """The names of the models that came with the package."""
    return sorted(path.parent.name for path in CHECKPOINTS.glob(f"*/{WEIGHTS}"))


def course_folder(name: str) -> Path:
    """The folder of a model: its weights, its card, and its tokenizer where it has one.

    Raises:
        ValueError: for an unknown name.
    """
    if name not in (known := course_names()):
        raise ValueError(
            f"no model of the course is called {name!r}; there are: {', '.join(known) or 'none'}. "
            "A folder of your own is read by bertgpt.weights.saved.load"
        )
    return CHECKPOINTS / name


def course_model(name: str) -> BERT | GPT:
    """A trained model, in evaluation mode: a GPT if its name says so, else a BERT.

    The file holds numbers of 16 bits, which become 32; the card was written for these.

    Raises:
        ValueError: for an unknown name, or a damaged file.
    """
    folder = course_folder(name)
    return (
        load(GPT, folder) if course_card(name)["settings"]["model"] == "gpt" else load(BERT, folder)
    )


def course_card(name: str) -> dict[str, Any]:
    """The facts of a model, and the bits that it reaches: data, steps, seconds, bits, floor.

    Some models come only as a card: it says what they reach, and others came out better.

    Raises:
        ValueError: for an unknown name, or a damaged card.
    """
    path = CHECKPOINTS / name / CARD
    if not path.is_file():
        course_folder(name)  # says which there are
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}); install the package again") from None
    return card
