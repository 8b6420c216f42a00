"""Reading weights from disk, strictly.

All are safetensors, which hold names and numbers and nothing else, so reading a file runs no
program. A file of any other format is refused.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from bertgpt.tokens.files import read_json

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def fetch(source: str | Path) -> Path:
    """The folder of a published model; a name without a folder here is fetched from the hub.

    Raises:
        ValueError: if there is neither.
    """
    if (folder := Path(source)).is_dir():
        return folder
    if isinstance(source, Path) or not re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", source):
        raise ValueError(f"there is no folder {source}; give one with config.json and {WEIGHTS}")
    try:
        from huggingface_hub import snapshot_download

        kept = ["config.json", "model*.safetensors", INDEX, "vocab.*", "merges.txt"]
        kept += ["tokenizer*", "added_tokens.json", "special_tokens_map.json"]
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


def read_tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of a folder, from one file or from the parts that an index names.

    Raises:
        ValueError: if a file is missing, damaged, or there in another format only.
    """
    files = [WEIGHTS]
    if not (folder / WEIGHTS).exists() and (folder / INDEX).exists():
        files = _parts(folder / INDEX)
    tensors: dict[str, Tensor] = {}
    for name in files:
        if not (path := folder / Path(name).name).is_file():
            if (folder / "pytorch_model.bin").exists():
                raise ValueError(
                    f"{folder} has pytorch_model.bin and no {name}: reading such a file can run a "
                    "program hidden in it, so we do not; download the model's safetensors"
                )
            raise ValueError(f"{folder} has no {name}; download the model again, all of its files")
        try:
            tensors |= load_file(path)
        except SafetensorError as error:
            raise ValueError(
                f"{path} is cut short or damaged ({error}); download it again"
            ) from None
    return tensors


def _parts(index: Path) -> list[str]:
    """The files that an index names."""
    table = read_json(index).get("weight_map")
    if not isinstance(table, dict) or not all(isinstance(part, str) for part in table.values()):
        raise ValueError(
            f"{index} has weight_map={table!r:.80}, expected a table of tensors and the files that "
            "hold them; download it again"
        )
    return sorted(set(table.values()))


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
        listed = "; ".join(
            f"{what}: {_first_five(items)}" for what, items in problems.items() if items
        )
        raise ValueError(
            f"{folder} does not fit this {type(model).__name__}; {listed}; give the files of one "
            "model, all of them"
        )
    for ours, name in theirs.items():
        parameters[ours].data.copy_(tensors[name])


def _first_five(items: list[str]) -> str:
    more = f" and {len(items) - 5} more" if len(items) > 5 else ""
    return ", ".join(items[:5]) + more


def digest(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
