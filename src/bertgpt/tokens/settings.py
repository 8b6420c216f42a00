"""Settings in the files of a tokenizer: those that change tokens are obeyed, or refused by name."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bertgpt.tokens.files import CONFIG, WHOLE
from bertgpt.tokens.splitting import GPT2_PATTERN

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # as the fields of SpecialIds
PREFIX = "##"  # of a piece that does not begin its word
LONGEST = 100  # characters of a word; a longer one is unknown
# Tokenizers of `transformers` that read vocab.json and merges.txt as GPT-2's does.
BPE_CLASSES = ("GPT2", "CodeGen")
# Tokenizers of `transformers` that read vocab.txt as BERT's does.
WORDPIECE_CLASSES = ("Bert", "DistilBert", "Electra", "MobileBert", "LayoutLM", "RetriBert")


def bpe_config(folder: Path, config: Mapping[str, Any]) -> bool:
    """Whether tokenizer_config.json wants a space before a text (beside vocab.json, merges.txt)."""
    name = str(config.get("tokenizer_class") or "GPT2Tokenizer")
    if name.removesuffix("Fast").removesuffix("Tokenizer") not in BPE_CLASSES:
        refuse(folder, "tokenizer_class", name, "GPT2Tokenizer or a tokenizer.json")
    return bool(config.get("add_prefix_space", False))


def bpe_settings(folder: Path, whole: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether tokenizer.json wants a space before a text; what else it wants is refused."""
    model, normalizer = whole["model"], only(whole.get("normalizer"))
    for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"):
        if model.get(key):
            refuse(folder, f"model.{key}", model[key], f"none: {key}=null")
    if model.get("ignore_merges"):
        refuse(folder, "model.ignore_merges", True, "ignore_merges=false")
    if normalizer is not None:
        refuse(folder, "the normalizer", normalizer, "none, like GPT-2's")
    pre = only(whole.get("pre_tokenizer"))
    steps = pre.get("pretokenizers", []) if isinstance(pre, dict) else []
    if [step.get("type") for step in steps] == ["Split", "ByteLevel"]:
        # GPT-2's own pattern written out before a ByteLevel that does not split.
        split_by, byte_level = steps
        plain = split_by.get("behavior") == "Isolated" and not split_by.get("invert")
        same = plain and split_by.get("pattern") == {"Regex": GPT2_PATTERN}
        if same and not byte_level.get("use_regex", True):
            pre = byte_level | {"use_regex": True}
    byte_level_only = isinstance(pre, dict) and pre.get("type") == "ByteLevel"
    if not byte_level_only or not pre.get("use_regex", True):
        refuse(folder, "the pre_tokenizer", pre, "ByteLevel and its own pattern, as GPT-2's")
    agreed(folder, pre, config, {"add_prefix_space": "add_prefix_space"})
    return bool(pre.get("add_prefix_space", True))  # the default of `tokenizers`


def check_names(folder: Path, config: Mapping[str, Any]) -> None:
    """Refuse settings of tokenizer_config.json that change tokens and that we cannot do."""
    for name in SPECIALS:
        key = f"{name[1:-1].lower()}_token"
        said = config.get(key)
        said = said.get("content") if isinstance(said, dict) else said
        if said not in (None, name):
            refuse(folder, key, said, f"{key}={name!r}")
    if config.get("do_basic_tokenize") is False:
        refuse(folder, "do_basic_tokenize", False, "do_basic_tokenize=true")
    if config.get("never_split"):
        refuse(folder, "never_split", config["never_split"], "no such list")


def wordpiece_config(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """How to clean, as tokenizer_config.json beside a vocab.txt has it."""
    name = str(config.get("tokenizer_class") or "BertTokenizer")
    if name.removesuffix("Fast").removesuffix("Tokenizer") not in WORDPIECE_CLASSES:
        refuse(folder, "tokenizer_class", name, "BertTokenizer or a tokenizer.json")
    return {
        "lower": config.get("do_lower_case", True),
        "strip_accents": config.get("strip_accents"),
        "ideographs": config.get("tokenize_chinese_chars", True),
        "control": config.get("clean_text", True),
        "longest": _longest(folder / CONFIG, config),
    }


def wordpiece_settings(
    folder: Path, whole: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[str, Any]:
    """How to clean, as tokenizer.json has it; what else it wants is refused."""
    model, normalizer = whole["model"], only(whole.get("normalizer"))
    for key, ours in (("unk_token", "[UNK]"), ("continuing_subword_prefix", PREFIX)):
        if model.get(key, ours) != ours:
            refuse(folder, f"model.{key}", model[key], f"{key}={ours!r}")
    pre = only(whole.get("pre_tokenizer"))
    if not isinstance(pre, dict) or pre.get("type") != "BertPreTokenizer":
        refuse(folder, "the pre_tokenizer", pre, "a BertPreTokenizer")
    if normalizer is None:
        normalizer = dict.fromkeys(("lowercase", "handle_chinese_chars", "clean_text"), False)
    elif normalizer.get("type") != "BertNormalizer":
        refuse(folder, "the normalizer", normalizer, "a BertNormalizer")
    agreed(
        folder, normalizer, config,
        {
            "lowercase": "do_lower_case", "strip_accents": "strip_accents",
            "handle_chinese_chars": "tokenize_chinese_chars", "clean_text": "clean_text",
        },
    )  # fmt: skip
    return {
        "lower": normalizer.get("lowercase", True),
        "strip_accents": normalizer.get("strip_accents"),
        "ideographs": normalizer.get("handle_chinese_chars", True),
        "control": normalizer.get("clean_text", True),
        "longest": _longest(folder / WHOLE, model),
    }


def _longest(path: Path, settings: Mapping[str, Any]) -> int:
    """Characters of the longest word that is looked at."""
    key = "max_input_chars_per_word"
    longest = settings.get(key, LONGEST)
    if isinstance(longest, bool) or not isinstance(longest, int) or longest < 0:
        raise ValueError(
            f"{path} has {key}={json.dumps(longest)}, expected a whole number from 0 up; delete "
            f"that line to have {LONGEST}"
        )
    return longest


def only(part: Any) -> Any:
    """The part that a Sequence of one holds; None for a Sequence of none; others as they are."""
    while isinstance(part, dict) and part.get("type") == "Sequence":
        parts = part.get("normalizers") or part.get("pretokenizers") or []
        if len(parts) > 1:
            return part
        part = parts[0] if parts else None
    return part


def refuse(folder: Path, what: str, value: Any, allowed: str) -> None:
    """Raise ValueError: a setting of a tokenizer that ours cannot follow."""
    told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(told) > 200:
        told = told[:200] + "..."
    raise ValueError(
        f"{folder} was made with {what} {told}, which changes tokens and which our tokenizer "
        f"cannot do; give a folder with {allowed}"
    )


def agreed(
    folder: Path, whole: Mapping[str, Any], config: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    """Raise ValueError where tokenizer.json and tokenizer_config.json contradict each other.

    `tokenizers` follows the one, `transformers` the other.

    Args:
        names: what tokenizer.json calls a setting -> what tokenizer_config.json calls it.
    """
    for here, there in names.items():
        a, b = whole.get(here), config.get(there)
        if a is not None and b is not None and a != b:
            raise ValueError(
                f"{folder}: {WHOLE} has {here}={a}, and {CONFIG} has {there}={b}; delete the wrong "
                "one of these lines"
            )
