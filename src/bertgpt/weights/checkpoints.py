"""Models on disk: published BERT and GPT-2 in our one stack, and models of our own.

A published model is its folder, as `save_pretrained` of `transformers` writes it, or its name on
the Hugging Face hub; its vocabulary lies beside it, for `WordPiece.load` or `BPE.load`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeVar

from safetensors.torch import save_file
from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.config import BERT_SPECIAL_IDS, GPT2_SPECIAL_IDS, SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import LanguageModelHead, MaskedTokenHead
from bertgpt.transformer import Transformer
from bertgpt.weights.files import (
    WEIGHTS,
    copy_weights,
    digest,
    fetch,
    read_json,
    read_tensors,
)
from bertgpt.weights.hf_names import BERT_NAMES, GPT2_NAMES, Names

Head = Callable[[Transformer], nn.Module]
Model = TypeVar("Model", BERT, GPT)
RECORD = "bertgpt.json"
GELU: dict[str, Literal["exact", "tanh"]] = {
    "gelu": "exact",
    "gelu_new": "tanh",
    "gelu_pytorch_tanh": "tanh",
}


def load_bert(
    source: str | Path,
    head: Head = MaskedTokenHead,
    special: SpecialIds = BERT_SPECIAL_IDS,
    *,
    new_head: bool = False,
) -> BERT:
    """Make a published BERT of our stack.

    Args:
        source: a folder with config.json and model.safetensors (or its parts and their index), or
            a name on the hub, which needs a network and `pip install "bertgpt[online]"`.
        head: what is to be read out; take the one that the checkpoint was trained with. Weights
            of heads that were not asked for are left alone.
        special: numbers of the special tokens: `WordPiece.load(folder).special`.
        new_head: True keeps fresh weights where the checkpoint has none for the head, to
            fine-tune it.
    Returns:
        the model in evaluation mode, which is without dropout.
    Raises:
        ValueError: for a folder or file that is missing, damaged, or of another architecture or
            format, and for tensors that are missing, unknown or misshapen: they are named.
    """
    folder, c = _open(source, BERT_NAMES)
    try:
        cfg = TransformerConfig(
            vocab_size=c["vocab_size"], max_positions=c["max_position_embeddings"],
            width=c["hidden_size"], n_layers=c["num_hidden_layers"],
            n_heads=c["num_attention_heads"], ff_width=c["intermediate_size"],
            n_segments=c["type_vocab_size"], norm="post", gelu=GELU[c["hidden_act"]],
            norm_eps=c["layer_norm_eps"], dropout=c["hidden_dropout_prob"],
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{folder}/config.json lacks or cannot mean {error}; get it anew"
        ) from None
    if c.get("pad_token_id") not in (None, special.pad):
        raise ValueError(
            f"{folder} has padding number {c['pad_token_id']}, and special.pad={special.pad} was "
            "given; give the special numbers of its vocabulary: WordPiece.load(folder).special"
        )
    return _fill(BERT(cfg, special, head), folder, BERT_NAMES, new_head)


def load_gpt2(
    source: str | Path,
    head: Head = LanguageModelHead,
    special: SpecialIds = GPT2_SPECIAL_IDS,
    *,
    new_head: bool = False,
) -> GPT:
    """Make a published GPT-2 of our stack; arguments and errors as for `load_bert`."""
    folder, c = _open(source, GPT2_NAMES)
    try:
        cfg = TransformerConfig(
            vocab_size=c["vocab_size"], max_positions=c["n_positions"], width=c["n_embd"],
            n_layers=c["n_layer"], n_heads=c["n_head"], ff_width=c.get("n_inner"), norm="pre",
            gelu=GELU[c["activation_function"]], norm_eps=c["layer_norm_epsilon"],
            dropout=c["resid_pdrop"],
        )  # fmt: skip
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"{folder}/config.json lacks or cannot mean {error}; get it anew"
        ) from None
    return _fill(GPT(cfg, special, head), folder, GPT2_NAMES, new_head)


def save(model: BERT | GPT, folder: str | Path) -> None:
    """Write a model of ours: model.safetensors, and bertgpt.json with config and hash.

    >>> import tempfile
    >>> from bertgpt.config import tiny
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(GPT(tiny(61)), folder)
    ...     load(GPT, folder).stack.cfg == tiny(61)
    True
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({n: p.detach().cpu() for n, p in model.named_parameters()}, folder / WEIGHTS)
    record = {
        "model": type(model).__name__,
        "head": type(model.head).__name__,
        "config": asdict(model.stack.cfg),
        "special": model.special._asdict(),
        "sha256": digest(folder / WEIGHTS),
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load(kind: type[Model], folder: str | Path, head: Head | None = None) -> Model:
    """Read a model that `save` wrote.

    Args:
        kind: BERT or GPT.
        head: as the model was made with; None means the usual one.
    Returns:
        the model in evaluation mode.
    Raises:
        ValueError: if a file is missing, damaged or not the one that was saved, or holds another
            model or head.
    """
    folder = Path(folder)
    record = read_json(folder / RECORD)
    if not (folder / WEIGHTS).exists() or digest(folder / WEIGHTS) != record.get("sha256"):
        raise ValueError(
            f"{folder / WEIGHTS} is missing or not the file that {RECORD} was written for (their "
            "sha256 differ): it is damaged, or of another model; get both anew"
        )
    try:
        cfg, special = TransformerConfig(**record["config"]), SpecialIds(**record["special"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder / RECORD} is damaged ({error}); get it anew") from None
    model = kind(cfg, special) if head is None else kind(cfg, special, head)
    made = f"{type(model).__name__} with {type(model.head).__name__}"
    if made != (saved := f"{record.get('model')} with {record.get('head')}"):
        raise ValueError(f"{folder} holds a {saved}, and a {made} was asked for; name that one")
    tensors = read_tensors(folder)
    names = {name: name for name, _ in model.named_parameters()}
    copy_weights(model, names, tensors, tensors.keys() - names.keys(), folder)
    return model.eval()


def _open(source: str | Path, names: Names) -> tuple[Path, dict[str, Any]]:
    """A folder and its config.json, if that is of the architecture."""
    folder = fetch(source)
    config = read_json(folder / "config.json")
    if config.get("model_type") != names.kind:
        raise ValueError(
            f"{folder} holds a model of type {config.get('model_type')!r}, and {names.kind!r} is "
            "read here; load_bert reads 'bert', load_gpt2 reads 'gpt2', nothing reads others"
        )
    for key, value in names.fixed.items():
        if config.get(key, value) != value:
            raise ValueError(
                f"{folder} was made with {key}={config[key]!r}, which our stack cannot do; give a "
                f"model with {key}={value!r}"
            )
    return folder, config


def _fill(model: Model, folder: Path, names: Names, new_head: bool) -> Model:
    """Give a model the tensors of a folder that the list of names says."""
    tensors = _plain(read_tensors(folder), names)
    for copy, name in names.copies.items():
        if copy in tensors and not tensors.pop(copy).equal(tensors.get(name, Tensor())):
            raise ValueError(f"{folder}: {copy} differs from {name}, and our heads have only one")
    head = type(model.head).__name__
    layers = {**names.stack, **names.heads.get(head, {})}
    theirs = {}
    for ours, _ in model.named_parameters():
        layer, what = ours.rsplit(".", 1)
        number = (re.findall(r"\d+", layer) or [""])[0]
        options = layers.get(layer.replace(f".{number}.", ".*."), layer).split("|")
        options = [f"{option.replace('*', number)}.{what}" for option in options]
        theirs[ours] = next((option for option in options if option in tensors), options[0])
    lacks = {o: t for o, t in theirs.items() if o.startswith("head.") and t not in tensors}
    if lacks and not new_head:
        raise ValueError(
            f"{folder} has no weights for {head} ({', '.join(lacks.values())}); take the head that "
            "it was trained with, or new_head=True to train this one"
        )
    theirs = {o: t for o, t in theirs.items() if o not in lacks}
    others = {layer for known in names.heads.values() for layer in known.values()}
    others -= set(layers.values())
    extra = [
        name
        for name in tensors
        if name not in theirs.values()
        and name.rsplit(".", 1)[0] not in others
        and not re.fullmatch(names.buffers, name)
    ]
    copy_weights(model, theirs, tensors, extra, folder)
    return model.eval()


def _plain(tensors: dict[str, Tensor], names: Names) -> dict[str, Tensor]:
    """The tensors under full names of today, and each linear layer as PyTorch has it."""
    first = next(iter(names.stack.values())) + ".weight"
    prefix = names.prefix if first.removeprefix(names.prefix) in tensors else ""
    plain: dict[str, Tensor] = {}
    for name, x in tensors.items():
        name = prefix + name
        name = re.sub("LayerNorm.gamma$", "LayerNorm.weight", name)  # BERT's file of 2018
        name = re.sub("LayerNorm.beta$", "LayerNorm.bias", name)
        if ".c_" in name and x.ndim == 2:
            x = x.T  # GPT-2's own kind of layer has the matrix the other way round
        layer, is_attention, what = name.partition(".c_attn.")
        if is_attention:  # and query, key and value in one
            parts = zip(("query", "key", "value"), x.tensor_split(3), strict=True)
            plain |= {f"{layer}.c_attn.{part}.{what}": third for part, third in parts}
        else:
            plain[name] = x
    return plain
