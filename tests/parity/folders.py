"""Folders of small published models, as `save_pretrained` of `transformers` writes them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from torch import Tensor

V, P, D, L, H, F = 61, 11, 24, 2, 4, 40
WEIGHTS = "model.safetensors"


def published(kind: str, folder: Path, config: dict[str, Any] | None = None, **given: Any) -> Path:
    """One of their classes by its name, with random weights; `given` goes to `save_pretrained`."""
    torch.manual_seed(0)
    if kind.startswith("Bert"):
        sizes = {
            "vocab_size": V, "max_position_embeddings": P, "hidden_size": D,
            "num_hidden_layers": L, "num_attention_heads": H, "intermediate_size": F,
        }  # fmt: skip
        their_config = hf.BertConfig(**{**sizes, **(config or {})})
    else:
        sizes = {
            "vocab_size": V, "n_positions": P, "n_embd": D, "n_layer": L, "n_head": H,
            "n_inner": F, "bos_token_id": 1, "eos_token_id": 2,
        }  # fmt: skip
        their_config = hf.GPT2Config(**{**sizes, **(config or {})})
    model = getattr(hf, kind)(their_config)
    g = torch.Generator().manual_seed(3)
    with torch.no_grad():  # so that no default of 0 or 1 hides a weight that was not read
        for p in model.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=g))
    model.eval().save_pretrained(folder, **given)
    return folder


def edit(folder: Path, change: Callable[[dict[str, Tensor]], Any]) -> None:
    """Change the tensors of a folder by hand."""
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    tensors = {name: x.contiguous().clone() for name, x in tensors.items()}
    save_file(tensors, folder / WEIGHTS)


def configure(folder: Path, **changes: Any) -> Path:
    """Change config.json by hand; None takes a key away."""
    path = folder / "config.json"
    config = {**json.loads(path.read_text()), **changes}
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))
    return folder
