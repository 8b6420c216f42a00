"""GPT writes: greedy or drawn, token by token, for texts of different lengths side by side."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from bertgpt.generation.cache import KeyValueCache
from bertgpt.generation.draws import Source, pick, row_generators, uniforms
from bertgpt.generation.knobs import AS_IT_IS, NOT_A_NUMBER, Knobs, adjusted, without_repetition
from bertgpt.generation.prompts import (
    Ids,
    Stop,
    checked_prompts,
    checked_stop,
    ends,
    side_by_side,
    writer,
)
from bertgpt.gpt import GPT

End = Literal["stop", "length", "context"]


class Step(NamedTuple):
    """Record of one step: a token of each text, None where it had ended before."""

    tokens: list[int | None]
    log_probs: list[float | None]  # the model's own, in nats, whatever the knobs
    ended: list[End | None]  # why a text ended with this token or earlier


class Written(NamedTuple):
    """A text that was written."""

    ids: list[int]  # without the prompt, a stop word included
    log_probs: list[float]  # of each of them: the model's own, in nats, whatever the knobs
    ended: End  # at a stop word, at max_tokens, or where the context was full


class Reader(Protocol):
    """A model that reads texts further: a cache, or reading all again."""

    def step(self, tokens: Tensor) -> Tensor: ...

    def keep(self, rows: Sequence[int]) -> None: ...


class Rereading:
    """No cache: the whole text is read again for each token, by the model's own `forward`.

    It does what `KeyValueCache` does, and costs T positions where that costs one.
    """

    def __init__(self, model: nn.Module, texts: Sequence[Ids]) -> None:
        self.model, self.texts = writer(model), [list(text) for text in texts]

    def read(self) -> Tensor:
        """(B, V) scores of the next token of each text."""
        device = self.model.stack.tokens.weight.device
        ids, real = side_by_side(self.texts, device)
        with torch.inference_mode():
            if bool(real.all()):
                return self.model(ids)[:, -1]
            if (pad := self.model.special.pad) >= 0:
                return self.model(ids.masked_fill(~real, pad))[:, -1]
            rows = [self.model(ids[i : i + 1, real[i]])[:, -1] for i in range(len(ids))]
            return torch.cat(rows)  # without a padding token: one by one

    def step(self, tokens: Tensor) -> Tensor:
        for text, token in zip(self.texts, tokens.tolist(), strict=True):
            text.append(token)
        return self.read()

    def keep(self, rows: Sequence[int]) -> None:
        self.texts = [list(self.texts[row]) for row in rows]


def opened(model: GPT, texts: Sequence[Ids], n: int, use_cache: bool) -> tuple[Reader, Tensor]:
    """A reader that has read the texts, with room for n tokens; scores of the next, (B, V)."""
    if not use_cache:
        again = Rereading(model, texts)
        return again, again.read()
    cache = KeyValueCache(model, len(texts), max(map(len, texts)) + n)
    return cache, cache.read(*side_by_side(texts, model.stack.tokens.weight.device))


def stream(
    model: nn.Module,
    prompts: Sequence[Ids] | Tensor,
    max_tokens: int,
    *,
    knobs: Knobs = AS_IT_IS,
    generator: Source | None = None,
    stop: Stop = (),
    use_cache: bool = True,
) -> Iterator[Step]:
    """Write, and hand out each token as soon as it is there.

    A text ends with a stop word, after `max_tokens`, or when prompt and new tokens together fill
    the context (`max_positions`), so what it wrote can be read again as a whole. Padding is never
    written. A text's draws depend on its generator only, not on the others in the batch.

    Args:
        model: a GPT in evaluation mode.
        prompts: lists of ids, of any lengths, each at least one token and below `max_positions`.
        max_tokens: most new tokens of a text, at least 1.
        knobs: settings of decoding.
        generator: source of randomness (see `row_generators`); None takes the likeliest token at
            each step: greedy decoding.
        stop: stop words: ids, or sequences of ids, that end a text where it has just written them.
        use_cache: False reads the whole text again at each step: the same numbers, but slower.
    Raises:
        ValueError: at once, for a model that is not a GPT, for prompts and stop words that do not
            fit (see `checked_prompts`), and for knobs of drawing without a generator; at a step,
            for scores that are nan, or when no token is left.
    """
    gpt = writer(model)
    texts = checked_prompts(gpt, prompts, max_tokens)
    words = checked_stop(stop, gpt.stack.cfg.vocab_size)
    if generator is None and knobs.cuts:
        raise ValueError(
            f"{knobs} shape a distribution to draw from, and without a generator the likeliest "
            "token is taken; give a generator, or leave temperature, top_k and top_p out"
        )
    room = min(max_tokens, gpt.stack.cfg.max_positions - min(map(len, texts)))
    draws = None if generator is None else uniforms(row_generators(generator, len(texts)), room)
    return _steps(gpt, texts, room, max_tokens, knobs, draws, words, use_cache)


def _steps(
    model: GPT,
    texts: list[list[int]],
    room: int,
    max_tokens: int,
    knobs: Knobs,
    draws: Tensor | None,
    stop: list[list[int]],
    use_cache: bool,
) -> Iterator[Step]:
    lengths = [len(text) for text in texts]  # of the prompts
    ended: list[End | None] = [None] * len(texts)
    held = list(range(len(texts)))  # texts that the reader still reads
    reader, logits = opened(model, texts, room, use_cache)
    for number in range(room):
        with torch.inference_mode():
            u = None if draws is None else draws[held, number]
            tokens, log_probs = _choose(model, logits, knobs, u, [texts[i] for i in held])
        step = Step([None] * len(texts), [None] * len(texts), ended)
        rows = zip(held, tokens.tolist(), log_probs.tolist(), strict=True)
        for i, token, log_prob in rows:
            if ended[i]:
                continue
            if log_prob != log_prob:
                raise ValueError(NOT_A_NUMBER)
            texts[i].append(token)
            step.tokens[i], step.log_probs[i] = token, log_prob
            if ends(texts[i][lengths[i] :], stop):
                ended[i] = "stop"
            elif number + 1 == max_tokens:
                ended[i] = "length"
            elif len(texts[i]) == model.stack.cfg.max_positions:
                ended[i] = "context"
        yield step._replace(ended=list(ended))
        going = [row for row, i in enumerate(held) if not ended[i]]
        if not going:
            return
        # Texts that have ended cost time, and must not be read beyond the context.
        full = max(lengths[i] for i in held) + number + 1 == model.stack.cfg.max_positions
        if full or 2 * len(going) <= len(held):
            reader.keep(going)
            held, tokens = [held[row] for row in going], tokens[going]
        logits = reader.step(tokens)


def _choose(
    model: GPT, logits: Tensor, knobs: Knobs, u: Tensor | None, texts: list[list[int]]
) -> tuple[Tensor, Tensor]:
    """The next token of each text and its log-probability under the model: (B,), (B,)."""
    log_probs = logits.log_softmax(dim=1)
    if (pad := model.special.pad) >= 0:
        logits = logits.clone()
        logits[:, pad] = -torch.inf
    if u is not None:
        tokens = pick(adjusted(logits, knobs, texts), u)
    else:
        tokens = without_repetition(logits, knobs, texts).argmax(dim=1)
    return tokens, log_probs.gather(1, tokens[:, None])[:, 0]


def generate(
    model: nn.Module,
    prompts: Sequence[Ids] | Tensor,
    max_tokens: int,
    *,
    knobs: Knobs = AS_IT_IS,
    generator: Source | None = None,
    stop: Stop = (),
    use_cache: bool = True,
) -> list[Written]:
    """Write, and hand out the finished texts; arguments and errors as for `stream`.

    >>> from bertgpt.config import tiny
    >>> text = generate(GPT(tiny(61)), [[2, 7, 8]], 5)[0]
    >>> len(text.ids), len(text.log_probs), text.ended
    (5, 5, 'length')
    """
    steps = list(
        stream(
            model, prompts, max_tokens,
            knobs=knobs, generator=generator, stop=stop, use_cache=use_cache,
        )
    )  # fmt: skip
    return [
        Written(
            [token for s in steps if (token := s.tokens[i]) is not None],
            [value for s in steps if (value := s.log_probs[i]) is not None],
            end,
        )
        for i, end in enumerate(steps[-1].ended)
        if end is not None
    ]
