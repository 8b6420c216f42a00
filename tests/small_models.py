"""Small models with every weight away from its default, and models whose scores are set by hand."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.config import NO_SPECIAL_IDS, SPECIAL_IDS, SpecialIds, TransformerConfig
from bertgpt.gpt import GPT

V, P, D, L, H = 61, 11, 24, 2, 4
VARIANTS = {
    "pre": {},
    "post": {"norm": "post"},
    "no feed-forward": {"ff_width": 0},
    "post, no feed-forward": {"norm": "post", "ff_width": 0},
    "no positions": {"positions": "none"},
    "segments": {"n_segments": 2},
    "segments, no positions": {"n_segments": 2, "positions": "none"},
}


def config(**given: object) -> TransformerConfig:
    sizes = {"vocab_size": V, "max_positions": P, "width": D, "n_layers": L, "n_heads": H}
    return TransformerConfig(**sizes | given)


def scrambled(kind: type, cfg: TransformerConfig | None = None, **given: object) -> nn.Module:
    torch.manual_seed(0)
    model = kind(cfg or config(), **given).eval()
    g = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.3 * torch.randn(p.shape, generator=g))
    return model


class FromTable(nn.Module):
    """A head whose scores are a function of the last token, which the stack passes on as it is."""

    def __init__(self, scores: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.scores = scores

    def forward(self, h: Tensor) -> Tensor:
        return self.scores(h)


def bigram_gpt(
    log_probs: Tensor, special: SpecialIds = NO_SPECIAL_IDS, max_positions: int = 16
) -> GPT:
    """A GPT whose scores of the next token are a row of a table, (V, V), chosen by the last token.

    The embeddings are one-hot at V of the widths, the blocks add nothing, and the final norm, which
    keeps the order, is undone by looking for the largest.
    """
    n = len(log_probs)
    cfg = TransformerConfig(
        vocab_size=n, max_positions=max_positions, width=n, n_layers=1, n_heads=1, ff_width=0,
        positions="none",
    )  # fmt: skip
    model = GPT(cfg, special, head=lambda stack: FromTable(lambda h: log_probs[h.argmax(-1)]))
    with torch.no_grad():
        model.stack.tokens.weight.copy_(torch.eye(n))
        for part in (model.stack.blocks[0].attn.out.weight, model.stack.blocks[0].attn.out.bias):
            part.zero_()
    return model.eval()


class TableBERT(BERT):
    """A BERT whose distribution for a gap is given by hand.

    Its hidden states are the scores themselves: `conditionals(text, place)` is the distribution
    over the ordinary tokens at a place, given what the text shows elsewhere.
    """

    def __init__(
        self,
        n_words: int,
        conditionals: Callable[[tuple[int, ...], int], Tensor],
        max_positions: int = 8,
    ) -> None:
        n = len(SPECIAL_IDS)
        cfg = TransformerConfig(
            vocab_size=n + n_words, max_positions=max_positions, width=4, n_layers=1, n_heads=1
        )
        super().__init__(cfg, head=lambda stack: nn.Identity())
        self.conditionals, self.n_words = conditionals, n_words
        self.n_read = 0  # texts read so far
        self.known: dict[tuple[int, ...], Tensor] = {}

    def hidden(self, token_ids: Tensor, segment_ids=None, records=None) -> Tensor:
        self.n_read += len(token_ids)
        return torch.stack([self.scores(tuple(text)) for text in token_ids.tolist()])

    def scores(self, text: tuple[int, ...]) -> Tensor:
        if text not in self.known:
            scores = torch.full((len(text), self.stack.cfg.vocab_size), 3.0)  # specials too
            for place in range(len(text)):
                scores[place, len(SPECIAL_IDS) :] = self.conditionals(text, place).log()
            self.known[text] = scores
        return self.known[text]


def joint_bert(joint: Tensor) -> TableBERT:
    """A BERT whose conditionals are those of a joint distribution over words at n places.

    A text is as many tokens as the joint has axes; [MASK] is summed over.
    """
    first, mask = len(SPECIAL_IDS), SPECIAL_IDS.mask

    def conditionals(text: tuple[int, ...], place: int) -> Tensor:
        p = joint
        for axis, token in enumerate(text):
            if axis == place:
                continue
            keep = slice(None) if token == mask else slice(token - first, token - first + 1)
            p = p[(slice(None),) * axis + (keep,)]
        p = p.sum(dim=[axis for axis in range(joint.ndim) if axis != place])
        return p / p.sum()

    return TableBERT(joint.shape[0], conditionals)


__all__ = [
    "NO_SPECIAL_IDS",
    "SPECIAL_IDS",
    "VARIANTS",
    "TableBERT",
    "bigram_gpt",
    "config",
    "joint_bert",
    "scrambled",
]
