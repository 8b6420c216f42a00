"""Our own models come back to the bit, from whatever they were wrapped in, or are refused."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds, TransformerConfig, tiny
from bertgpt.gpt import GPT
from bertgpt.heads import SequenceHead, SpanHead
from bertgpt.weights.saved import load, save

V = 61
OURS = TransformerConfig(vocab_size=61, max_positions=11, width=24, n_layers=2, ff_width=40)
IDS = torch.tensor([[2, 7, 8, 9, 3, 0]])
WEIGHTS = "model.safetensors"


@pytest.mark.parametrize("kind", [BERT, GPT])
def test_our_own_come_back_to_the_bit(kind: type, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = kind(OURS)
    save(model, tmp_path)
    again = load(kind, tmp_path)
    assert again(IDS).equal(model(IDS))
    assert again.stack.cfg == OURS


def test_our_own_are_checked_by_their_hash(tmp_path: Path) -> None:
    save(GPT(OURS), tmp_path)
    damaged = bytearray((tmp_path / WEIGHTS).read_bytes())
    damaged[-1] ^= 1  # one bit
    (tmp_path / WEIGHTS).write_bytes(damaged)
    with pytest.raises(ValueError, match="sha256 differ"):
        load(GPT, tmp_path)


def test_our_own_of_another_kind_are_refused(tmp_path: Path) -> None:
    save(GPT(OURS), tmp_path)
    with pytest.raises(ValueError, match="holds a GPT with LanguageModelHead, and a BERT with"):
        load(BERT, tmp_path)
    with pytest.raises(ValueError, match="a GPT with SpanHead was asked for"):
        load(GPT, tmp_path, SpanHead)


def compiled_parts(model: nn.Module) -> nn.Module:
    model.stack, model.head = (torch.compile(x, backend="eager") for x in (model.stack, model.head))
    return model


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: torch.compile(model, backend="eager"),
        nn.DataParallel,
        lambda model: nn.DataParallel(torch.compile(model, backend="eager")),
        compiled_parts,
    ],
    ids=["compiled", "data parallel", "both", "parts compiled"],
)
@pytest.mark.parametrize("kind", [BERT, GPT])
def test_a_wrapped_model_is_saved_as_the_model_inside(kind: type, wrap, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = kind(OURS).eval()
    want = model(IDS)
    save(wrap(model), tmp_path)
    assert load(kind, tmp_path)(IDS).equal(want)


def test_what_is_no_model_of_ours_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a BERT or a GPT, got a Linear; for other"):
        save(nn.Linear(2, 3), tmp_path / "new")
    with pytest.raises(ValueError, match="got a Transformer"):
        save(nn.DataParallel(GPT(OURS).stack), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_ours_damaged_or_exchanged(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "one", tmp_path / "other"
    save(GPT(tiny(V), SpecialIds(pad=7)), one)
    assert load(GPT, one).special.pad == 7
    save(GPT(tiny(V)), other)
    shutil.copy(other / "model.safetensors", one)  # the same sizes, other numbers
    with pytest.raises(ValueError, match=r"not the file that bertgpt\.json was written for"):
        load(GPT, one)
    (one / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"model\.safetensors is missing or not the file"):
        load(GPT, one)
    with pytest.raises(ValueError, match=r"has no bertgpt\.json"):
        load(GPT, tmp_path / "nowhere")
    record = other / "bertgpt.json"
    told = json.loads(record.read_text())
    sizes = told["config"]
    for change, what in (
        ({"config": {"depth": 3}}, ".*depth"),
        ({"special": None}, ".*"),
        ({"config": {**sizes, "n_heads": 5}}, "width=128 does not divide into n_heads=5"),
        ({"config": {**sizes, "dropout": "0.1"}}, ".*'str'"),
    ):
        record.write_text(json.dumps({**told, **change}))
        with pytest.raises(ValueError, match=rf"other/bertgpt\.json is damaged \({what}.*copy it"):
            load(GPT, other)


def test_ours_with_labels_of_another_number(tmp_path: Path) -> None:
    model = BERT(replace(tiny(V), dropout=0.5), head=partial(SequenceHead, n_labels=2)).eval()
    save(model, tmp_path)
    again = load(BERT, tmp_path, partial(SequenceHead, n_labels=2))
    assert torch.equal(again(IDS), model(IDS))
    with pytest.raises(ValueError, match=r"misshapen: head\.labels\.weight is \(2, 128\)"):
        load(BERT, tmp_path, partial(SequenceHead, n_labels=3))


def test_ours_with_a_head_keeps_its_special_ids(tmp_path: Path) -> None:
    special = SpecialIds(pad=5, unk=6, cls=7, sep=8, mask=9)
    head = partial(SequenceHead, n_labels=2)
    save(BERT(tiny(V), special, head), tmp_path)
    assert load(BERT, tmp_path, head).special == special
