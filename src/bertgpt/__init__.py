"""Models of the course "Why BERT is not GPT, measured"."""

__version__ = "0.1.0"
