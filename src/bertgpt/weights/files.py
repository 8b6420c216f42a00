"""Reading weights from disk, strictly.

All are safetensors: names and numbers and nothing else, so that reading a file runs no program. A
file of any other format is refused.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def fetch(source: str | Path) -> Path:
    """The folder of a published model; a name that is no folder here is fetched from the hub.

    Raises:
        ValueError: if there is neither.
    """
    if (folder := Path(source)).is_dir():
        return folder
    if isinstance(source, Path) or not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", source):
        raise ValueError(f"there is no folder {source}; give one with config.json and {WEIGHTS}")
    try:
        from huggingface_hub import snapshot_download

        kept = ["config.json", "model*.safetensors", INDEX, "vocab.*", "merges.txt", "tokenizer*"]
        return Path(snapshot_download(source, allow_patterns=kept))
    except ImportError as error:
        raise ValueError(
            f"there is no folder {source}, and to fetch that name from the hub huggingface_hub is "
            'needed: pip install "bertgpt[online]"'
        ) from error
    except Exception as error:  # offline, unknown, not public: each has its own class there
        raise ValueError(
            f"there is no folder {source}, and the hub did not give that name "
            f"({type(error).__name__}); offline, give a folder that save_pretrained wrote"
        ) from error


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file says.

    Raises:
        ValueError: if it is missing or damaged.
    """
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise ValueError(f"{path.parent} has no {path.name}; give the folder of a model") from None
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); get it anew") from None


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, from one file or from the parts that an index names.

    Raises:
        ValueError: if a file is missing, damaged, or there in another format only.
    """
    files = [WEIGHTS]
    if not (folder / WEIGHTS).exists() and (folder / INDEX).exists():
        files = sorted(set(read_json(folder / INDEX).get("weight_map", {}).values()))
    tensors: dict[str, Tensor] = {}
    for name in files:
        if not (path := folder / Path(name).name).exists():
            if (folder / "pytorch_model.bin").exists():
                raise ValueError(
                    f"{folder} has pytorch_model.bin and no {name}: to read such a file can run a "
                    "program that somebody hid in it, so we do not; get the model's safetensors"
                )
            raise ValueError(f"{folder} has no {name}; get the model anew, all of its files")
        try:
            tensors |= load_file(path)
        except SafetensorError as error:
            raise ValueError(f"{path} is cut short or damaged ({error}); get it anew") from None
    return tensors


def copy_weights(
    model: nn.Module,
    theirs: Mapping[str, str],
    tensors: Mapping[str, Tensor],
    extra: Iterable[str],
    folder: Path,
) -> None:
    """Copy tensors into parameters, strictly.

    Args:
        theirs: names of parameters -> names of tensors.
        extra: names of tensors that have no place.
        folder: for the message.
    Raises:
        ValueError: naming what is missing, unknown or misshapen; then nothing was changed.
    """
    parameters = dict(model.named_parameters())
    missing = [name for name in theirs.values() if name not in tensors]
    misshapen = []
    for ours, name in theirs.items():
        want, x = tuple(parameters[ours].shape), tensors.get(name)
        if x is not None and (tuple(x.shape) != want or not x.is_floating_point()):
            misshapen.append(f"{name} is {tuple(x.shape)} of {x.dtype}, not {want} of floats")
    problems = {"missing": missing, "unknown": sorted(extra), "misshapen": misshapen}
    if any(problems.values()):
        told = "; ".join(
            f"{what}: {', '.join(items[:5])}" + f" and {len(items) - 5} more" * (len(items) > 5)
            for what, items in problems.items()
            if items
        )
        raise ValueError(f"{folder} does not fit this {type(model).__name__}; {told}; get it anew")
    for ours, name in theirs.items():
        parameters[ours].data.copy_(tensors[name])


def digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
