"""Lists of added tokens in the files of a tokenizer: read as they are, or refused by their name."""

import json
from pathlib import Path
from typing import Any

import pytest

from bertgpt.tokens.added import AddedToken
from bertgpt.tokens.files import in_order, read_added

ENTRY = {"content": "[ENT]", "id": 7, "special": True, "normalized": False}
CONFIG = r"tokenizer_config\.json: added_tokens_decoder"
NAMES = r"special_tokens_map\.json: additional_special_tokens"


def test_added_tokens_in_all_their_forms(tmp_path: Path) -> None:
    entity = AddedToken("[ENT]", normalized=False)
    assert read_added(tmp_path, {}, {"added_tokens": [ENTRY]}) == ({"[ENT]": 7}, [entity])
    table = {"7": {k: v for k, v in ENTRY.items() if k != "id"}}
    assert read_added(tmp_path, {"added_tokens_decoder": table}, None) == ({"[ENT]": 7}, [entity])
    assert read_added(tmp_path, {"added_tokens_decoder": None}, None) == ({}, [])
    assert read_added(tmp_path, {}, {"added_tokens": None}) == ({}, [])


def test_special_tokens_that_are_named_by_a_table(tmp_path: Path) -> None:
    (tmp_path / "added_tokens.json").write_text(json.dumps({"[ENT]": 7, "<e1>": 8, "<e2>": 9}))
    names = ["[ENT]", {"content": "<e1>", "lstrip": False}, "[ENT]"]  # one of them twice
    ids, added = read_added(tmp_path, {"additional_special_tokens": names}, None)
    assert ids == {"[ENT]": 7, "<e1>": 8, "<e2>": 9}
    assert [token.special for token in added] == [True, True, False]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1], CONFIG + r": got \[1\], expected a table of ids and tokens; download"),
        ("7", CONFIG + r': got "7", expected a table of ids'),
        ({"seven": {"content": "a"}}, CONFIG + r'.*"seven"\}, .* whose id is a whole number; down'),
        ({"7": "[ENT]"}, CONFIG + r': got \{"7": "\[ENT\]"\}, .* whose content is a text'),
        ({"7": {"special": True}}, CONFIG + ".* expected an entry whose content is a text"),
        ({"7": {"content": ["a"]}}, CONFIG + ".* expected an entry whose content is a text"),
        ({"7": {"content": "a", "special": "no"}}, CONFIG + ".* whose special is true or false"),
    ],
)
def test_a_damaged_table_of_added_tokens(given: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_added(tmp_path, {"added_tokens_decoder": given}, None)


@pytest.mark.parametrize("given", ["[ENT]", [None], [["[ENT]"]], [{"lstrip": True}], {"a": 1}, 3])
def test_a_damaged_list_of_special_tokens(given: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=NAMES + r": got .*, expected a list of tokens; download"):
        read_added(tmp_path, {"additional_special_tokens": given}, None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": 1}, r'got \{"a": 1\}, expected a list of tokens; download the file again'),
        ("[ENT]", r'got "\[ENT\]", expected a list of tokens'),
        (["[ENT]"], r'got "\[ENT\]", expected an entry whose content is a text'),
        ([[1]], r"got \[1\], expected an entry whose content is a text"),
        ([{"content": "a"}], r'got \{"content": "a"\}, expected an entry whose id is a whole num'),
        ([{**ENTRY, "lstrip": 0}], ".* expected an entry whose lstrip is true or false"),
    ],
)
def test_a_damaged_list_of_added_tokens(given: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tokenizer\.json: added_tokens: " + message):
        read_added(tmp_path, {}, {"added_tokens": given})


def test_a_damaged_file_of_added_tokens(tmp_path: Path) -> None:
    (tmp_path / "added_tokens.json").write_text(json.dumps({"[ENT]": "last"}))
    with pytest.raises(ValueError, match=r"added_tokens\.json: .* whose id is a whole number"):
        read_added(tmp_path, {}, None)


@pytest.mark.parametrize("i", [[1], None, "1", 1.5])
def test_ids_that_are_no_numbers(i: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ids of its 2 tokens are not 0 to 1, each once; download"):
        in_order({"a": 0, "b": i}, tmp_path)
