"""Texts read by a published model: what each of its layers makes of each token."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from bertgpt.bert import BERT
from bertgpt.gpt import GPT
from bertgpt.tokens.bpe import BPE
from bertgpt.tokens.files import read_json
from bertgpt.tokens.tokenizer import Tokenizer
from bertgpt.tokens.wordpiece import WordPiece
from bertgpt.transformer import Transformer
from bertgpt.weights.files import fetch
from bertgpt.weights.published import load_bert, load_gpt2

AT_ONCE = 32  # texts of like length that are read together


class Published(NamedTuple):
    """A published model without a head, and its tokenizer."""

    model: BERT | GPT
    tokenizer: Tokenizer

    def encode(self, text: str) -> list[int]:
        """Ids as the model was trained to read them: BERT's between [CLS] and [SEP]."""
        ids = self.tokenizer.encode(text)
        special = self.model.special
        return [special.cls, *ids, special.sep] if isinstance(self.model, BERT) else ids


class Reading(NamedTuple):
    """One text as a model read it."""

    ids: list[int]  # T of them, with the special ones
    states: Tensor  # (L + 1, T, D): what enters the first block, then what each block gives


def open_published(source: str | Path) -> Published:
    """A published BERT or GPT-2 and its tokenizer, without a head.

    Args:
        source: a folder as `save_pretrained` writes it, or a name on the Hugging Face hub, which
            needs a network and `pip install "bertgpt[online]"`.
    Raises:
        ValueError: for another architecture, and as for `load_bert` and `WordPiece.load`.
    """
    folder = fetch(source)
    kind = read_json(folder / "config.json").get("model_type")
    if kind == "bert":
        return Published(load_bert(folder, _no_head), WordPiece.load(folder))
    if kind == "gpt2":
        return Published(load_gpt2(folder, _no_head), BPE.load(folder))
    raise ValueError(
        f"{folder} holds a model of type {kind!r}, and our stack reads 'bert' and 'gpt2'; give the "
        "folder or the name of one of these, such as 'bert-base-uncased' or 'gpt2'"
    )


def _no_head(stack: Transformer) -> nn.Module:
    return nn.Identity()


@torch.no_grad()
def layer_states(model: BERT | GPT, token_ids: Tensor) -> Tensor:
    """States of all layers: those that enter the first block, and those that each block gives.

    Where a norm follows the last block, as in GPT-2, the last states are those after it, as in
    `hidden_states` of `transformers`.

    Args:
        token_ids: (B, T) int64.
    Returns:
        (L + 1, B, T, D), of a model in the mode that it is in.
    """
    seen: list[Tensor] = []

    def keep(block: nn.Module, given: tuple[Tensor, ...], made: Tensor) -> None:
        seen.extend([made] if seen else [given[0], made])

    listeners = [block.register_forward_hook(keep) for block in model.stack.blocks]
    try:
        last = model.hidden(token_ids)
    finally:
        for listener in listeners:
            listener.remove()
    return torch.stack([*seen[:-1], last])


def read_ids(model: BERT | GPT, rows: Sequence[Sequence[int]]) -> list[Reading]:
    """Read texts given as ids, those of like length together.

    Returns:
        A Reading per text, in the order of the texts.
    Raises:
        ValueError: for an empty text, or one that is longer than the model reads.
    """
    longest, pad = model.stack.cfg.max_positions, model.special.pad
    for number, ids in enumerate(rows):
        if not 1 <= len(ids) <= longest:
            raise ValueError(
                f"text {number} has {len(ids)} tokens, and this model reads 1 to {longest}; leave "
                "it out, or cut it into parts"
            )
    found: dict[int, Reading] = {}
    by_length = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    while by_length:
        some = by_length[:AT_ONCE]
        if pad < 0:  # GPT-2 has no padding, so only texts of one length go together
            some = [number for number in some if len(rows[number]) == len(rows[some[0]])]
        batch = pad_sequence([torch.tensor(rows[number]) for number in some], True, pad)
        states = layer_states(model, batch)
        for row, number in enumerate(some):
            size = len(rows[number])
            found[number] = Reading(list(rows[number]), states[:, row, :size].clone())
        by_length = by_length[len(some) :]
    return [found[number] for number in range(len(rows))]


def read(published: Published, texts: Sequence[str]) -> list[Reading]:
    """Read texts; results and errors as for `read_ids`."""
    return read_ids(published.model, [published.encode(text) for text in texts])


def word_states(published: Published, texts: Sequence[str], word: str) -> Tensor:
    """The vectors of one word in several texts, in each layer.

    Args:
        word: must be in each text once; of a word of several pieces the mean is taken.
    Returns:
        (L + 1, N, D) for N texts.
    Raises:
        ValueError: for a text that does not have the word, or has it twice.
    """
    # A word inside a text begins with a space, which byte-level BPE puts into the token.
    wanted = [published.tokenizer.encode(form) for form in (word, f" {word}")]
    found = []
    for number, reading in enumerate(read(published, texts)):
        places = {
            (start, len(pieces))
            for pieces in wanted
            for start in range(len(reading.ids))
            if reading.ids[start : start + len(pieces)] == pieces
        }
        if len(places) != 1:
            raise ValueError(
                f"text {number} has {word!r} as a word {len(places)} times; give texts that have "
                "it once"
            )
        start, size = places.pop()
        found.append(reading.states[:, start : start + size].mean(1))  # (L + 1, D)
    return torch.stack(found, dim=1)


def vectors_of_ids(model: BERT | GPT, rows: Sequence[Sequence[int]]) -> Tensor:
    """One vector per text: the mean of its last states, special tokens included, of length 1.

    So the card of all-MiniLM-L6-v2 says that its vectors of sentences are made.

    Returns:
        (N, D); the dot product of two rows is their cosine similarity.
    """
    means = [
        reading.states[-1].mean(0)
        for k in range(0, len(rows), AT_ONCE)  # so that few states are held at once
        for reading in read_ids(model, rows[k : k + AT_ONCE])
    ]
    return F.normalize(torch.stack(means), dim=-1)


def text_vectors(published: Published, texts: Sequence[str]) -> Tensor:
    """One vector per text, as `vectors_of_ids` makes them: (N, D)."""
    return vectors_of_ids(published.model, [published.encode(text) for text in texts])
