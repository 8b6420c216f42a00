"""Toyland as one long text, and windows of it to train on."""

import torch
from torch import Tensor

from bertgpt.tasks.characters import pieces
from bertgpt.toyland import END, toyland


def toyland_text(n_stories: int = 2000) -> tuple[Tensor, int]:
    """Stories of Toyland, each with its end, as one row of ids; and the size of the vocabulary."""
    language = toyland()
    number = {word: i for i, word in enumerate(language.vocabulary)}
    stories = language.stories(n_stories, torch.Generator().manual_seed(0))
    return torch.tensor([number[w] for s in stories for w in (*s.words, END)]), len(number)


def windows(text: Tensor, n_texts: int, generator: torch.Generator) -> Tensor:
    """Pieces of 32 tokens, drawn with replacement: (B, T)."""
    return pieces(text[:-1], n_texts, 32, generator)
