"""Writing: the same with cache and without, each text by itself, where a text ends, bad input."""

import math

import pytest
import torch
from small_models import NO_SPECIAL_IDS, P, V, bigram_gpt, config, scrambled
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.generation.decode import generate, stream
from bertgpt.generation.knobs import Knobs
from bertgpt.gpt import GPT

PROMPTS = [[7], [8, 9, 10, 11], [12, 13], [14] * (P - 2)]
DRAWN = Knobs(temperature=0.7, top_k=9, top_p=0.9)
REPEATS = Knobs(repetition_penalty=1.5, no_repeat_ngram=2)


def generators(*seeds: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.parametrize("special", [None, NO_SPECIAL_IDS])
@pytest.mark.parametrize(
    ("knobs", "drawn"),
    [(Knobs(), False), (REPEATS, False), (Knobs(), True), (DRAWN, True), (REPEATS, True)],
)
def test_with_and_without_the_cache(special, knobs: Knobs, drawn: bool) -> None:
    model = scrambled(GPT, **({} if special is None else {"special": special}))
    found = [
        generate(
            model, PROMPTS, 6, knobs=knobs, use_cache=use_cache,
            generator=generators(1, 2, 3, 4) if drawn else None,
        )
        for use_cache in (True, False)
    ]  # fmt: skip
    for cached, again in zip(*found, strict=True):
        assert cached.ids == again.ids
        assert cached.ended == again.ended
        assert_close(
            torch.tensor(cached.log_probs), torch.tensor(again.log_probs), rtol=0, atol=1e-5
        )
    assert [len(text.ids) for text in found[0]] == [6, 6, 6, 2]
    assert [text.ended for text in found[0]] == ["length"] * 3 + ["context"]


@torch.no_grad()
def test_greedy_is_the_likeliest_token_each_time() -> None:
    model = scrambled(GPT)
    for prompt, written in zip(PROMPTS, generate(model, PROMPTS, 5), strict=True):
        text = list(prompt)
        for token, log_prob in zip(written.ids, written.log_probs, strict=True):
            scores = model(torch.tensor([text]))[0, -1]
            assert_close(scores.log_softmax(-1)[token].item(), log_prob, rtol=0, atol=1e-5)
            scores[0] = -torch.inf  # padding is never written
            assert token == int(scores.argmax())
            text.append(token)


def test_padding_is_never_written() -> None:
    table = torch.full((5, 5), 0.01).fill_diagonal_(0.5)
    table[:, 0] = 0.9
    model = bigram_gpt(table.log())
    assert generate(model, [[3]], 4)[0].ids == [0, 0, 0, 0]
    model.special = model.special._replace(pad=0)
    assert generate(model, [[3]], 4)[0].ids == [3, 3, 3, 3]
    drawn = generate(model, [[3]] * 50, 8, generator=torch.Generator().manual_seed(0))
    assert not any(0 in text.ids for text in drawn)
    assert drawn[0].log_probs[0] == pytest.approx(math.log(0.5 / (0.5 + 0.9 + 0.03)), abs=1e-6) or (
        drawn[0].ids[0] != 3
    )


@pytest.mark.parametrize("use_cache", [True, False])
def test_a_text_is_drawn_by_itself(use_cache: bool) -> None:
    """Whatever is beside it, before it, after it, and however much is written."""
    model = scrambled(GPT)

    def written(prompts, n, *seeds):
        texts = generate(model, prompts, n, generator=generators(*seeds), use_cache=use_cache)
        return [text.ids for text in texts]

    together = written(PROMPTS, 6, 1, 2, 3, 4)
    for i, prompt in enumerate(PROMPTS):
        assert written([prompt], 6, 1 + i) == [together[i]]
        assert written([prompt], 3, 1 + i) == [together[i][:3]]
    assert written(PROMPTS[::-1], 6, 4, 3, 2, 1) == together[::-1]
    assert written([PROMPTS[0]], 6, 2) != [together[0]]  # another seed, another text


def test_one_generator_for_all_gives_each_text_its_own_seed() -> None:
    model = scrambled(GPT)

    def written(prompts, seed=0):
        return [
            text.ids
            for text in generate(model, prompts, 6, generator=torch.Generator().manual_seed(seed))
        ]

    assert written(PROMPTS) == written(PROMPTS)
    assert written(PROMPTS) != written(PROMPTS, seed=1)
    assert written([PROMPTS[0], PROMPTS[1], [30]])[:2] == written(PROMPTS)[:2]
    assert written([[20, 21], PROMPTS[1]])[1] == written(PROMPTS)[1]
    assert len({tuple(ids) for ids in written([[7]] * 20)}) > 15


def test_draws_follow_the_distribution() -> None:
    """5,000 texts of one token; 4 standard errors of each share."""
    p = torch.tensor([0.5, 0.3, 0.0, 0.15, 0.05])
    model = bigram_gpt(p.log().repeat(5, 1))
    n = 5000
    for knobs, want in (
        (Knobs(), p),
        (Knobs(temperature=0.5), p**2 / (p**2).sum()),
        (Knobs(top_k=2), torch.tensor([0.625, 0.375, 0.0, 0.0, 0.0])),
    ):
        g = torch.Generator().manual_seed(0)
        texts = generate(model, [[1]] * n, 1, knobs=knobs, generator=g)
        counts = torch.bincount(torch.tensor([text.ids[0] for text in texts]), minlength=5)
        error = (want * (1 - want) / n).sqrt()
        assert bool(((counts / n - want).abs() <= 4 * error).all())
        assert bool((counts[want == 0] == 0).all())


CYCLE = torch.full((6, 6), 0.01).scatter(1, (torch.arange(6)[:, None] + 1) % 6, 0.95).log()


@pytest.mark.parametrize("use_cache", [True, False])
def test_stop_words(use_cache: bool) -> None:
    """The model counts 0 to 5 and begins again."""
    model = bigram_gpt(CYCLE)

    def written(prompts, stop, n=8):
        texts = generate(model, prompts, n, stop=stop, use_cache=use_cache)
        return [(text.ids, text.ended) for text in texts]

    assert written([[1]], [4]) == [([2, 3, 4], "stop")]
    assert written([[1]], [[3, 4]]) == [([2, 3, 4], "stop")]
    assert written([[1]], [[4, 3], 0]) == [([2, 3, 4, 5, 0], "stop")]
    # One that began in the prompt is no stop word of what is written.
    assert written([[1]], [[1, 2]]) == [([2, 3, 4, 5, 0, 1, 2], "stop")]
    together = written([[1], [4], [0, 1, 2], [3]], [5])
    assert together == [
        ([2, 3, 4, 5], "stop"),
        ([5], "stop"),
        ([3, 4, 5], "stop"),
        ([4, 5], "stop"),
    ]
    assert written([[5]], [4], n=2) == [([0, 1], "length")]


@pytest.mark.parametrize("use_cache", [True, False])
def test_texts_that_have_ended_never_leave_the_context(use_cache: bool) -> None:
    """A long text ends early, short ones go on to the end of the context."""
    model = scrambled(GPT)
    free = generate(model, PROMPTS, 3 * P, use_cache=use_cache)
    assert [len(p) + len(text.ids) for p, text in zip(PROMPTS, free, strict=True)] == [P] * 4
    assert {text.ended for text in free} == {"context"}
    first = free[3].ids[0]
    stopped = generate(model, PROMPTS, 3 * P, stop=[first], use_cache=use_cache)
    assert stopped[3].ids == [first]
    for text, whole in zip(stopped, free, strict=True):
        n = whole.ids.index(first) + 1 if first in whole.ids else len(whole.ids)
        assert text.ids == whole.ids[:n]


def test_the_stream_hands_out_each_token_when_it_is_there() -> None:
    model = bigram_gpt(CYCLE)
    steps = stream(model, [[1], [3]], 3, stop=[5])
    assert torch.is_inference_mode_enabled() is False
    first = next(steps)
    assert torch.is_inference_mode_enabled() is False  # what the caller does is left alone
    assert (first.tokens, first.ended) == ([2, 4], [None, None])
    assert [step.tokens for step in steps] == [[3, 5], [4, None]]
    collected = generate(model, [[1], [3]], 3, stop=[5])
    assert [text.ids for text in collected] == [[2, 3, 4], [4, 5]]
    assert [text.ended for text in collected] == ["length", "stop"]
    again = list(stream(model, [[1], [3]], 3, stop=[5]))
    assert again[-1].ended == ["length", "stop"]
    assert again[-1].log_probs[1] is None


def test_tensors_are_prompts_too() -> None:
    model = bigram_gpt(CYCLE)
    want = generate(model, [[1, 2], [3, 4]], 2)
    assert generate(model, torch.tensor([[1, 2], [3, 4]]), 2) == want
    assert generate(model, [torch.tensor([1, 2]), torch.tensor([3, 4])], 2) == want


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"prompts": []}, "got no prompts"),
        ({"prompts": [[7], []]}, "prompt 1 is empty.* begin with the token that begins a text"),
        ({"prompts": [7, 8]}, "prompt 0 is 7; expected a list of ids"),
        ({"prompts": [[7.5]]}, "prompt 0 is .7.5.; expected a list of ids"),
        ({"prompts": [[7] * P]}, "has 11 tokens and leaves no room .* at most 11 .*its last 10"),
        ({"prompts": [[7, V]]}, "prompt 0 holds 61, where 0 to 60 are allowed"),
        ({"prompts": [[-1]]}, "prompt 0 holds -1, where 0 to 60"),
        ({"prompts": [[0, 7]]}, "prompt 0 holds the padding token 0"),
        ({"max_tokens": 0}, "max_tokens=0 must be a whole number, at least 1"),
        ({"stop": [[]]}, "a stop word is empty"),
        ({"stop": [[V]]}, r"stop word \[61\] holds 61, where"),
        ({"generator": generators(1, 2)}, "got 2 generators for 1 texts"),
        ({"knobs": Knobs(top_p=0.5)}, "top_p=0.5.* without a generator the likeliest"),
        ({"model": scrambled(BERT)}, "expected a GPT, got a BERT"),
    ],
)
def test_what_it_refuses_before_anything_is_written(given, message: str) -> None:
    given = {"model": scrambled(GPT), "prompts": [[7]], "max_tokens": 2} | given
    with pytest.raises(ValueError, match=message):
        stream(**given)


@pytest.mark.parametrize("generator", [None, torch.Generator()])
@pytest.mark.parametrize("broken", [torch.nan, torch.inf])
def test_scores_that_are_not_numbers(generator, broken: float) -> None:
    table = CYCLE.clone()
    table[2, 1] = broken
    with pytest.raises(ValueError, match="scores are nan or infinite; its weights are damaged"):
        generate(bigram_gpt(table), [[1], [2]], 4, generator=generator)
    model = scrambled(GPT)
    with torch.no_grad():
        model.stack.blocks[0].ff.up.weight[0, 0] = broken
    with pytest.raises(ValueError, match="scores are nan or infinite"):
        generate(model, [[7]], 4, generator=generator)


def test_training_mode_with_dropout_is_refused() -> None:
    with pytest.raises(ValueError, match=r"call model.eval\(\) first"):
        generate(GPT(config(dropout=0.1)), [[7]], 2)
    assert generate(GPT(config()).train(), [[7]], 2)
