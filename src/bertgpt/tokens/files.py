"""Files of a tokenizer, read and written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertgpt.tokens.added import AddedToken

WHOLE, CONFIG = "tokenizer.json", "tokenizer_config.json"


def read_json(path: Path) -> dict[str, Any]:
    """Contents of a JSON file that holds an object.

    Raises:
        ValueError: if it is missing or damaged.
    """
    try:
        return dict(json.loads(path.read_text("utf-8-sig")))
    except FileNotFoundError:
        raise ValueError(f"{path.parent} has no {path.name}; give the folder of a model") from None
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); download it again") from None


def read_lines(path: Path) -> list[str]:
    """Lines of a text file; a byte order mark at its beginning is not part of the first.

    Raises:
        ValueError: if it is not UTF-8.
    """
    try:
        return path.read_text("utf-8-sig").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is damaged ({error}); download it again") from None


def read_whole(folder: Path, kind: str) -> dict[str, Any]:
    """tokenizer.json, if it is one of this kind: "BPE" or "WordPiece".

    Raises:
        ValueError: if it is damaged, or of another kind.
    """
    path = folder / WHOLE
    whole = read_json(path)
    model = whole.get("model")
    if not isinstance(model, dict):
        raise ValueError(f"{path} has no model of a tokenizer; download it again")
    if model.get("type", kind) != kind:
        raise ValueError(f"{path} holds a {model['type']} tokenizer, expected {kind}")
    if not isinstance(model.get("vocab"), dict):  # a list in Unigram, which may leave its type out
        raise ValueError(
            f"{path} has a model without a vocabulary, a table of tokens and ids; download it again"
        )
    return whole


def read_config(folder: Path) -> dict[str, Any]:
    """tokenizer_config.json with what special_tokens_map.json adds; {} where there is neither."""
    config: dict[str, Any] = {}
    for name in ("special_tokens_map.json", CONFIG):
        if (folder / name).exists():
            config |= read_json(folder / name)
    return config


def read_added(
    folder: Path, config: Mapping[str, Any], whole: Mapping[str, Any] | None
) -> tuple[dict[str, int], list[AddedToken]]:
    """Tokens that were added to a vocabulary: their ids, and how each is looked for.

    They are in tokenizer.json, or else in tokenizer_config.json and added_tokens.json.
    """
    entries = [dict(entry) for entry in (whole or {}).get("added_tokens") or []]
    if whole is None:
        decoder = config.get("added_tokens_decoder") or {}
        entries = [dict(entry) | {"id": int(i)} for i, entry in decoder.items()]
        path = folder / "added_tokens.json"
        known = {entry["content"] for entry in entries}
        special = set(config.get("additional_special_tokens") or [])
        for content, i in (read_json(path) if path.exists() else {}).items():
            if content not in known:
                flags = {"special": content in special, "normalized": content not in special}
                entries.append({"content": content, "id": i, **flags})
    fields = AddedToken._fields
    try:
        ids = {entry["content"]: int(entry["id"]) for entry in entries}
        added = [AddedToken(**{k: v for k, v in e.items() if k in fields}) for e in entries]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder} has a damaged list of added tokens ({error})") from None
    return ids, added


def make_folder(folder: str | Path) -> Path:
    """A folder to write a tokenizer to, made if it is missing.

    Raises:
        ValueError: if it holds a tokenizer.json, which `load` reads before other files.
    """
    folder = Path(folder)
    if (folder / WHOLE).exists():
        raise ValueError(
            f"{folder} holds the {WHOLE} of another tokenizer, which would be read in place of "
            "this one; give a new folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_config(
    folder: Path,
    config: Mapping[str, Any],
    added: Mapping[str, AddedToken],
    ids: Mapping[str, int],
) -> None:
    """Write tokenizer_config.json, with the tokens that were added."""
    decoder = {str(ids[content]): token._asdict() for content, token in added.items()}
    text = json.dumps({**config, "added_tokens_decoder": decoder}, ensure_ascii=False, indent=1)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def in_order(ids: Mapping[str, int], source: Path) -> list[str]:
    """Tokens in the order of their ids.

    Raises:
        ValueError: if the ids are not 0, 1, 2, ...
    """
    if set(ids.values()) != set(range(len(ids))):
        raise ValueError(
            f"{source}: the ids of its {len(ids)} tokens are not 0 to {len(ids) - 1}, each once; "
            "download it again"
        )
    return sorted(ids, key=ids.__getitem__)
