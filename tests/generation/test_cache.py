"""The cache: the numbers of the model without it, at each length; what it refuses."""

import pytest
import torch
from small_models import NO_SPECIAL_IDS, VARIANTS, P, V, config, scrambled
from torch.testing import assert_close

from bertgpt.bert import BERT
from bertgpt.generation.cache import KeyValueCache
from bertgpt.generation.prompts import side_by_side
from bertgpt.gpt import GPT

ATOL = 1e-5
CPU = torch.device("cpu")
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def texts(*lengths: int) -> list[list[int]]:
    g = torch.Generator().manual_seed(3)
    return [torch.randint(5, V, (n,), generator=g).tolist() for n in lengths]


@each_variant
@torch.no_grad()
def test_the_cache_gives_the_same_numbers_at_each_length(variant: str) -> None:
    """Prompts of 1 to P - 1 tokens in one batch, padded on the left, to the end of the context."""
    model = scrambled(GPT, config(**VARIANTS[variant]))
    whole = texts(P, P, P, P)
    starts = [1, 3, 4, P - 1]
    cache = KeyValueCache(model, 4, 2 * P)
    prompts = [text[:n] for text, n in zip(whole, starts, strict=True)]
    scores = cache.read(*side_by_side(prompts, CPU))
    held = list(range(4))
    n_compared = 0
    for more in range(P):
        for row, i in enumerate(held):
            alone = model(torch.tensor([whole[i][: starts[i] + more]]))[0, -1]
            assert_close(scores[row], alone, rtol=0, atol=ATOL)
            n_compared += 1
        going = [i for i in held if starts[i] + more < P]
        if not going:
            break
        if going != held:
            cache.keep([held.index(i) for i in going])
            held = going
        scores = cache.step(torch.tensor([whole[i][starts[i] + more] for i in held]))
    assert n_compared == sum(P - n + 1 for n in starts)


@each_variant
@torch.no_grad()
def test_it_reads_on_in_any_portions(variant: str) -> None:
    model = scrambled(GPT, config(**VARIANTS[variant]))
    ids = torch.tensor(texts(P, P))
    ids[0, :3] = 0  # padding
    want = model(ids)[:, -1]
    for portions in ([P], [4, P - 4], [1, 2, 3, P - 6], [5] + [1] * (P - 5)):
        cache = KeyValueCache(model, 2, P)
        for part in ids.split(portions, dim=1):
            ends_in_padding = bool((part[:, -1] == 0).any())
            if ends_in_padding:
                with pytest.raises(ValueError, match="text 0 ends in padding"):
                    cache.read(part)
                break
            scores = cache.read(part)
        else:
            assert_close(scores, want, rtol=0, atol=ATOL)


@torch.no_grad()
def test_one_position_for_each_step_and_text() -> None:
    """A step that took the column for the position would be seen: padding does not count."""
    model = scrambled(GPT)
    cache = KeyValueCache(model, 2, P)
    cache.read(*side_by_side([[7], [7, 8, 9]], CPU))
    scores = cache.step(torch.tensor([20, 20]))
    as_column = model.stack.positions.weight[[1, 3]]
    assert (as_column[0] - as_column[1]).abs().max() > 0.1
    assert_close(scores[0], model(torch.tensor([[7, 20]]))[0, -1], rtol=0, atol=ATOL)
    assert_close(scores[1], model(torch.tensor([[7, 8, 9, 20]]))[0, -1], rtol=0, atol=ATOL)


@torch.no_grad()
def test_rows_are_kept_in_any_order_and_several_times() -> None:
    model = scrambled(GPT)
    prompts = texts(2, 4, 3)
    cache = KeyValueCache(model, 3, P)
    cache.read(*side_by_side(prompts, CPU))
    for rows in ([2, 0, 0, 1], [3, 1], [1, 0]):
        cache.keep(rows)
        prompts = [list(prompts[row]) for row in rows]
        tokens = list(range(20, 20 + len(rows)))
        scores = cache.step(torch.tensor(tokens))
        for text, token, found in zip(prompts, tokens, scores, strict=True):
            text.append(token)
            assert_close(found, model(torch.tensor([text]))[0, -1], rtol=0, atol=ATOL)


@torch.no_grad()
def test_without_a_padding_token_the_mask_of_real_tokens_is_enough() -> None:
    model = scrambled(GPT, special=NO_SPECIAL_IDS)
    cache = KeyValueCache(model, 2, P)
    scores = cache.read(*side_by_side([[7, 0], [0, 8, 9]], CPU))
    assert_close(scores[0], model(torch.tensor([[7, 0]]))[0, -1], rtol=0, atol=ATOL)
    assert_close(scores[1], model(torch.tensor([[0, 8, 9]]))[0, -1], rtol=0, atol=ATOL)


def test_no_gradient_is_kept_and_training_goes_on_after() -> None:
    model = scrambled(GPT)
    scores = KeyValueCache(model, 1, P).read(torch.tensor([[7, 8]]))
    assert not scores.requires_grad
    model.loss(torch.tensor([[7, 8, 9]])).backward()
    assert model.stack.tokens.weight.grad is not None


def test_bert_is_refused_since_its_states_change() -> None:
    bert = scrambled(BERT)
    with torch.no_grad():
        before = bert.hidden(torch.tensor([[7, 8, 9]]))
        after = bert.hidden(torch.tensor([[7, 8, 9, 10]]))
    assert (before - after[:, :3]).abs().max() > 0.1  # so what had been kept would be wrong
    with pytest.raises(ValueError, match=r"a BERT: under its full mask .* no cache is valid"):
        KeyValueCache(bert, 1, P)


def test_what_it_refuses() -> None:
    model = scrambled(GPT)
    with pytest.raises(ValueError, match="expected a GPT, got a Linear"):
        KeyValueCache(torch.nn.Linear(2, 2), 1, P)
    with pytest.raises(ValueError, match=r"drop out 0.25 .* call model.eval\(\)"):
        KeyValueCache(GPT(config(dropout=0.25)), 1, P)
    with pytest.raises(ValueError, match="n_texts=0 and capacity=11 must be at least 1"):
        KeyValueCache(model, 0, P)
    with pytest.raises(ValueError, match=r"text 1 ends in padding.* on the left"):
        KeyValueCache(model, 2, P).read(torch.tensor([[7, 8], [7, 0]]))
    with pytest.raises(ValueError, match="token_ids holds 61, where 0 to 60 are allowed"):
        KeyValueCache(model, 1, P).read(torch.tensor([[61]]))
    with pytest.raises(ValueError, match="token_ids holds no token"):
        KeyValueCache(model, 1, P).read(torch.zeros(1, 0, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"expected token_ids of shape \(B=2, T\)"):
        KeyValueCache(model, 2, P).read(torch.tensor([[7]]))
    with pytest.raises(ValueError, match="would have 12 tokens, and this model reads at most 11"):
        KeyValueCache(model, 1, 20).read(torch.full((1, 12), 7))
    cache = KeyValueCache(model, 1, 2)
    with pytest.raises(ValueError, match="0 columns are filled and 3 more do not fit in 2"):
        cache.read(torch.tensor([[7, 8, 9]]))
    cache.read(torch.tensor([[7, 8]]))
    with pytest.raises(ValueError, match=r"the cache is full \(2 columns\)"):
        cache.step(torch.tensor([9]))
    head = GPT(config(), head=lambda stack: torch.nn.Identity())
    with pytest.raises(ValueError, match="the head Identity does not score the 61 tokens"):
        KeyValueCache(head, 1, P).read(torch.tensor([[7]]))
