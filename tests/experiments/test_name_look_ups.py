"""Names that come again: kinds of token, excess surprise, heads, and what their silence costs."""

import math

import pytest
import torch

from bertgpt.config import SPECIAL_IDS
from bertgpt.experiments import name_look_ups
from bertgpt.gpt import GPT
from bertgpt.toyland import toyland
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import (
    decode_story,
    draw_stories,
    encode_story,
    toyland_config,
    toyland_vocab,
)


@pytest.fixture(scope="module")
def given() -> name_look_ups.Asked:
    return name_look_ups.asked(draw_stories(12, 5))


@pytest.fixture
def model() -> GPT:
    torch.manual_seed(0)
    return GPT(toyland_config(), SPECIAL_IDS).eval()


def test_each_token_is_of_one_kind() -> None:
    words = toyland().stories(1, torch.Generator().manual_seed(0))[0].words
    kinds = name_look_ups.asked(Ragged.of([encode_story(words)])).kind[0].tolist()
    names = toyland().names
    for i, (word, kind) in enumerate(zip([*words, "[SEP]"], kinds, strict=True)):
        if word not in names:
            assert name_look_ups.KINDS[kind] == "other"
        else:
            again = word in words[:i]
            assert name_look_ups.KINDS[kind] == ("name again" if again else "name new")
    assert {0, 1, 2} >= set(kinds)


def test_exact_surprises_add_up_to_that_of_the_story(given: name_look_ups.Asked) -> None:
    for row, story in enumerate(draw_stories(12, 5)):
        exact = given.exact[row].sum().item()
        assert exact == pytest.approx(-toyland().log_probability(decode_story(story)), abs=1e-4)
        assert (given.kind[row] >= 0).sum() == len(story) - 1  # padding is of no kind


def test_excess_is_surprise_without_what_no_reader_can_avoid(
    model: GPT, given: name_look_ups.Asked
) -> None:
    for p in model.parameters():
        p.detach().zero_()  # every token has the same probability
    found = name_look_ups.excess(model, given)
    level = math.log(toyland_config().vocab_size)
    for i, name in enumerate(name_look_ups.KINDS):
        exact = given.exact[given.kind == i].mean().item()
        assert found[name] == pytest.approx(level - exact, abs=1e-4)


def uniform_looks(story: list[int]) -> list[list[float]]:
    """By hand: what a head that looks at all places alike gives, at each name that comes again."""
    vocab = toyland_vocab()
    words, names = vocab.decode(story), toyland().names
    found = []
    for t in range(len(words) - 1):
        comes, past = words[t + 1], words[: t + 1]
        if comes not in names or comes not in past:
            continue
        if not any(w in names and w != comes for w in past):
            continue
        holds = [
            {w for w in past[max(0, s - name_look_ups.AFTER) : s + 1] if w in names}
            for s in range(t + 1)
        ]
        row = [
            sum(held == {comes} for held in holds),
            sum(bool(held) and comes not in held for held in holds),
        ]
        for by in range(name_look_ups.AFTER + 1):
            at = [s for s in range(by, t + 1) if past[s - by] == comes]
            row.append(sum(holds[s] == {comes} for s in at))
        found.append([n / (t + 1) for n in row])
    return found


def test_looks_count_the_places_of_a_name_and_of_others(model: GPT) -> None:
    for block in model.stack.blocks:
        for p in (*block.attn.query.parameters(), *block.attn.key.parameters()):
            p.detach().zero_()
    stories = draw_stories(30, 5)
    rows = [row for story in stories for row in uniform_looks(list(story))]
    assert len(rows) > 20
    found = name_look_ups.looks(model, name_look_ups.asked(stories))
    assert list(found) == [f"{n}.{h}" for n in range(1, 5) for h in range(1, 5)]
    for means in found.values():
        for got, column in zip(means, zip(*rows, strict=True), strict=True):
            assert got == pytest.approx(sum(column) / len(column), abs=1e-4)


def test_a_head_that_writes_nothing_can_be_silenced_for_nothing(
    model: GPT, given: name_look_ups.Asked
) -> None:
    attn = model.stack.blocks[1].attn
    K = toyland_config().width // 4
    attn.out.weight.detach()[:, 2 * K : 3 * K] = 0
    before = {name: p.clone() for name, p in model.state_dict().items()}
    found = name_look_ups.silenced(model, given)
    assert found["2.3"] == [0.0, 0.0]
    assert any(cost != [0.0, 0.0] for head, cost in found.items() if head != "2.3")
    assert all(torch.equal(p, before[name]) for name, p in model.state_dict().items())
