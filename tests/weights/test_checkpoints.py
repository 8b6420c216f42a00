"""Weights on disk: what fits is loaded, and whatever does not is named and refused."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertModel,
    GPT2Config,
    GPT2LMHeadModel,
)

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import SequenceHead, SpanHead
from bertgpt.weights.checkpoints import load, load_bert, load_gpt2, save

SIZES = {
    "vocab_size": 61, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 40, "max_position_embeddings": 11,
}  # fmt: skip
OURS = TransformerConfig(vocab_size=61, max_positions=11, width=24, n_layers=2, ff_width=40)
SPECIAL = SpecialIds()
IDS = torch.tensor([[2, 7, 8, 9, 3, 0]])
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small models with random weights, as `save_pretrained` writes them."""
    folder = tmp_path_factory.mktemp("published")
    torch.manual_seed(0)
    gpt2 = GPT2Config(
        vocab_size=61, n_positions=11, n_embd=24, n_layer=2, n_head=4, n_inner=40, bos_token_id=0,
        eos_token_id=0,
    )  # fmt: skip
    models = {
        "masked": BertForMaskedLM(BertConfig(**SIZES)),
        "sequence": BertForSequenceClassification(BertConfig(**SIZES, num_labels=3)),
        "bare": BertModel(BertConfig(**SIZES)),
        "gpt2": GPT2LMHeadModel(gpt2),
    }
    for name, model in models.items():
        model.save_pretrained(folder / name)
    return {name: folder / name for name in models}


@pytest.fixture
def copy_of(published: dict[str, Path], tmp_path: Path):
    """A folder that a test may spoil."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(published[name], tmp_path / name))

    return make


def change_tensors(folder: Path, change) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})


def test_a_published_model_answers_as_transformers_does(published: dict[str, Path]) -> None:
    theirs = BertForMaskedLM.from_pretrained(published["masked"]).eval()
    ours = load_bert(published["masked"], special=SPECIAL).eval()
    with torch.inference_mode():
        want = theirs(IDS, attention_mask=(IDS != 0).long()).logits
        torch.testing.assert_close(ours(IDS), want, rtol=0, atol=1e-5)


def test_a_model_in_parts_is_the_same(published: dict[str, Path], tmp_path: Path) -> None:
    theirs = GPT2LMHeadModel.from_pretrained(published["gpt2"])
    theirs.save_pretrained(tmp_path, max_shard_size="20KB")
    assert not (tmp_path / WEIGHTS).exists()
    whole, parts = load_gpt2(published["gpt2"]), load_gpt2(tmp_path)
    assert all(a.equal(b) for a, b in zip(whole.parameters(), parts.parameters(), strict=True))


def test_a_missing_tensor_is_named(copy_of) -> None:
    folder = copy_of("masked")
    change_tensors(folder, lambda t: t.pop("bert.encoder.layer.1.output.dense.bias"))
    with pytest.raises(ValueError, match=r"missing: bert\.encoder\.layer\.1\.output\.dense\.bias"):
        load_bert(folder, special=SPECIAL)


def test_an_extra_tensor_is_named(copy_of) -> None:
    folder = copy_of("masked")
    change_tensors(folder, lambda t: t.update({"bert.encoder.layer.2.odd": torch.zeros(3)}))
    with pytest.raises(ValueError, match=r"unknown: bert\.encoder\.layer\.2\.odd"):
        load_bert(folder, special=SPECIAL)


def test_a_misshapen_tensor_is_named(copy_of) -> None:
    folder = copy_of("gpt2")
    change_tensors(folder, lambda t: t.update({"transformer.wpe.weight": torch.zeros(12, 24)}))
    with pytest.raises(ValueError, match=r"misshapen: transformer\.wpe\.weight is \(12, 24\)"):
        load_gpt2(folder)


def test_a_truncated_file_is_refused(copy_of) -> None:
    folder = copy_of("masked")
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut short or damaged .* get it anew"):
        load_bert(folder, special=SPECIAL)


def test_another_architecture_is_refused(published: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match="type 'gpt2', and 'bert' is read here; load_bert reads"):
        load_bert(published["gpt2"])
    with pytest.raises(ValueError, match="type 'bert', and 'gpt2' is read here"):
        load_gpt2(published["masked"])


def test_a_variant_that_the_stack_lacks_is_refused(copy_of) -> None:
    folder = copy_of("masked")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(ValueError, match="lacks or cannot mean 'relu'"):
        load_bert(folder, special=SPECIAL)
    (folder / "config.json").write_text(json.dumps(config | {"is_decoder": True}))
    with pytest.raises(ValueError, match="made with is_decoder=True, which our stack cannot do"):
        load_bert(folder, special=SPECIAL)


def test_a_pickle_is_refused(copy_of) -> None:
    folder = copy_of("masked")
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()
    with pytest.raises(ValueError, match=r"has pytorch_model\.bin .* can run a program"):
        load_bert(folder, special=SPECIAL)


@pytest.mark.parametrize("name", ["no/such/folder/at/all", "a name with spaces"])
def test_what_is_neither_folder_nor_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"there is no folder .*; give one with config.json"):
        load_bert(name)


def test_a_name_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ValueError, match=r"the hub did not give that name \(OSError\); offline"):
        load_bert("google-bert/bert-base-uncased")


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no config\.json; give the folder of a model"):
        load_bert(tmp_path)


def test_a_head_without_weights_is_not_made_up(published: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"has no weights for SpanHead .*new_head=True to train"):
        load_bert(published["masked"], SpanHead, SPECIAL)
    fresh = load_bert(published["masked"], SpanHead, SPECIAL, new_head=True)
    known = load_bert(published["masked"], special=SPECIAL)
    assert fresh.stack.tokens.weight.equal(known.stack.tokens.weight)


def test_a_head_with_weights_gets_them(published: dict[str, Path]) -> None:
    theirs = BertForSequenceClassification.from_pretrained(published["sequence"]).eval()
    ours = load_bert(published["sequence"], partial(SequenceHead, n_labels=3), SPECIAL).eval()
    with torch.inference_mode():
        want = theirs(IDS, attention_mask=(IDS != 0).long()).logits
        torch.testing.assert_close(ours(IDS), want, rtol=0, atol=1e-5)


def test_the_wrong_padding_is_noticed(published: dict[str, Path]) -> None:
    with pytest.raises(ValueError, match=r"padding number 0, and special\.pad=5 was given"):
        load_bert(published["masked"], special=SPECIAL._replace(pad=5))


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
