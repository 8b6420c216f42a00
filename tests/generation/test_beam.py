"""Beam search beside all texts there are."""

import itertools

import pytest
import torch
from small_models import P, bigram_gpt, config, scrambled

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.generation.beam import beam_search
from bertgpt.generation.decode import generate
from bertgpt.gpt import GPT

TINY = TransformerConfig(vocab_size=5, max_positions=8, width=12, n_layers=2, n_heads=3)
STOPS = ([1], [[1], [3, 4]], [])


@torch.no_grad()
def every_text(model: GPT, prompt: list[int], n: int, stop: list[list[int]]) -> dict:
    """ids -> log-probability, for all texts that end by a stop word or after n tokens."""
    whole = torch.tensor([[*prompt, *ids] for ids in itertools.product(range(1, 5), repeat=n)])
    log_probs = model(whole)[:, len(prompt) - 1 : -1].log_softmax(-1)
    log_probs = log_probs.gather(2, whole[:, len(prompt) :, None])[:, :, 0]  # (N, n)
    found = {}
    for ids, values in zip(whole[:, len(prompt) :].tolist(), log_probs.tolist(), strict=True):
        length = next(
            (k for k in range(1, n) if any(ids[k - len(w) : k] == w for w in stop if len(w) <= k)),
            n,
        )
        found[tuple(ids[:length])] = sum(values[:length])
    return found


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("length_penalty", [0.0, 1.0, 2.0, -1.0])
def test_enough_beams_find_what_trying_all_finds(stop: list, length_penalty: float) -> None:
    model = scrambled(GPT, TINY)
    words = [[w] if isinstance(w, int) else w for w in stop]
    prompts, n, n_best = [[2], [3, 4, 2]], 3, 7
    found = beam_search(
        model, prompts, n,
        n_beams=64, n_best=n_best, length_penalty=length_penalty, stop=stop,
    )  # fmt: skip
    for prompt, best in zip(prompts, found, strict=True):
        texts = every_text(model, prompt, n, words)
        ranked = sorted(texts, key=lambda ids: -texts[ids] / len(ids) ** length_penalty)
        assert [tuple(text.ids) for text in best] == ranked[:n_best]
        for text in best:
            want = texts[tuple(text.ids)]
            assert text.log_prob == pytest.approx(want, abs=1e-5)
            assert text.score == pytest.approx(want / len(text.ids) ** length_penalty, abs=1e-5)
            stopped = any(text.ids[-len(w) :] == w for w in words)
            assert text.ended == ("stop" if stopped else "length")


def test_the_likeliest_text_need_not_begin_with_the_likeliest_token() -> None:
    p = torch.tensor([[0.0, 0.55, 0.45], [0.34, 0.33, 0.33], [0.0, 0.05, 0.95]])
    model = bigram_gpt(p.log())
    assert generate(model, [[0]], 2)[0].ids == [1, 0]
    (best,) = beam_search(model, [[0]], 2, n_beams=2)[0]
    assert best.ids == [2, 2]
    assert best.log_prob == pytest.approx(float(torch.tensor(0.45 * 0.95).log()), abs=1e-5)
    assert beam_search(model, [[0]], 2, n_beams=1)[0][0].ids == [1, 0]


def test_one_beam_is_greedy() -> None:
    model = scrambled(GPT)
    prompts = [[7], [8, 9, 10], [11] * (P - 2)]
    greedy = generate(model, prompts, 6, stop=[20, 30])
    beams = beam_search(model, prompts, 6, n_beams=1, stop=[20, 30])
    for text, (best,) in zip(greedy, beams, strict=True):
        assert (best.ids, best.ended) == (text.ids, text.ended)
        assert best.log_prob == pytest.approx(sum(text.log_probs), abs=1e-4)


def test_without_the_cache_the_search_is_the_same() -> None:
    model = scrambled(GPT)
    found = [
        beam_search(model, [[7], [8, 9, 10]], 5, n_best=3, stop=[20], use_cache=use_cache)
        for use_cache in (True, False)
    ]
    assert len(found[0][0]) == 3
    for cached, again in zip(*found, strict=True):
        assert [text.ids for text in cached] == [text.ids for text in again]


def test_more_beams_find_nothing_worse_and_each_prompt_by_itself() -> None:
    model = scrambled(GPT)
    prompts = [[7], [8, 9, 10], [11, 12]]
    scores = []
    for n_beams in (1, 4, 16):
        together = beam_search(model, prompts, 5, n_beams=n_beams, n_best=1)
        alone = [beam_search(model, [p], 5, n_beams=n_beams, n_best=1)[0] for p in prompts]
        assert [t[0].ids for t in together] == [t[0].ids for t in alone]
        scores.append([t[0].score for t in together])
    assert scores[2] != scores[0]
    assert all(b >= a - 1e-5 for a, b in zip(scores[0], scores[2], strict=True))


def test_nothing_is_written_twice() -> None:
    model = bigram_gpt(torch.tensor([[0.9, 0.1], [0.5, 0.5]]).log())
    assert beam_search(model, [[0]], 4)[0][0].ids == [0, 0, 0, 0]
    (best,) = beam_search(model, [[0]], 4, no_repeat_ngram=2)[0]
    pairs = list(itertools.pairwise([0, *best.ids]))
    assert len(set(pairs)) == len(pairs)
    # Two tokens make four pairs, so no text has six tokens: what is left ends nowhere.
    assert beam_search(model, [[0]], 6, no_repeat_ngram=2) == [[]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_beams": 0}, "n_beams=0 and n_best=1: expected at least one beam"),
        ({"n_best": 5}, "n_beams=4 and n_best=5"),
        ({"length_penalty": float("nan")}, "length_penalty=nan must be finite"),
        ({"prompts": [[]]}, "prompt 0 is empty"),
        ({"model": scrambled(BERT)}, "expected a GPT, got a BERT"),
    ],
)
def test_what_it_refuses(given: dict, message: str) -> None:
    given = {"model": scrambled(GPT), "prompts": [[7]], "max_tokens": 2} | given
    with pytest.raises(ValueError, match=message):
        beam_search(**given)


def test_scores_that_are_not_numbers() -> None:
    model = bigram_gpt(torch.full((3, 3), torch.nan))
    with pytest.raises(ValueError, match="nan or infinite"):
        beam_search(model, [[0]], 2)


def test_the_end_of_the_context() -> None:
    model = scrambled(GPT, config())
    found = beam_search(model, [[7] * (P - 2), [8]], 4, n_beams=3)
    assert [(len(best.ids), best.ended) for (best,) in found] == [(2, "context"), (4, "length")]
