"""Corners of weights on disk: old names, parts, tied copies, configs, the hub, damaged records."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds, tiny
from bertgpt.gpt import GPT
from bertgpt.heads import (
    MaskedTokenHead,
    NextSentenceHead,
    PretrainingHead,
    SequenceHead,
    TokenHead,
)
from bertgpt.weights import files
from bertgpt.weights.checkpoints import load, load_bert, load_gpt2, save

V, P, D, L = 61, 11, 24, 2
IDS = torch.tensor([[5, 9, 17, 33]])
Change = Callable[[dict[str, Tensor]], Any]


def published(kind: str, folder: Path, **given: Any) -> Path:
    """What `save_pretrained` of `transformers` writes."""
    torch.manual_seed(0)
    if kind.startswith("Bert"):
        config = hf.BertConfig(
            vocab_size=V, max_position_embeddings=P, hidden_size=D, num_hidden_layers=L,
            num_attention_heads=4, intermediate_size=40,
        )  # fmt: skip
    else:
        config = hf.GPT2Config(
            vocab_size=V, n_positions=P, n_embd=D, n_layer=L, n_head=4, n_inner=40,
            bos_token_id=1, eos_token_id=2,
        )  # fmt: skip
    getattr(hf, kind)(config).eval().save_pretrained(folder, **given)
    return folder


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return published("BertForPreTraining", tmp_path / "bert")


@pytest.fixture
def gpt2(tmp_path: Path) -> Path:
    return published("GPT2LMHeadModel", tmp_path / "gpt2")


def edit(folder: Path, change: Change) -> None:
    """Change the tensors of a folder by hand."""
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    tensors = {name: x.contiguous().clone() for name, x in tensors.items()}
    save_file(tensors, folder / "model.safetensors")


def configure(folder: Path, **changes: Any) -> Path:
    """Change config.json by hand; None takes a key away."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    return folder


def test_a_stack_saved_without_a_head_has_no_prefix(tmp_path: Path) -> None:
    bare, whole = (published(k, tmp_path / k) for k in ("GPT2Model", "GPT2LMHeadModel"))
    assert "wte.weight" in load_file(bare / "model.safetensors")
    assert not load_gpt2(bare).training
    assert load_gpt2(bare)(IDS).shape == load_gpt2(whole)(IDS).shape == (1, 4, V)
    bare = published("BertModel", tmp_path / "bert")
    table = load_file(bare / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert torch.equal(load_bert(bare, new_head=True).stack.tokens.weight, table)


def test_a_part_that_is_missing_or_elsewhere(tmp_path: Path, bert: Path) -> None:
    parts = published("BertForMaskedLM", tmp_path / "parts", max_shard_size="10KB")
    next(parts.glob("model-00002*")).unlink()
    with pytest.raises(ValueError, match=r"has no model-00002-of-.*; get the model anew, all of"):
        load_bert(parts)
    shutil.move(bert / "model.safetensors", tmp_path / "elsewhere.safetensors")
    index = {"weight_map": {"x": "../elsewhere.safetensors"}}
    (bert / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match=r"has no \.\./elsewhere\.safetensors"):
        load_bert(bert)


def test_names_of_2018(bert: Path) -> None:
    """The published BERT calls a norm's weights gamma and beta."""

    def old(tensors: dict[str, Tensor]) -> None:
        for name in [n for n in tensors if "LayerNorm" in n]:
            new = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            tensors[new.replace("LayerNorm.bias", "LayerNorm.beta")] = tensors.pop(name)

    want = load_bert(bert)(IDS)
    edit(bert, old)
    assert "bert.embeddings.LayerNorm.gamma" in load_file(bert / "model.safetensors")
    assert torch.equal(load_bert(bert)(IDS), want)


def test_buffers_and_second_copies_are_no_weights(bert: Path, gpt2: Path) -> None:
    want = load_bert(bert)(IDS), load_gpt2(gpt2)(IDS)
    edit(bert, lambda t: t.update({"bert.embeddings.position_ids": torch.arange(P)[None]}))
    table = "bert.embeddings.word_embeddings.weight"
    edit(bert, lambda t: t.update({"cls.predictions.decoder.weight": t[table]}))
    edit(bert, lambda t: t.update({"cls.predictions.decoder.bias": t["cls.predictions.bias"]}))
    for block in range(L):
        name = f"transformer.h.{block}.attn."
        edit(gpt2, lambda t, n=name: t.update({n + "bias": torch.ones(1, 1, P, P)}))
        edit(gpt2, lambda t, n=name: t.update({n + "masked_bias": torch.tensor(-1e4)}))
    edit(gpt2, lambda t: t.update({"lm_head.weight": t["transformer.wte.weight"]}))
    assert torch.equal(load_bert(bert)(IDS), want[0])
    assert torch.equal(load_gpt2(gpt2)(IDS), want[1])
    edit(gpt2, lambda t: t.update({"lm_head.weight": t["lm_head.weight"] + 1}))
    with pytest.raises(ValueError, match=r"lm_head\.weight differs from transformer\.wte\.weight"):
        load_gpt2(gpt2)


def test_half_precision_becomes_single_and_integers_are_refused(bert: Path) -> None:
    edit(bert, lambda t: t.update({n: x.half() for n, x in t.items()}))
    assert {p.dtype for p in load_bert(bert).parameters()} == {torch.float32}
    query = "bert.encoder.layer.1.attention.self.query.weight"
    edit(bert, lambda t: t.update({query: torch.zeros(D, D, dtype=torch.int8)}))
    with pytest.raises(ValueError, match=r"query\.weight is \(24, 24\) of torch\.int8, not"):
        load_bert(bert)


@pytest.mark.parametrize("head", [MaskedTokenHead, NextSentenceHead, PretrainingHead])
def test_a_pretrained_bert_has_three_heads(bert: Path, head: type[nn.Module]) -> None:
    assert type(load_bert(bert, head).head) is head


def test_a_new_head_keeps_what_was_pretrained(bert: Path, gpt2: Path) -> None:
    """To fine-tune: the pooler comes from the checkpoint, the labels are fresh."""
    pooler = load_file(bert / "model.safetensors")["bert.pooler.dense.weight"]
    model = load_bert(bert, partial(SequenceHead, n_labels=2), new_head=True)
    assert torch.equal(model.head.pooler.dense.weight, pooler)
    assert 0.01 < model.head.labels.weight.std() < 0.03
    with pytest.raises(ValueError, match=r"no weights for TokenHead \(score\.weight, score\.bias"):
        load_gpt2(gpt2, partial(TokenHead, n_labels=2))


def test_a_third_of_gpt2s_attention_that_does_not_fit(gpt2: Path) -> None:
    bias = "transformer.h.0.attn.c_attn.bias"
    edit(gpt2, lambda t: t.pop(bias))
    want = r"missing: transformer\.h\.0\.attn\.c_attn\.query\.bias, .*key\.bias, .*value\.bias"
    with pytest.raises(ValueError, match=want):
        load_gpt2(gpt2)
    edit(gpt2, lambda t: t.update({bias: torch.zeros(3 * D - 1)}))
    with pytest.raises(ValueError, match=r"misshapen: .*c_attn\.value\.bias is \(23,\)"):
        load_gpt2(gpt2)


def test_all_that_is_wrong_is_said_at_once(bert: Path) -> None:
    edit(bert, lambda t: [t.pop(n) for n in list(t) if ".layer.1." in n])
    edit(bert, lambda t: t.update(stray=torch.zeros(2)))
    with pytest.raises(ValueError, match=r"missing: .* and 11 more; unknown: stray; get it anew"):
        load_bert(bert)


def test_a_config_that_says_bert_over_other_tensors(bert: Path, gpt2: Path) -> None:
    shutil.copy(gpt2 / "model.safetensors", bert / "model.safetensors")
    with pytest.raises(ValueError, match="no weights for MaskedTokenHead"):
        load_bert(bert)
    with pytest.raises(ValueError, match=r"missing: bert\.embeddings.*unknown: transformer\.h\.0"):
        load_bert(bert, new_head=True)
    with pytest.raises(ValueError, match=r"type 'roberta', .* nothing reads others"):
        load_bert(configure(bert, model_type="roberta"))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("position_embedding_type", "relative_key", "made with position_embedding_type='relative"),
        ("hidden_size", None, r"config\.json lacks or cannot mean 'hidden_size'"),
        ("hidden_size", "wide", r"config\.json lacks or cannot mean"),
        ("hidden_size", 30, "width=30 does not divide into n_heads=4"),
    ],
)
def test_configs_of_bert_that_cannot_be(bert: Path, key: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_bert(configure(bert, **{key: value}))


@pytest.mark.parametrize(
    ("key", "value"), [("scale_attn_weights", False), ("scale_attn_by_inverse_layer_idx", True)]
)
def test_configs_of_gpt2_that_cannot_be(gpt2: Path, key: str, value: bool) -> None:
    with pytest.raises(ValueError, match=f"made with {key}={value}, which our stack cannot do"):
        load_gpt2(configure(gpt2, **{key: value}))
    with pytest.raises(ValueError, match="cannot mean 'n_embd'"):
        load_gpt2(configure(gpt2, **{key: not value, "n_embd": None}))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.999])
def test_a_file_cut_anywhere(bert: Path, share: float) -> None:
    path = bert / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(ValueError, match=r"model\.safetensors is cut short or damaged \("):
        load_bert(bert)


def test_a_config_that_is_no_config(bert: Path) -> None:
    for text in ("{", "[1]", "\x00"):
        (bert / "config.json").write_text(text)
        with pytest.raises(ValueError, match=r"config\.json is damaged \(.*\); get it anew"):
            load_bert(bert)


def test_a_path_is_never_asked_of_the_hub(tmp_path: Path) -> None:
    for missing in (tmp_path / "nowhere", "./not/here", Path("gpt2")):
        with pytest.raises(ValueError, match=r"there is no folder .*; give one with config\.json"):
            load_gpt2(missing)


def test_a_name_is_fetched_from_the_hub(monkeypatch: pytest.MonkeyPatch, bert: Path) -> None:
    asked = []

    def snapshot_download(name: str, allow_patterns: list[str]) -> str:
        asked.append((name, allow_patterns))
        return str(bert)

    hub = SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    assert torch.equal(load_bert("google-bert/bert-base-uncased")(IDS), load_bert(bert)(IDS))
    ((name, patterns),) = asked
    assert name == "google-bert/bert-base-uncased"
    assert "config.json" in patterns
    assert not [pattern for pattern in patterns if "bin" in pattern or pattern == "*"]


def test_no_client_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match=r'is needed: pip install "bertgpt\[online\]"'):
        files.fetch("gpt2")


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
    for change in ({"config": {"depth": 3}}, {"special": None}):
        record.write_text(json.dumps({**told, **change}))
        with pytest.raises(ValueError, match=r"bertgpt\.json is damaged"):
            load(GPT, other)


def test_ours_with_labels_of_another_number(tmp_path: Path) -> None:
    model = BERT(replace(tiny(V), dropout=0.5), head=partial(SequenceHead, n_labels=2)).eval()
    save(model, tmp_path)
    again = load(BERT, tmp_path, partial(SequenceHead, n_labels=2))
    assert torch.equal(again(IDS), model(IDS))
    with pytest.raises(ValueError, match=r"misshapen: head\.labels\.weight is \(2, 128\)"):
        load(BERT, tmp_path, partial(SequenceHead, n_labels=3))


def test_nothing_is_changed_by_weights_that_do_not_fit(tmp_path: Path) -> None:
    model = BERT(tiny(V))
    before = [p.detach().clone() for p in model.parameters()]
    names = {name: name for name, _ in model.named_parameters()}
    tensors = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    tensors["head.bias"] = torch.zeros(V + 1)
    with pytest.raises(ValueError, match=r"misshapen: head\.bias is \(62,\)"):
        files.copy_weights(model, names, tensors, [], tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
