"""Python code as characters: text to learn from, and how much of what is written is Python."""

import ast
import string
import warnings
from statistics import fmean

import torch
from torch import Tensor

from bertgpt.corpora import python_code, split

ALPHABET = "\n" + string.printable[:95]  # letters, digits, marks, space; the rest becomes ?
NUMBER = {character: i for i, character in enumerate(ALPHABET)}


def code_text(seed: int) -> tuple[str, str]:
    """Code of the standard library: 500,000 characters to train on, 60,000 of other files.

    Args:
        seed: which files are held out.
    """
    parts = split(python_code(), 0.1, seed=seed)
    train_on, held_out = ("".join(c if c in NUMBER else "?" for c in p.text) for p in parts)
    return train_on[:500_000], held_out[:60_000]


def encode(text: str) -> Tensor:
    """Number of each character: (T,)."""
    return torch.tensor([NUMBER[character] for character in text])


def pieces(text: Tensor, n_texts: int, T: int, generator: torch.Generator) -> Tensor:
    """Pieces of T characters, drawn with replacement: (B, T)."""
    first = torch.randint(len(text) - T + 1, (n_texts, 1), generator=generator)
    return text[first + torch.arange(T)]


def share_that_parses(texts: list[str]) -> float:
    """Fraction of whole lines that are Python by themselves, without empty ones and comments."""
    lines = [line.strip() for text in texts for line in text.split("\n")[:-1]]
    lines = [line for line in lines if line and line[0] != "#"]
    return fmean(map(parses, lines)) if lines else 0.0


# Where a line may be: by itself, with a body, after what it belongs to, in a function or loop.
PLACES = (
    "{}", "{}\n pass", "if x:\n pass\n{}\n pass", "try:\n pass\n{}\n pass", "def f():\n {}",
    "while x:\n {}",
)  # fmt: skip


def parses(line: str) -> bool:
    """Whether a line is Python; one that opens a block gets a body, a branch what it hangs on."""
    with warnings.catch_warnings():
        # "\d" brings a warning, and where warnings are errors the line would not parse.
        warnings.simplefilter("ignore")
        return any(_is_python(place.format(line)) for place in PLACES)


def _is_python(code: str) -> bool:
    """Whether Python reads the code; what is nested too deep for its parser it does not read."""
    try:
        ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
