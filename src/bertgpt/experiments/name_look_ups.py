"""Names that come again: what a GPT pays for them, where heads look, and which heads it needs."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from bertgpt.attention import AttentionRecord
from bertgpt.gpt import GPT
from bertgpt.toyland import toyland
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import decode_story, toyland_vocab
from bertgpt.transformer import Block

AFTER = 2  # places after a name that may hold it
KINDS = ("name again", "name new", "other")


class Asked(NamedTuple):
    """Stories, and for each token after the first what it is and its exact surprise."""

    ids: Tensor  # (M, T), padded with 0
    kind: Tensor  # (M, T - 1): place in KINDS of the token that comes next, -1 for padding
    exact: Tensor  # (M, T - 1): nats of that token for a reader who knows Toyland


def asked(stories: Ragged) -> Asked:
    """Kinds and exact surprise of every token of the stories, their ends included."""
    ids = stories.padded(range(len(stories)), pad=0)
    kind = torch.full_like(ids[:, 1:], -1)
    exact = torch.zeros(kind.shape)
    names = toyland().names
    for row, story in enumerate(stories):
        words = decode_story(story)
        logs = [math.log(sum(b.values())) for b in toyland().beliefs(words)]
        logs.append(toyland().log_probability(words))
        for i, word in enumerate([*words, "[SEP]"]):
            again = word in words[:i]
            kind[row, i] = 2 if word not in names else 0 if again else 1
            exact[row, i] = logs[i] - logs[i + 1]
    return Asked(ids, kind, exact)


@torch.inference_mode()
def excess(model: GPT, given: Asked) -> dict[str, float]:
    """Mean surprise beyond the exact one by kind of token, in nats."""
    logs = model(given.ids)[:, :-1].log_softmax(-1)  # (M, T - 1, V)
    nats = -logs.gather(2, given.ids[:, 1:, None])[..., 0] - given.exact
    return {name: nats[given.kind == i].mean().item() for i, name in enumerate(KINDS)}


@torch.inference_mode()
def looks(model: GPT, given: Asked) -> dict[str, list[float]]:
    """Where each head looks when a name comes again, read at the token before it.

    A name can be read where it is, or from a place just after it to which an earlier block has
    carried it. So a place belongs to a name if it is the name's own or one of the next `AFTER`; a
    place that belongs to the name that comes and to another one as well counts for neither.

    Returns by head the mean weight on places of the name that comes, on those of other names (the
    control), and on each of the first by distance from the name: 0, 1, ... Only stories where
    another name was mentioned count.
    """
    names = torch.tensor([word in toyland().names for word in toyland_vocab().words])
    records: list[AttentionRecord] = []
    model.hidden(given.ids, records=records)
    here = given.ids[:, None, :-1]  # (M, 1, S)
    comes = given.ids[:, 1:, None]  # (M, T - 1, 1)
    past = torch.ones(comes.shape[1], comes.shape[1]).tril().bool()
    same = (here == comes) & past  # (M, T - 1, S)
    others = names[here] & ~same & past
    asked_at = (given.kind == 0) & others.any(-1)
    near = [_shifted(same, by) & past for by in range(AFTER + 1)]
    of_it, of_others = torch.stack(near).any(0), torch.zeros_like(same)
    for by in range(AFTER + 1):
        of_others |= _shifted(others, by) & past
    counted = [of_it & ~of_others, of_others & ~of_it, *(n & ~of_others for n in near)]
    found = {}
    for n, record in enumerate(records, start=1):
        for h in range(record.weights.shape[1]):
            w = record.weights[:, h, :-1, :-1]
            means = ((w * mask).sum(-1)[asked_at].mean().item() for mask in counted)
            found[f"{n}.{h + 1}"] = [round(x, 4) for x in means]
    return found


def _shifted(places: Tensor, by: int) -> Tensor:
    """The places so many positions later."""
    later = torch.zeros_like(places)
    later[..., by:] = places[..., : places.shape[-1] - by]
    return later


@torch.inference_mode()
def silenced(model: GPT, given: Asked) -> dict[str, list[float]]:
    """Cost of silencing each head, in nats: on names that come again, and on other tokens.

    A head is silent when what it found is not written: its columns of the output matrix are 0.
    """
    whole, found = excess(model, given), {}
    K = model.stack.cfg.width // model.stack.cfg.n_heads
    for n, block in enumerate(model.stack.blocks, start=1):
        assert isinstance(block, Block)
        for h in range(model.stack.cfg.n_heads):
            columns = block.attn.out.weight[:, h * K : (h + 1) * K]
            kept = columns.clone()
            columns.zero_()
            without = excess(model, given)
            columns.copy_(kept)
            found[f"{n}.{h + 1}"] = [
                round(without[kind] - whole[kind], 4) for kind in ("name again", "other")
            ]
    return found
