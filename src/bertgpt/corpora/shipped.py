"""The data files that gensim ships for its own tests, which need no network."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gensim.test.utils import datapath

Parsed = TypeVar("Parsed")

REINSTALL = "gensim's own files come back with: pip install --force-reinstall --no-deps gensim"


def path_of(name: str) -> Path:
    """Where one of gensim's own files is."""
    return Path(datapath(name))


def parsed(name: str, parse: Callable[[list[str]], Parsed]) -> Parsed:
    """The contents of one of gensim's own text files.

    Args:
        name: of the file.
        parse: makes them of its lines that are not blank; raises ValueError where it cannot.
    Raises:
        ValueError: if the file is missing or damaged.
    """
    try:
        lines = path_of(name).read_text("utf-8").splitlines()
        return parse([line for line in lines if line.strip()])
    except (OSError, ValueError) as error:
        raise ValueError(f"the file {name} is missing or damaged ({error}). {REINSTALL}") from None
