"""Our own models, saved and loaded: weights, config and hash."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from safetensors.torch import save_file
from torch import nn

from bertgpt.bert import BERT
from bertgpt.config import SpecialIds, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.tokens.files import read_json
from bertgpt.transformer import Transformer
from bertgpt.weights.files import WEIGHTS, copy_weights, digest, read_tensors

Model = TypeVar("Model", BERT, GPT)
RECORD = "bertgpt.json"
WRAPPERS = ("_orig_mod", "module")  # what torch.compile and DataParallel call the model inside


def save(model: nn.Module, folder: str | Path) -> None:
    """Write a model of ours: model.safetensors, and bertgpt.json with config and hash.

    Of a model that is compiled or spread over devices the model inside is written.

    Raises:
        ValueError: if it is neither BERT nor GPT.

    >>> import tempfile
    >>> from bertgpt.config import tiny
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(GPT(tiny(61)), folder)
    ...     load(GPT, folder).stack.cfg == tiny(61)
    True
    """
    model = unwrapped(model)
    if not isinstance(model, BERT | GPT):
        raise ValueError(
            f"expected a BERT or a GPT, got a {type(model).__name__}; for other models there is "
            "safetensors.torch.save_model"
        )
    stack = unwrapped(model.stack)
    assert isinstance(stack, Transformer)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    # A stack or a head may have been compiled by itself.
    names = {name.replace("_orig_mod.", ""): p for name, p in model.named_parameters()}
    save_file({name: p.detach().cpu().contiguous() for name, p in names.items()}, folder / WEIGHTS)
    record = {
        "model": type(model).__name__,
        "head": type(unwrapped(model.head)).__name__,
        "config": asdict(stack.cfg),
        "special": model.special._asdict(),
        "sha256": digest(folder / WEIGHTS),
    }
    (folder / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load(
    kind: type[Model],
    folder: str | Path,
    head: Callable[[Transformer], nn.Module] | None = None,
) -> Model:
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
            "sha256 differ): it is damaged, or of another model; copy both files again"
        )
    try:
        cfg, special = TransformerConfig(**record["config"]), SpecialIds(**record["special"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{folder / RECORD} is damaged ({error}); copy it again") from None
    model = kind(cfg, special) if head is None else kind(cfg, special, head)
    made = f"{type(model).__name__} with {type(model.head).__name__}"
    if made != (saved := f"{record.get('model')} with {record.get('head')}"):
        raise ValueError(f"{folder} holds a {saved}, and a {made} was asked for; name that one")
    tensors = read_tensors(folder)
    names = {name: name for name, _ in model.named_parameters()}
    copy_weights(model, names, tensors, tensors.keys() - names.keys(), folder)
    return model.eval()


def unwrapped(model: nn.Module) -> nn.Module:
    """The model inside what `torch.compile`, DataParallel or DistributedDataParallel made of it."""
    while True:
        inside = [getattr(model, name, None) for name in WRAPPERS]
        if not (modules := [x for x in inside if isinstance(x, nn.Module)]):
            return model
        model = modules[0]
