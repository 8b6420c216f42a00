"""Published BERT and GPT-2 in our one stack.

A published model is its folder, as `save_pretrained` of `transformers` writes it, or its name on
the Hugging Face hub; its vocabulary is in the same folder, for `WordPiece.load` or `BPE.load`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from torch import Tensor, nn

from bertgpt.bert import BERT
from bertgpt.config import BERT_SPECIAL_IDS, SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import LanguageModelHead, MaskedTokenHead
from bertgpt.tokens.bpe import BPE
from bertgpt.tokens.files import read_json
from bertgpt.tokens.wordpiece import WordPiece
from bertgpt.transformer import Transformer
from bertgpt.weights import hf_names
from bertgpt.weights.files import copy_weights, fetch, read_tensors

Head = Callable[[Transformer], nn.Module]
Model = TypeVar("Model", BERT, GPT)
GELU: dict[str, Literal["exact", "tanh"]] = {
    "gelu": "exact",
    "gelu_python": "exact",
    "gelu_new": "tanh",
    "gelu_pytorch_tanh": "tanh",
    "gelu_python_tanh": "tanh",
    "gelu_fast": "tanh",
    "gelu_accurate": "tanh",
}
# Fields of config.json that change results, with the one value that our stack can do.
COMMON: dict[str, Any] = {"add_cross_attention": False, "auto_map": None, "pruned_heads": {}}
BERT_FIXED = COMMON | {"is_decoder": False, "position_embedding_type": "absolute"}
GPT2_FIXED = COMMON | {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
}
GPT2_SUMMARY = {  # of the head that `transformers` calls multiple_choice_head
    "summary_activation": None,
    "summary_type": "cls_index",
    "summary_use_proj": True,
}


def load_bert(
    source: str | Path,
    head: Head = MaskedTokenHead,
    special: SpecialIds | None = None,
    *,
    new_head: bool = False,
    dropout: float | None = None,
) -> BERT:
    """Load a published BERT into our stack.

    Args:
        source: a folder with config.json and model.safetensors (or its parts and their index), or
            a name on the hub, which needs a network and `pip install "bertgpt[online]"`.
        head: the head to attach; take the one that the checkpoint was trained with. Weights of
            other heads are left where they are.
        special: ids of the special tokens. None takes them from the vocabulary in the folder, and
            where there is none, those of the published English vocabularies.
        new_head: True keeps fresh weights where the checkpoint has none for the head, to
            fine-tune it.
        dropout: one rate for all of the stack; None takes it from config.json.
    Returns:
        the model in evaluation mode, which is without dropout.
    Raises:
        ValueError: for a folder or file that is missing, damaged, or of another architecture or
            format; for a field of config.json that our stack cannot do; for special ids other than
            those of the vocabulary in the folder; and for tensors that are missing, unknown or
            misshapen. Each is named.
    """
    folder, c = _open(source, "bert", BERT_FIXED)
    rates = "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"
    cfg = _config(
        folder, c, rates, dropout,
        {
            "vocab_size": "vocab_size", "max_positions": "max_position_embeddings",
            "width": "hidden_size", "n_layers": "num_hidden_layers",
            "n_heads": "num_attention_heads", "ff_width": "intermediate_size",
            "n_segments": "type_vocab_size", "norm_eps": "layer_norm_eps",
        },
        norm="post", gelu=_gelu(folder, c, "hidden_act"),
    )  # fmt: skip
    model = BERT(cfg, _bert_special(folder, c, special), head)
    tensors = hf_names.bert_tensors(read_tensors(folder))
    _drop_copies(model, folder, tensors, hf_names.BERT_COPIES)
    names = hf_names.bert(cfg.n_layers)
    return _fill(model, folder, tensors, names, hf_names.BERT_BUFFERS, new_head)


def load_gpt2(
    source: str | Path,
    head: Head = LanguageModelHead,
    special: SpecialIds | None = None,
    *,
    new_head: bool = False,
    dropout: float | None = None,
) -> GPT:
    """Load a published GPT-2 into our stack; arguments and errors as for `load_bert`.

    With `special=None` the end of a text is `<|endoftext|>` of the vocabulary in the folder, or
    the eos_token_id of config.json. GPT-2 has no padding token, so padding is -1 unless config.json
    names one that does not also begin or end a text: such a one is read, not hidden.
    """
    folder, c = _open(source, "gpt2", GPT2_FIXED)
    rates = "resid_pdrop", "attn_pdrop", "embd_pdrop"
    cfg = _config(
        folder, c | {"n_inner": -1 if c.get("n_inner") is None else c["n_inner"]}, rates, dropout,
        {
            "vocab_size": "vocab_size", "max_positions": "n_positions", "width": "n_embd",
            "n_layers": "n_layer", "n_heads": "n_head", "ff_width": "n_inner",
            "norm_eps": "layer_norm_epsilon",
        },
        norm="pre", gelu=_gelu(folder, c, "activation_function"),
    )  # fmt: skip
    model = GPT(cfg, _gpt2_special(folder, c, special), head)
    tensors = hf_names.gpt2_tensors(read_tensors(folder))
    if "multiple_choice_head.summary.weight" in tensors:
        _refuse_others(folder, c, GPT2_SUMMARY)
    _drop_copies(model, folder, tensors, hf_names.GPT2_COPIES)
    names = hf_names.gpt2(cfg.n_layers)
    return _fill(model, folder, tensors, names, hf_names.GPT2_BUFFERS, new_head)


def _open(source: str | Path, kind: str, fixed: Mapping[str, Any]) -> tuple[Path, dict[str, Any]]:
    """A folder and its config.json, if that is of the architecture."""
    folder = fetch(source)
    config = read_json(folder / "config.json")
    if config.get("model_type") != kind:
        raise ValueError(
            f"{folder} holds a model of type {config.get('model_type')!r}, expected {kind!r}; "
            "load_bert reads 'bert', load_gpt2 reads 'gpt2', nothing reads others"
        )
    _refuse_others(folder, config, fixed)
    return folder, config


def _refuse_others(folder: Path, config: Mapping[str, Any], fixed: Mapping[str, Any]) -> None:
    for key, value in fixed.items():
        if config.get(key, value) != value:
            raise ValueError(
                f"{folder} was made with {key}={config[key]!r}, which our stack cannot do; give a "
                f"model with {key}={value!r}"
            )


def _config(
    folder: Path,
    config: Mapping[str, Any],
    rates: tuple[str, ...],
    dropout: float | None,
    fields: Mapping[str, str],
    **given: Any,
) -> TransformerConfig:
    """Our config from theirs; `fields` is ours -> theirs, `rates` are theirs of dropout."""
    values = {
        ours: _number(folder, config, theirs, float if ours == "norm_eps" else int)
        for ours, theirs in fields.items()
    }
    if "initializer_range" in config:
        values["init_std"] = _number(folder, config, "initializer_range", int, float)
    if dropout is None:
        values["dropout"] = _dropout(folder, config, rates)
    try:
        cfg = TransformerConfig(**values, **given)
    except ValueError as error:
        raise ValueError(f"{folder}/config.json: {error}") from None
    # Outside: a rate that the caller chose is not the file's fault.
    return cfg if dropout is None else replace(cfg, dropout=dropout)


def _number(folder: Path, config: Mapping[str, Any], key: str, *kinds: type) -> Any:
    """A field of config.json that holds a number of these kinds."""
    value = config.get(key)
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise ValueError(
            f"{folder}/config.json is missing {key!r} or has an invalid one ({value!r}); "
            "download the model again"
        )
    return value


def _gelu(folder: Path, config: Mapping[str, Any], key: str) -> Literal["exact", "tanh"]:
    name = config.get(key)
    if not isinstance(name, str) or name not in GELU:
        raise ValueError(
            f"{folder} was made with {key}={name!r}, which our stack cannot do; give a model with "
            f"one of {', '.join(GELU)}"
        )
    return GELU[name]


def _dropout(folder: Path, config: Mapping[str, Any], keys: tuple[str, ...]) -> float:
    """The one rate of a config; our stack has no others."""
    there = [key for key in keys if config.get(key) is not None]
    rates = {key: _number(folder, config, key, int, float) for key in there}
    if len(set(rates.values())) != 1:
        said = ", ".join(f"{key}={rate}" for key, rate in rates.items()) or "no rate of dropout"
        raise ValueError(
            f"{folder}/config.json has {said}, and our stack has one rate for all; give it: "
            "dropout=0.1, or dropout=0.0 for a model that is not trained further"
        )
    return rates.popitem()[1]


def _bert_special(folder: Path, config: Mapping[str, Any], given: SpecialIds | None) -> SpecialIds:
    """The special ids of the vocabulary in the folder, which those given may not contradict."""
    known = given or BERT_SPECIAL_IDS
    if (folder / "vocab.txt").exists() or (folder / "tokenizer.json").exists():
        try:
            known = WordPiece.load(folder).special
        except ValueError as error:
            if given is None:
                raise ValueError(f"{error}; or give special=SpecialIds(...), its ids") from None
    elif given is None:  # English numbers, as far as this vocabulary goes
        known = SpecialIds(*(i if i < config["vocab_size"] else -1 for i in known))
    wrong = [name for name, i in known._asdict().items() if given and getattr(given, name) != i]
    if given and wrong:
        raise ValueError(
            f"the vocabulary of {folder} has {wrong[0]}={getattr(known, wrong[0])}, and special."
            f"{wrong[0]}={getattr(given, wrong[0])} was given; leave special out to take its ids"
        )
    pad = config.get("pad_token_id")
    if pad not in (None, known.pad):
        raise ValueError(
            f"{folder}/config.json has pad_token_id={pad}, and special.pad={known.pad} was "
            "given or is that of its vocabulary; give the special ids that it was trained with"
        )
    return known


def _gpt2_special(folder: Path, config: Mapping[str, Any], given: SpecialIds | None) -> SpecialIds:
    if given is not None:
        return given
    begin, end, pad = (
        i if isinstance(i, int) and i < config["vocab_size"] else -1
        for i in (config.get(f"{kind}_token_id") for kind in ("bos", "eos", "pad"))
    )
    if (folder / "vocab.json").exists() or (folder / "tokenizer.json").exists():
        try:
            known = BPE.load(folder).special
        except ValueError as error:
            raise ValueError(f"{error}; or give special=SpecialIds(...), its ids") from None
        if known.sep >= 0:
            begin = end = known.sep
    return SpecialIds(pad=-1 if pad in (begin, end) else pad, unk=-1, cls=begin, sep=end, mask=-1)


def _drop_copies(
    model: BERT | GPT, folder: Path, tensors: dict[str, Tensor], copies: Mapping[str, str]
) -> None:
    """Take tied weights out that a file holds twice, if the head reads them as one."""
    reads_table = any(hasattr(part, "table") for part in model.head.modules())
    for copy, original in copies.items():
        x = tensors.pop(copy, None)
        if x is None or not reads_table:
            continue
        if not x.equal(tensors.setdefault(original, x)):
            raise ValueError(
                f"{folder}: {copy} differs from {original}, and our heads have only one"
            )


def _fill(
    model: Model,
    folder: Path,
    tensors: Mapping[str, Tensor],
    stack: Mapping[str, str],
    buffers: str,
    new_head: bool,
) -> Model:
    """Copy the tensors of a folder into a model, each parameter by the first name that is there."""
    layers = hf_names.head_layers(model.head)
    layers |= {ours: (theirs,) for ours, theirs in stack.items()}
    theirs = {}
    for ours, _ in model.named_parameters():
        layer, _, what = ours.rpartition(".")
        options = [f"{name}.{what}" for name in layers.get(layer, (layer,))]
        theirs[ours] = next((name for name in options if name in tensors), options[0])
    absent = {o: t for o, t in theirs.items() if o.startswith("head.") and t not in tensors}
    if absent and not new_head:
        raise ValueError(
            f"{folder} has no weights for {type(model.head).__name__} "
            f"({', '.join(absent.values())}); take the head that it was trained with, or "
            "new_head=True to train this one"
        )
    theirs = {o: t for o, t in theirs.items() if o not in absent}
    others = hf_names.all_head_layers()
    extra = [
        name
        for name in tensors
        if name not in theirs.values()
        and name.rpartition(".")[0] not in others
        and not re.fullmatch(buffers, name)
    ]
    copy_weights(model, theirs, tensors, extra, folder)
    return model.eval()
