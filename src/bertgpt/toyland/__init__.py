"""A language of small stories whose every probability is known exactly."""

from bertgpt.toyland.language import toyland
from bertgpt.toyland.moves import END, MASK

__all__ = ["END", "MASK", "toyland"]
