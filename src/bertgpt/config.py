"""Sizes and variants of a Transformer. Nothing here says BERT or GPT: the mask does that."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal, NamedTuple


class SpecialIds(NamedTuple):
    """Ids of the tokens that are not text, in the order in which our vocabularies have them.

    -1 stands for a token that the vocabulary does not have: no text holds it.
    """

    pad: int = 0  # fills up short texts; never read, never guessed
    unk: int = 1  # what the vocabulary cannot write
    cls: int = 2  # before a text: BERT's summary of it
    sep: int = 3  # after each part of a text
    mask: int = 4  # in place of a token to be guessed


SPECIAL_IDS = SpecialIds()  # our own vocabularies
NO_SPECIAL_IDS = SpecialIds(-1, -1, -1, -1, -1)  # every id is an ordinary token
BERT_SPECIAL_IDS = SpecialIds(0, 100, 101, 102, 103)  # the published English vocabularies


@dataclass(frozen=True, kw_only=True)
class TransformerConfig:
    """Sizes and variants of the one stack.

    The variants are where published BERT and GPT-2 differ *besides* mask, objective and head. None
    of them makes a model a BERT or a GPT: a controlled comparison gives one config to both.

    >>> TransformerConfig(vocab_size=61, max_positions=11, width=24).ff_width
    96
    """

    vocab_size: int  # V
    max_positions: int  # longest T the position table can name
    width: int = 128  # D
    n_layers: int = 4
    n_heads: int = 4  # H; must divide D
    ff_width: int = -1  # F; -1 becomes 4 D, 0 leaves the feed-forward layers out
    n_segments: int = 0  # BERT pairs use 2; 0 means no segment table
    positions: Literal["learned", "none"] = "learned"  # BERT and GPT-2: learned
    norm: Literal["pre", "post"] = "pre"  # GPT-2: pre.   BERT: post.
    gelu: Literal["exact", "tanh"] = "exact"  # BERT: exact.  GPT-2: tanh.
    norm_eps: float = 1e-5  # GPT-2: 1e-5.  BERT: 1e-12.
    dropout: float = 0.0  # probability, in [0, 1); both papers: 0.1
    init_std: float = 0.02  # of new weights; both papers: 0.02

    def __post_init__(self) -> None:
        check_at_least(1, self, "vocab_size", "max_positions", "width", "n_layers", "n_heads")
        if self.ff_width == -1:
            object.__setattr__(self, "ff_width", 4 * self.width)  # once, before anyone reads it
        check_at_least(0, self, "ff_width", "n_segments")
        if self.width % self.n_heads:
            raise ValueError(
                f"width={self.width} does not divide into n_heads={self.n_heads} equal heads; "
                f"the next width that does is {-(-self.width // self.n_heads) * self.n_heads}"
            )
        choices = {
            "positions": ("learned", "none"),
            "norm": ("pre", "post"),
            "gelu": ("exact", "tanh"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is unknown; take "
                    + " or ".join(map(repr, allowed))
                )
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout={self.dropout} must be a probability in [0, 1)")
        if not self.norm_eps > 0 or not self.init_std > 0:
            raise ValueError(
                f"norm_eps={self.norm_eps} and init_std={self.init_std} must be above 0; "
                "1e-5 and 0.02 are usual"
            )


def check_at_least(least: int, config: Any, *fields: str) -> None:
    """Raise ValueError for the first field that is no whole number or is below `least`."""
    for name in fields:
        value = getattr(config, name)
        if not isinstance(value, Integral) or int(value) < least:
            raise ValueError(f"{name}={value!r} must be at least {least}, a whole number")


def bert_base() -> TransformerConfig:
    """BERT_BASE, uncased (Devlin et al. 2019, section 3; vocabulary of the released model)."""
    return TransformerConfig(
        vocab_size=30522, max_positions=512, width=768, n_layers=12, n_heads=12, n_segments=2,
        norm="post", gelu="exact", norm_eps=1e-12, dropout=0.1,
    )  # fmt: skip


def gpt2_small() -> TransformerConfig:
    """The smallest GPT-2 (Radford et al. 2019, section 2.3; sizes of the released model)."""
    return TransformerConfig(
        vocab_size=50257, max_positions=1024, width=768, n_layers=12, n_heads=12,
        norm="pre", gelu="tanh", norm_eps=1e-5, dropout=0.1,
    )  # fmt: skip


def tiny(vocab_size: int, max_positions: int = 128) -> TransformerConfig:
    """A stack that trains on a laptop while you wait: 4 layers of width 128."""
    return TransformerConfig(vocab_size=vocab_size, max_positions=max_positions)
