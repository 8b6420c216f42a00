"""One recurrent net reads, another writes; attention is a third part between them, or absent.

Shapes: B pairs, S source tokens, T target tokens, D width, V target vocabulary.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.attention import dot_scores, masked_softmax
from bertgpt.config import check_at_least
from bertgpt.recurrent.lstm import LSTM, State
from bertgpt.recurrent.sequences import Lengths
from bertgpt.shapes import check_shape, check_whole


class AdditiveScores(nn.Module):
    """v^T tanh(W q + U k) for each query and key (Bahdanau, Cho and Bengio 2015, A.1.2).

    Args:
        width: of queries, of keys, and of the layer in between.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)  # W, with a bias
        self.key = nn.Linear(width, width, bias=False)  # U
        self.value = nn.Linear(width, 1, bias=False)  # v

    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        """Queries (B, T, D) and keys (B, S, D) make scores (B, T, S)."""
        pairs = self.query(q)[:, :, None] + self.key(k)[:, None]  # (B, T, S, D)
        return self.value(pairs.tanh()).squeeze(-1)  # (B, T, S)


@dataclass(frozen=True, kw_only=True)
class Seq2SeqConfig:
    """Sizes, form of attention and special tokens of an encoder-decoder."""

    source_vocab: int  # number of different source tokens, at least 1
    target_vocab: int  # V, at least 3: it has the three special tokens
    width: int = 64  # D, of embeddings and states, at least 1
    attention: Literal["none", "additive", "dot"] = "none"
    pad_id: int = 0  # fills up sources and targets, so both vocabularies have it
    begin_id: int = 1  # what the decoder reads first
    end_id: int = 2  # what it writes last

    def __post_init__(self) -> None:
        check_at_least(1, self, "source_vocab", "target_vocab", "width")
        if self.attention not in ("none", "additive", "dot"):
            raise ValueError(
                f"attention={self.attention!r} is not known; choose 'none', 'additive' or 'dot'"
            )
        marks = {self.pad_id, self.begin_id, self.end_id}
        if len(marks) < 3 or not all(0 <= i < self.target_vocab for i in marks):
            raise ValueError(
                f"pad_id={self.pad_id}, begin_id={self.begin_id} and end_id={self.end_id} must be "
                f"three different ids from 0 to target_vocab - 1 = {self.target_vocab - 1}"
            )
        if self.pad_id >= self.source_vocab:
            raise ValueError(
                f"pad_id={self.pad_id} must be below source_vocab={self.source_vocab}: it pads "
                "sources as well"
            )


class Memory(NamedTuple):
    """The encoder's output, which the decoder reads."""

    states: Tensor  # (B, S, D)
    mask: Tensor  # (B, 1, S), True where a source has a token
    last: Tensor  # (B, D), the state after each source's last token


class Seq2Seq(nn.Module):
    """An LSTM encoder and an LSTM decoder (Cho et al. 2014; Sutskever, Vinyals and Le 2014).

    The decoder begins in the encoder's last state. To write a token it joins its own state with a
    context. Without attention the context is that same last state, every time: one vector for the
    whole source. With attention it is a mean of all encoder states, with new weights for each
    token. That, and the layer that scores in the additive form, is the only difference.

    The query is the decoder's state after its step, as in Luong, Pham and Manning (2015, 3.1).
    Bahdanau, Cho and Bengio (2015) query with the state before it and feed the context into the
    step; then the steps of training cannot be read out in one go.
    """

    def __init__(self, cfg: Seq2SeqConfig) -> None:
        super().__init__()
        D = cfg.width
        self.cfg = cfg
        self.source = nn.Embedding(cfg.source_vocab, D)
        self.target = nn.Embedding(cfg.target_vocab, D)
        self.encoder = LSTM(D, D, forget_bias=1.0)
        self.decoder = LSTM(D, D, forget_bias=1.0)
        self.additive = AdditiveScores(D) if cfg.attention == "additive" else None
        self.join = nn.Linear(2 * D, D)
        self.out = nn.Linear(D, cfg.target_vocab)

    def encode(self, source: Tensor) -> tuple[Memory, State]:
        """Read the sources (B, S); returns what can be read of them, and the last state.

        Raises:
            ValueError: for ids of another shape or outside the vocabulary, a row that is all
                padding, or padding before a row's last token.
        """
        real = self._checked("source", source, self.cfg.source_vocab)
        states, last = self.encoder(self.source(source), lengths=real.sum(dim=1))
        return Memory(states, real[:, None], last[0]), last

    def decode(
        self,
        tokens: Tensor,
        state: State,
        memory: Memory,
        records: list[Tensor] | None = None,
        lengths: Lengths | None = None,
    ) -> tuple[Tensor, State]:
        """Continue from `state`, reading the target tokens (B, T).

        Args:
            records: a list; attention appends its weights (B, T, S) to it.
            lengths: (B,) how many of the tokens count; None means all T.
        Returns:
            logits (B, T, V) for the token after each one read, and the next state.
        """
        h, state = self.decoder(self.target(tokens), state, lengths)  # (B, T, D)
        if self.cfg.attention == "none":
            context = memory.last[:, None].expand_as(h)  # (B, T, D)
        else:
            scores = (self.additive or dot_scores)(h, memory.states)  # (B, T, S)
            weights = masked_softmax(scores, memory.mask)  # (B, T, S)
            context = weights @ memory.states  # (B, T, D)
            if records is not None:
                records.append(weights)
        joined = self.join(torch.cat((h, context), dim=-1)).tanh()  # (B, T, D)
        return self.out(joined), state

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: each target token is predicted given the correct tokens before it.

        Args:
            source: (B, S), padded at the end.
            target: (B, T), padded at the end, without `begin_id`, ending in `end_id`.
        Returns:
            logits (B, T, V); those at padding mean nothing.
        Raises:
            ValueError: for ids that cannot be read (see `encode`), on either side, or unless there
                is one target for each source.
        """
        check_shape("source", source, "B S")
        real = self._checked("target", target, self.cfg.target_vocab)
        if len(target) != len(source):
            raise ValueError(
                f"{len(source)} sources and {len(target)} targets: give one target for each source"
            )
        memory, state = self.encode(source)
        begin = target.new_full((len(target), 1), self.cfg.begin_id)
        read = torch.cat((begin, target[:, :-1]), dim=1)
        logits, _ = self.decode(read, state, memory, lengths=real.sum(dim=1))
        return logits

    def loss(self, source: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy in nats of the target tokens, padding left out.

        Raises:
            ValueError: as `forward`.
        """
        logits = self(source, target).flatten(0, 1)  # (B T, V)
        return F.cross_entropy(logits, target.flatten(), ignore_index=self.cfg.pad_id)

    @torch.no_grad()
    def generate(
        self, source: Tensor, max_tokens: int, records: list[Tensor] | None = None
    ) -> Tensor:
        """Free running: the likeliest token each time, read as the next input.

        Args:
            source: (B, S), padded at the end.
            max_tokens: where to stop a text that does not end itself, at least 1.
            records: a list to which the weights (B, 1, S) of each step are appended.
        Returns:
            (B, T) ids, T at most `max_tokens`, with `end_id` where a text ended itself, and
            `pad_id` after it. `pad_id` is a token of the vocabulary too: a model that writes it
            ends the text there, without `end_id`. Training never asks for it, but an untrained
            model may write it.
        Raises:
            ValueError: for `max_tokens` below 1, or sources that cannot be read (see `encode`).
        """
        if max_tokens < 1:
            raise ValueError(f"max_tokens={max_tokens} must be at least 1")
        memory, state = self.encode(source)
        token = source.new_full((len(source), 1), self.cfg.begin_id)
        written: list[Tensor] = []
        while len(written) < max_tokens:
            logits, state = self.decode(token, state, memory, records)
            ended = (token == self.cfg.end_id) | (token == self.cfg.pad_id)
            token = logits.argmax(dim=-1).masked_fill(ended, self.cfg.pad_id)
            written.append(token)
            if bool(((token == self.cfg.end_id) | (token == self.cfg.pad_id)).all()):
                break
        return torch.cat(written, dim=1)

    def _checked(self, name: str, ids: Tensor, n_ids: int) -> Tensor:
        """True at the tokens that are not padding, (B, S); raises ValueError for unusable ids."""
        axes = "B S" if name == "source" else "B T"
        check_shape(name, ids, axes)
        check_whole(name, ids)
        if ids.numel() and not (0 <= int(ids.min()) and int(ids.max()) < n_ids):
            raise ValueError(
                f"{name} holds ids from {int(ids.min())} to {int(ids.max())}; its vocabulary has "
                f"0 to {n_ids - 1}"
            )
        real = ids != self.cfg.pad_id
        if ids.shape[1] == 0 or not bool(real[:, 0].all()):
            raise ValueError(f"a {name} is empty; give each row at least one token before padding")
        if bool((real[:, 1:] & ~real[:, :-1]).any()):
            raise ValueError(f"a {name} has padding (id {self.cfg.pad_id}) before its last token")
        return real
