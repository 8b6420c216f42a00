"""Stories of Toyland as ids, drawn once and kept: what the course's models read."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import torch

from bertgpt.config import SPECIAL_IDS, TransformerConfig
from bertgpt.tokens.vocab import Vocab
from bertgpt.toyland import END, toyland
from bertgpt.training.ragged import Ragged

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # in the order of SPECIAL_IDS
POSITIONS = 96  # the longest story has 70 words, [CLS] and [SEP]; a question on it has room
TEST_SEED = 1_000_003  # of the stories that models are tested on; no training begins from it
CACHE = Path("~/.cache/bertgpt")


@cache
def toyland_vocab() -> Vocab:
    """The special tokens, then Toyland's words in alphabetical order."""
    words = [word for word in toyland().vocabulary if word != END]
    return Vocab([*SPECIALS, *words], [0] * (len(SPECIALS) + len(words)))


def toyland_config() -> TransformerConfig:
    """The one config of all the course's models of Toyland: 4 layers of width 128."""
    return TransformerConfig(vocab_size=len(toyland_vocab()), max_positions=POSITIONS)


def encode_story(words: Sequence[str]) -> list[int]:
    """Ids of a story: [CLS], its words, [SEP] for its end.

    >>> toyland_vocab().decode(encode_story(("anna", "met", "tom", ".")))
    ['[CLS]', 'anna', 'met', 'tom', '.', '[SEP]']
    """
    return [SPECIAL_IDS.cls, *toyland_vocab().encode(words), SPECIAL_IDS.sep]


def decode_story(ids: Sequence[int]) -> list[str]:
    """Words of a story's ids, up to [SEP], without special tokens.

    >>> decode_story(encode_story(("anna", "met", "tom", ".")))
    ['anna', 'met', 'tom', '.']
    """
    words = toyland_vocab().decode(ids)
    words = words[: words.index("[SEP]")] if "[SEP]" in words else words
    return [word for word in words if word not in SPECIALS]


def draw_stories(n: int, seed: int, folder: Path = CACHE) -> Ragged:
    """Stories as `encode_story` writes them; drawn once, and read from a file after that.

    Args:
        n: how many.
        seed: of the draw; the first stories of a longer draw from the same seed are the same.
        folder: where drawn stories are kept. A file that is damaged or cannot be written costs
            only the time to draw them (some thousands a second).
    """
    grammar = (files("bertgpt") / "data" / "toyland.txt").read_bytes()
    made_of = hashlib.sha256(grammar + repr((toyland_vocab().words, seed, n)).encode()).hexdigest()
    path = folder.expanduser() / f"toyland-{n}-{seed}-{made_of[:12]}.safetensors"
    try:
        return Ragged.load(path)
    except ValueError:  # not there, or damaged
        pass
    stories = toyland().stories(n, torch.Generator().manual_seed(seed))
    drawn = Ragged.of([encode_story(story.words) for story in stories])
    try:
        drawn.save(path)
    except OSError:  # no room, or no right to write there
        pass
    return drawn
