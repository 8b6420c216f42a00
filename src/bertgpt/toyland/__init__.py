"""A language of small stories whose every probability is known exactly."""

from bertgpt.toyland.language import toyland
from bertgpt.toyland.states import END, MASK

__all__ = ["END", "MASK", "toyland"]
