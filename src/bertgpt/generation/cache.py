"""The key-value cache: a GPT that reads each token once, and computes the same numbers.

Under the causal mask nothing that comes later changes an earlier position. So the keys and values
of what has been read can be kept, and the next token costs one position instead of all. Under the
full mask each new token changes every earlier state, so a BERT has no valid cache.

Shapes: B texts, T positions read now, S columns filled so far, H heads, K width of a head, D = H K,
V tokens.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.generation.prompts import writer
from bertgpt.shapes import check_shape, check_whole
from bertgpt.transformer import Block

Call = Callable[[Tensor], Tensor]


def _linear(layer: nn.Linear) -> Call:
    return partial(F.linear, weight=layer.weight, bias=layer.bias)


def _norm(layer: nn.LayerNorm) -> Call:
    shape = list(layer.normalized_shape)
    return partial(
        torch.layer_norm,
        normalized_shape=shape, weight=layer.weight, bias=layer.bias, eps=layer.eps,
    )  # fmt: skip


class _Layer:
    """One block for a few new tokens, and the keys and values of what it has read.

    Its layers are plain functions: a step calls so many that `nn.Module` would take a third of it.
    """

    def __init__(self, block: nn.Module, n_texts: int, capacity: int) -> None:
        assert isinstance(block, Block)
        attn = block.attn
        parts = attn.query, attn.key, attn.value
        self.weight = torch.cat([part.weight for part in parts]).T.contiguous()  # (D, 3 D)
        self.bias = torch.cat([part.bias for part in parts])  # (3 D,)
        self.out, self.norm_attn = _linear(attn.out), _norm(block.norm_attn)
        self.pre, self.ff = block.pre, block.ff is not None
        if block.ff is not None:
            self.up, self.down = _linear(block.ff.up), _linear(block.ff.down)
            self.norm_ff = _norm(block.norm_ff)
            self.gelu = partial(F.gelu, approximate=block.ff.act.approximate)
        self.D, self.n_heads = len(attn.out.bias), attn.n_heads
        shape = 2, n_texts, self.n_heads, capacity, self.D // self.n_heads
        self.kept = self.weight.new_zeros(shape)  # keys, values: (2, B, H, capacity, K)

    def run(self, x: Tensor, T: int, start: int, mask: Tensor | None) -> Tensor:
        """The block over T new columns, as `Block.forward` without dropout: (B T, D)."""
        if self.pre:
            x = x + self.attend(self.norm_attn(x), T, start, mask)
            return x + self.feed(self.norm_ff(x)) if self.ff else x
        x = self.norm_attn(x + self.attend(x, T, start, mask))
        return self.norm_ff(x + self.feed(x)) if self.ff else x

    def feed(self, x: Tensor) -> Tensor:
        return self.down(self.gelu(self.up(x)))

    def attend(self, x: Tensor, T: int, start: int, mask: Tensor | None) -> Tensor:
        D, H, S = self.D, self.n_heads, start + T
        qkv = torch.addmm(self.bias, x, self.weight)  # one product for all three
        qkv = qkv.view(-1, T, 3, H, D // H).permute(2, 0, 3, 1, 4)  # (3, B, H, T, K)
        self.kept[:, :, :, start:S] = qkv[1:]
        k, v = self.kept[:, :, :, :S].unbind()  # (B, H, S, K)
        mixed = F.scaled_dot_product_attention(qkv[0], k, v, mask)  # (B, H, T, K)
        return self.out(mixed.transpose(1, 2).reshape(-1, D))

    def keep(self, rows: Tensor, length: int) -> None:
        filled = self.kept[:, rows, :, :length]
        if len(rows) != self.kept.shape[1]:
            _, _, H, capacity, K = self.kept.shape
            self.kept = self.kept.new_zeros(2, len(rows), H, capacity, K)
        self.kept[:, :, :, :length] = filled


class KeyValueCache:
    """Keys and values of a batch of texts, one fused step per token.

    The cache takes the weights as they are when it is made: after an update make a new one. It
    calls no hooks of the model.
    """

    def __init__(self, model: nn.Module, n_texts: int, capacity: int) -> None:
        """Set memory aside: 2 n_layers B D `capacity` numbers.

        Args:
            n_texts: B.
            capacity: columns, padding included: the longest prompt and what will be written.
        Raises:
            ValueError: for a model that is not a GPT, or a size below 1.
        """
        self.model = writer(model)
        if n_texts < 1 or capacity < 1:
            raise ValueError(f"n_texts={n_texts} and capacity={capacity} must be at least 1")
        self.capacity, self.length = capacity, 0
        stack = self.model.stack
        with torch.inference_mode():
            self.layers = [_Layer(block, n_texts, capacity) for block in stack.blocks]
            self.norm = None if stack.final_norm is None else _norm(stack.final_norm)
            self.table = stack.tokens.weight
            # What a position adds to its token: one row each, or nothing.
            places = None if stack.positions is None else stack.positions.weight
            if stack.segments is not None:
                places = stack.segments.weight[:1] + (0.0 if places is None else places)
            self.places = places
            device = self.table.device
            self.real = torch.zeros(n_texts, capacity, dtype=torch.bool, device=device)
            self.n_real = torch.zeros(n_texts, dtype=torch.int64, device=device)
            self.padded = False

    def read(self, token_ids: Tensor, real: Tensor | None = None) -> Tensor:
        """Read some tokens more of each text, all at once.

        Args:
            token_ids: (B, T) int64 in [0, V).
            real: (B, T), False at padding, which may be anywhere but in the last column. None means
                that the model's own padding token tells.
        Returns:
            (B, V) scores of the next token.
        Raises:
            ValueError: for ids that do not fit, a text that ends in padding, or when the cache
                or the context is full.
        """
        self._check(token_ids)
        B, T = token_ids.shape
        with torch.inference_mode():
            real = token_ids != self.model.special.pad if real is None else real
            if not bool(real[:, -1].all()):
                text = int((~real[:, -1]).nonzero()[0])
                raise ValueError(
                    f"text {text} ends in padding, so the next token would follow padding; put "
                    "the padding on the left"
                )
            longest = int((self.n_real + real.sum(dim=1)).max())
            if self.places is not None and longest > self.model.stack.cfg.max_positions:
                raise ValueError(
                    f"a text would have {longest} tokens, and this model reads at most "
                    f"{self.model.stack.cfg.max_positions}; give its last ones only"
                )
            start, self.length = self.length, self.length + T
            self.real[:, start : self.length] = real
            self.padded = self.padded or not bool(real.all())
            positions = (self.n_real[:, None] + real.cumsum(dim=1) - 1).clamp(min=0)  # (B, T)
            self.n_real = self.n_real + real.sum(dim=1)
            columns = torch.arange(self.length, device=real.device)
            mask = columns[start:, None] >= columns  # (T, S)
            if self.padded:
                itself = columns[start:, None] == columns
                mask = mask & self.real[:, None, None, : self.length]  # (B, 1, T, S)
                mask = mask | (itself & ~mask.any(dim=-1, keepdim=True))  # padding reads itself
            x = self._embed(token_ids.flatten(), positions.flatten())
            return self._logits(self._run(x, T, start, mask).view(B, T, -1)[:, -1])

    def step(self, tokens: Tensor) -> Tensor:
        """Read one token more of each text: the part that has to be fast, so nothing is checked.

        Args:
            tokens: (B,) int64 in [0, V), none of them padding.
        Returns:
            (B, V) scores of the next token.
        Raises:
            ValueError: when the cache is full.
        """
        if self.length == self.capacity:
            raise ValueError(f"the cache is full ({self.capacity} columns); make a larger one")
        with torch.inference_mode():
            start, self.length = self.length, self.length + 1
            if self.padded:
                self.real[:, start] = True
                mask = self.real[:, None, None, : self.length]
                x = self._embed(tokens, self.n_real)
                self.n_real = self.n_real + 1
            else:
                mask = None
                x = self._embed(tokens, start)
            return self._logits(self._run(x, 1, start, mask))

    def keep(self, rows: Sequence[int]) -> None:
        """Keep these texts in this order; a row may be dropped, or be there several times."""
        with torch.inference_mode():
            index = torch.tensor(rows, device=self.real.device)
            for layer in self.layers:
                layer.keep(index, self.length)
            self.real, self.n_real = self.real[index], self.n_real[index]

    def _check(self, token_ids: Tensor) -> None:
        check_shape("token_ids", token_ids, "B T", B=len(self.real))
        check_whole("token_ids", token_ids)
        T, V = token_ids.shape[1], self.model.stack.cfg.vocab_size
        if T < 1:
            raise ValueError("token_ids holds no token; give at least one of each text")
        low, high = (int(end) for end in torch.aminmax(token_ids))
        if low < 0 or high >= V:
            raise ValueError(
                f"token_ids holds {low if low < 0 else high}, where 0 to {V - 1} are allowed"
            )
        if self.length + T > self.capacity:
            raise ValueError(
                f"{self.length} columns are filled and {T} more do not fit in {self.capacity}; "
                "make a larger cache"
            )

    def _embed(self, tokens: Tensor, positions: Tensor | int) -> Tensor:
        """Vectors that enter the first block, (B T, D); one position for all, or one each."""
        x = F.embedding(tokens, self.table)
        if self.places is not None:
            if len(self.places) == 1:  # segments only
                x = x + self.places[0]
            elif isinstance(positions, int):
                x = x + self.places[positions]
            else:
                x = x + F.embedding(positions, self.places)
        norm = self.model.stack.embed_norm
        return x if norm is None else norm(x)

    def _run(self, x: Tensor, T: int, start: int, mask: Tensor | None) -> Tensor:
        """All blocks and the final norm, (B T, D) -> (B T, D); keys and values are kept."""
        for layer in self.layers:
            x = layer.run(x, T, start, mask)
        return x if self.norm is None else self.norm(x)

    def _logits(self, h: Tensor) -> Tensor:
        logits = self.model.head(h)  # (B, D) -> (B, V)
        V = self.model.stack.cfg.vocab_size
        if logits.shape[-1:] != (V,):
            raise ValueError(
                f"the head {type(self.model.head).__name__} does not score the {V} tokens of the "
                "vocabulary; give a GPT with its language model head"
            )
        return logits
