"""Files of a tokenizer, read and written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertgpt.tokens.added import AddedToken

WHOLE, CONFIG = "tokenizer.json", "tokenizer_config.json"
NAMES, ADDED = "special_tokens_map.json", "added_tokens.json"
_NAMED = {str: "a text", int: "a whole number", bool: "true or false"}  # kinds of JSON


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
    """tokenizer_config.json with what special_tokens_map.json adds; {} where there is neither.

    Where both name a token, the map decides, as in `transformers`; but a config that lists the
    added tokens is newer than the map, and then the config does.
    """
    config, names = (
        read_json(folder / name) if (folder / name).exists() else {} for name in (CONFIG, NAMES)
    )
    return names | config if "added_tokens_decoder" in config else config | names


def read_added(
    folder: Path, config: Mapping[str, Any], whole: Mapping[str, Any] | None
) -> tuple[dict[str, int], list[AddedToken]]:
    """Tokens that were added to a vocabulary: their ids, and how each is looked for.

    They are in tokenizer.json, or else in tokenizer_config.json and added_tokens.json.

    Raises:
        ValueError: if one of these lists is damaged; the file and the field are named.
    """
    if whole is not None:
        where, given = f"{folder / WHOLE}: added_tokens", whole.get("added_tokens") or []
        if not isinstance(given, list):
            raise _damaged(where, given, "a list of tokens")
        found = [_added_token(where, entry) for entry in given]
    else:
        found = _added_beside(folder, config)
    return {token.content: i for i, token in found}, [token for _, token in found]


def _added_beside(folder: Path, config: Mapping[str, Any]) -> list[tuple[int, AddedToken]]:
    """Ids and tokens that were added to a vocabulary in a file of its own."""
    where, decoder = f"{folder / CONFIG}: added_tokens_decoder", config.get("added_tokens_decoder")
    if not isinstance(decoder or {}, dict):
        raise _damaged(where, decoder, "a table of ids and tokens")
    found = [_added_token(where, _with_id(i, entry)) for i, entry in (decoder or {}).items()]
    known = {token.content for _, token in found}
    special = _contents(folder, config.get("additional_special_tokens") or [])
    path = folder / ADDED
    for content, i in (read_json(path) if path.exists() else {}).items():
        if content not in known:
            flags = {"special": content in special, "normalized": content not in special}
            found.append(_added_token(str(path), {"content": content, "id": i, **flags}))
    return found


def _with_id(i: str, entry: Any) -> Any:
    """An entry of a table together with its key, which in JSON is a text even if it is an id."""
    number = int(i) if i.isdecimal() else i
    return {**entry, "id": number} if isinstance(entry, dict) else {i: entry}


def _contents(folder: Path, given: Any) -> set[str]:
    """How special tokens are written: each is named by its text, or by a table that holds it."""
    listed = given if isinstance(given, list) else [None]
    found = [token.get("content") if isinstance(token, dict) else token for token in listed]
    contents = [content for content in found if isinstance(content, str)]
    if len(contents) < len(found):
        where = f"{folder / CONFIG} or {NAMES}: additional_special_tokens"
        raise _damaged(where, given, "a list of tokens")
    return set(contents)


def _added_token(where: str, entry: Any) -> tuple[int, AddedToken]:
    """The id and the token of an entry in a list of added tokens."""
    fields = entry if isinstance(entry, dict) else {}
    content, *flags = AddedToken._fields
    kinds = {content: str, "id": int, **{flag: bool for flag in flags if flag in fields}}
    if wrong := [key for key, kind in kinds.items() if not isinstance(fields.get(key), kind)]:
        told = f"an entry whose {wrong[0]} is {_NAMED[kinds[wrong[0]]]}"
        raise _damaged(where, entry, told)
    kept = {key: fields[key] for key in AddedToken._fields if key in fields}
    return fields["id"], AddedToken(**kept)


def _damaged(where: str, given: Any, expected: str) -> ValueError:
    told = json.dumps(given, ensure_ascii=False)
    return ValueError(f"{where}: got {told:.200}, expected {expected}; download the file again")


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
    whole = all(isinstance(i, int) for i in ids.values())
    if not whole or set(ids.values()) != set(range(len(ids))):
        raise ValueError(
            f"{source}: the ids of its {len(ids)} tokens are not 0 to {len(ids) - 1}, each once; "
            "download it again"
        )
    return sorted(ids, key=ids.__getitem__)
