"""Files on disk: what is missing, cut, damaged or a program is refused, and nothing is changed."""

import json
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from folders import WEIGHTS, V, edit, published
from safetensors.torch import load_file

from bertgpt.bert import BERT
from bertgpt.config import tiny
from bertgpt.weights import files
from bertgpt.weights.published import load_bert, load_gpt2

IDS = torch.tensor([[5, 9, 17, 33]])


def test_a_pickle_is_refused(bert: Path) -> None:
    torch.save(load_file(bert / WEIGHTS), bert / "pytorch_model.bin")
    (bert / WEIGHTS).unlink()
    with pytest.raises(ValueError, match=r"has pytorch_model\.bin .* can run a program"):
        load_bert(bert)


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


def test_a_part_that_is_missing_or_elsewhere(tmp_path: Path, bert: Path) -> None:
    parts = published("BertForMaskedLM", tmp_path / "parts", max_shard_size="10KB")
    next(parts.glob("model-00002*")).unlink()
    with pytest.raises(ValueError, match=r"has no model-00002-of-.*; download the model again"):
        load_bert(parts)
    shutil.move(bert / "model.safetensors", tmp_path / "elsewhere.safetensors")
    index = {"weight_map": {"x": "../elsewhere.safetensors"}}
    (bert / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ValueError, match=r"has no \.\./elsewhere\.safetensors"):
        load_bert(bert)


@pytest.mark.parametrize("table", [None, [], "x", {"x": 1}, {"x": None}, {"x": ["y"]}])
def test_an_index_that_is_no_table(bert: Path, table: object) -> None:
    (bert / WEIGHTS).unlink()
    index = bert / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": table} if table is not None else {}))
    told = rf"index\.json has weight_map={re.escape(repr(table))}, expected a table .*; download it"
    with pytest.raises(ValueError, match=told):
        load_bert(bert)


@pytest.mark.parametrize("name", ["", ".."])
def test_an_index_that_names_a_folder(bert: Path, name: str) -> None:
    (bert / WEIGHTS).unlink()
    index = bert / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"x": name}}))
    with pytest.raises(ValueError, match=rf"has no {name}; download the model again"):
        load_bert(bert)


def test_all_that_is_wrong_is_said_at_once(bert: Path) -> None:
    edit(bert, lambda t: [t.pop(n) for n in list(t) if ".layer.1." in n])
    edit(bert, lambda t: t.update(stray=torch.zeros(2)))
    with pytest.raises(
        ValueError, match=r"missing: .* and 11 more; unknown: stray; give the files"
    ):
        load_bert(bert)


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
        with pytest.raises(ValueError, match=r"config\.json is damaged \(.*\); download it again"):
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


def test_nothing_is_changed_by_weights_that_do_not_fit(tmp_path: Path) -> None:
    model = BERT(tiny(V))
    before = [p.detach().clone() for p in model.parameters()]
    names = {name: name for name, _ in model.named_parameters()}
    tensors = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    tensors["head.bias"] = torch.zeros(V + 1)
    with pytest.raises(ValueError, match=r"misshapen: head\.bias is \(62,\)"):
        files.copy_weights(model, names, tensors, [], tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
