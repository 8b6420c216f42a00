"""WordPiece: how a text is cleaned, the longest piece first, files, bad input."""

import json
import re
from pathlib import Path

import pytest

from bertgpt.config import BERT_SPECIAL_IDS, SpecialIds
from bertgpt.corpora import wikipedia
from bertgpt.tokens.added import AddedToken
from bertgpt.tokens.cleaning import Cleaning
from bertgpt.tokens.settings import SPECIALS
from bertgpt.tokens.wordpiece import WordPiece


@pytest.fixture(scope="module")
def wordpiece() -> WordPiece:
    return WordPiece.train([document.text for document in wikipedia().documents[:20]], 1500)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", "hello|,|world|!"),
        ("Ünïcödé Ångström", "unicode|angstrom"),
        ("e\u0301 \u0301x", "e|x"),  # accents of their own go as well
        ("İstanbul ẞ ŉ Ǆ", "istanbul|ß|ŉ|ǆ"),
        ("ΟΔΟΣ", "οδοσ"),  # letter by letter: no final sigma
        ("a\tb\nc\rd\u00a0e\u2003f\u2028g\u3000h", "a|b|c|d|e|f|g|h"),
        ("a\x00b\ufffdc\x07d\x1ce\x85f\u200dg\u00adh\ufeffi\ue000j", "abcdefghij"),
        ("$5+x^2=`y|~", "$|5|+|x|^|2|=|`|y|||~"),
        ("don't -- well-known… «so» ¿qué?", "don|'|t|-|-|well|-|known|…|«|so|»|¿|que|?"),
        ("£ € ° © ™ ½", "£|€|°|©|™|½"),  # symbols are no punctuation
        ("我爱AI人工", "我|爱|ai|人|工"),
        ("日本のテスト", "日|本|のテスト"),
        ("\ud55c", "\u1112\u1161\u11ab"),  # Korean syllables come apart into letters
        ("\U00020000x\U0002f800", "\U00020000|x|丽"),
        ("\u037e \u1fef \u226e", ";|`|<"),  # marks that come apart into ASCII ones
        ("👨‍👩‍👧👍🏽", "👨👩👧👍🏽"),
        ("", ""),
    ],
)  # fmt: skip
def test_how_a_text_is_cleaned(text: str, words: str) -> None:
    found = text.translate(Cleaning(lower=True)).split()
    assert "|".join(found) == words


def test_a_cased_vocabulary_keeps_capitals_and_accents() -> None:
    assert "Élan, vital\u0301".translate(Cleaning(lower=False)).split() == [
        "Élan",
        ",",
        "vital\u0301",
    ]
    assert "A\u0000B 猫".translate(Cleaning(lower=False)).split() == ["AB", "猫"]


def test_the_longest_piece_first() -> None:
    pieces = ["[UNK]", "un", "##aff", "##able", "##affab", "##le", "una", "##ffable", "x", "##"]
    wordpiece = WordPiece(pieces)
    for word, cut in (
        ("unaffable", ["una", "##ffable"]),
        ("unable", ["[UNK]"]),  # 'una' leaves 'ble': no way back, though 'un' '##able' exists
        ("unx", ["[UNK]"]),
        ("x unaffable", ["x", "una", "##ffable"]),
        ("#", ["[UNK]"]),
    ):
        assert wordpiece.tokens_of(wordpiece.encode(word)) == cut


def test_long_words_are_unknown() -> None:
    wordpiece = WordPiece(["[UNK]", "a", "##a"])
    assert wordpiece.encode("a" * 100) == [1, *[2] * 99]
    assert wordpiece.encode("a" * 101) == [0]
    assert wordpiece.encode("a" * 101 + " a") == [0, 1]
    assert wordpiece.encode(" " * 100_000) == []
    assert WordPiece(["[UNK]", "a" * 101]).encode("a" * 101) == [0]


def test_numbers_of_special_tokens(wordpiece: WordPiece) -> None:
    assert wordpiece.special == SpecialIds() == (0, 1, 2, 3, 4)
    assert wordpiece.tokens[:5] == SPECIALS
    published = [f"[unused{i}]" for i in range(1, 100)]
    published = ["[PAD]", *published, "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]
    assert WordPiece(published).special == BERT_SPECIAL_IDS
    assert WordPiece(["[UNK]", "[SEP]"]).special == (-1, 0, -1, 1, -1)


def test_numbers_run_from_special_to_joined(wordpiece: WordPiece) -> None:
    def kind(token: str) -> int:
        bare = token.removeprefix("##")
        return 0 if token in SPECIALS else 3 if len(bare) > 1 else 1 if bare == token else 2

    kinds = list(map(kind, wordpiece.tokens))
    first_joined = kinds.index(3)
    assert kinds[:first_joined] == sorted(kinds[:first_joined])
    assert set(kinds[:first_joined]) == {0, 1, 2}
    assert wordpiece.tokens[first_joined : first_joined + 2] == ("th", "##er")


def test_special_tokens_are_read_only_on_demand(wordpiece: WordPiece) -> None:
    text = "The [MASK] sat"
    assert 4 not in wordpiece.encode(text)
    assert wordpiece.encode("[MASK]") != [4]  # nor where it is the whole text
    assert len(wordpiece.spans("[MASK]")) == len(wordpiece.encode("[MASK]"))
    the, sat = wordpiece.encode("the"), wordpiece.encode("sat")
    assert wordpiece.encode(text, specials=True) == [*the, 4, *sat]
    assert wordpiece.spans(text, specials=True)[len(the)] == (4, 10)
    assert wordpiece.spans(text, specials=True)[-1][1] == len(text)


@pytest.mark.parametrize("written", [("<B>", "<b>"), ("<b>", "<B>")])
def test_of_two_tokens_that_are_cleaned_alike_the_first_is_found(written: tuple[str, str]) -> None:
    """`tokenizers` finds now the one, now the other."""
    added = [AddedToken(token, special=False, normalized=True) for token in written]
    wordpiece = WordPiece(["[UNK]", *written], added=added)
    assert wordpiece.encode("<b>") == wordpiece.encode("<B>") == [1]


def test_spans_point_into_the_text_as_it_was(wordpiece: WordPiece) -> None:
    text = " The\x00 Ünïcode, naïve\u0301 \ufb01sh 猫\n"
    words = [text[begin:end] for begin, end in wordpiece.spans(text)]
    found = wordpiece.tokens_of(wordpiece.encode(text))
    assert len(words) == len(found)
    assert words[0] == "The"
    assert words[-1] == "猫"
    assert "".join(words) == "TheÜnïcode,naïve\ufb01sh猫"


def test_decoding(wordpiece: WordPiece) -> None:
    assert wordpiece.decode(wordpiece.encode("Abraham Lincoln's Gettysburg")) == "abraham lincoln ' s gettysburg"  # fmt: skip  # noqa: E501
    assert wordpiece.decode([]) == ""
    for strange in (-1, 1500):
        with pytest.raises(ValueError, match=rf"no token has the id {strange}; .* 0 to 1499"):
            wordpiece.decode([strange])


def test_training_is_the_same_each_time_and_takes_the_case(wordpiece: WordPiece) -> None:
    text = wikipedia().documents[1].text
    assert WordPiece.train(text, 300).tokens == WordPiece.train([text], 300).tokens
    cased = WordPiece.train(text, 300, lower=False)
    assert "T" in cased.tokens
    assert "T" not in WordPiece.train(text, 300).tokens
    assert not cased.lower
    assert len(WordPiece.train("ab ab", 100)) == 5 + 2 + 1 + 1  # a, b, ##b, ab
    assert len(WordPiece.train("ab ab", 100, min_count=3)) == 8


@pytest.mark.parametrize("lower", [True, False])
def test_saved_and_loaded(lower: bool, tmp_path: Path) -> None:
    text = "Señor 猫 \u2028 don't \x85 Δ"
    wordpiece = WordPiece.train([wikipedia().documents[2].text, text * 2], 900, lower=lower)
    wordpiece.save(tmp_path / "new" / "folder")
    again = WordPiece.load(tmp_path / "new" / "folder")
    assert again.tokens == wordpiece.tokens
    assert again.lower == lower
    assert again.encode(text) == wordpiece.encode(text)


def test_what_training_and_encoding_refuse(wordpiece: WordPiece) -> None:
    for empty in ("", [], [" \n", "\x00"]):
        with pytest.raises(ValueError, match=r"texts are empty.*give some text"):
            WordPiece.train(empty, 300)
    with pytest.raises(ValueError, match=r"vocab_size=7 is less than the 8 tokens to begin with"):
        WordPiece.train("ab", 7)
    for given in ("ok\ud83d", "\udc80"):
        with pytest.raises(ValueError, match="lone surrogate: half a character"):
            wordpiece.encode(given)
        with pytest.raises(ValueError, match="lone surrogate: half a character"):
            WordPiece.train(given, 300)


def test_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"neither vocab.txt nor tokenizer.json; give the folder"):
        WordPiece.load(tmp_path)
    file = tmp_path / "vocab.txt"
    file.write_text("[UNK]\na\na\n")
    with pytest.raises(ValueError, match="token 'a' has two ids"):
        WordPiece.load(tmp_path)
    file.write_text("a\nb\n")
    with pytest.raises(ValueError, match=r"none of the 2 tokens is '\[UNK\]'.*add it"):
        WordPiece.load(tmp_path)
    file.write_bytes(b"[UNK]\n\xff\n")
    with pytest.raises(
        ValueError, match=r"vocab.txt is damaged \('utf-8' codec.*download it again"
    ):
        WordPiece.load(tmp_path)
    file.write_text("[UNK]\na")  # without the last line's end
    assert WordPiece.load(tmp_path).tokens == ("[UNK]", "a")
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(ValueError, match=r"tokenizer_config.json is damaged"):
        WordPiece.load(tmp_path)


def whole_file(vocab: dict[str, int] | list[str], **changes: object) -> dict[str, object]:
    """tokenizer.json of a BERT."""
    model = {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocab}
    normalizer = {"type": "BertNormalizer", "lowercase": True, "clean_text": True}
    whole = {"model": model, "pre_tokenizer": {"type": "BertPreTokenizer"}, "added_tokens": []}
    return {**whole, "normalizer": normalizer, **changes}


def test_foreign_files(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    for whole, told in (
        ({"model": {"type": "BPE"}}, "tokenizer.json holds a BPE tokenizer, expected WordPiece"),
        ({"model": {"type": "WordPiece"}}, "has a model without a vocabulary"),
        (whole_file(["[UNK]", "a"]), "has a model without a vocabulary, a table of tokens and ids"),
        (whole_file({"[UNK]": 1}), "0 to 0, each once"),
    ):
        file.write_text(json.dumps(whole))
        with pytest.raises(ValueError, match=told):
            WordPiece.load(tmp_path)


@pytest.mark.parametrize("longest", [None, "100", 2.5, -1, True, [100]])
def test_the_longest_word_is_checked_when_it_is_read(longest: object, tmp_path: Path) -> None:
    key = "max_input_chars_per_word"
    told = (
        rf"json has {key}={re.escape(json.dumps(longest))}, expected a whole number from 0 up; del"
    )
    (tmp_path / "vocab.txt").write_text("[UNK]\na\n")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({key: longest}))
    with pytest.raises(ValueError, match=r"tokenizer_config\." + told):
        WordPiece.load(tmp_path)
    whole = whole_file({"[UNK]": 0, "a": 1})
    whole["model"][key] = longest  # type: ignore[index]
    (tmp_path / "tokenizer.json").write_text(json.dumps(whole))
    with pytest.raises(ValueError, match=r"tokenizer\." + told):
        WordPiece.load(tmp_path)
