"""Byte-level BPE: merges as the definition has them, bytes that come back, files, bad input."""

import json
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from bertgpt.corpora import wikipedia
from bertgpt.tokens.bpe import BPE, END_OF_TEXT, byte_alphabet
from bertgpt.tokens.pair_merging import join, learn_by_recounting, learn_merges
from bertgpt.tokens.splitting import split
from bertgpt.tokens.wordpiece import WordPiece

LETTERS = byte_alphabet()
BYTES = sorted(LETTERS)
ALL = "".join(chr(code) for code in range(0, 0x3000) if not 0xD800 <= code < 0xE000)


@pytest.fixture(scope="module")
def bpe() -> BPE:
    return BPE.train([document.text for document in wikipedia().documents[:20]], 1500)


def by_definition(words: dict[str, int], symbols: list[str], size: int, least: int = 1):
    """Count all pairs anew for each merge; ties go to the pair of lower numbers."""
    tokens, merges = list(symbols), []
    cut = [(list(word), many) for word, many in words.items()]
    while len(tokens) < size:
        counts: Counter[tuple[str, str]] = Counter()
        for pieces, many in cut:
            for pair in pairwise(pieces):
                counts[pair] += many
        if not counts:
            break
        key = {token: i for i, token in enumerate(tokens)}
        (a, b), most = min(counts.items(), key=lambda c: (-c[1], key[c[0][0]], key[c[0][1]]))
        if most < least:
            break
        tokens.append(a + b)
        merges.append((a, b))
        for pieces, _ in cut:
            i = 0
            while i + 1 < len(pieces):
                if pieces[i] == a and pieces[i + 1] == b:
                    pieces[i : i + 2] = [a + b]
                i += 1
    return tuple(tokens), tuple(merges)


@pytest.mark.parametrize("seed", range(12))
def test_merges_are_those_of_the_definition(seed: int) -> None:
    draw = random.Random(seed)
    letters = "abcd"[: draw.randint(2, 4)]
    words = {
        "".join(draw.choices(letters, k=draw.randint(1, 9))): draw.randint(1, 5) for _ in range(30)
    }
    for size, least in ((9, 1), (60, 1), (60, 4)):
        found = learn_merges(words, list(letters), size, min_count=least)
        assert (found.tokens, found.merges) == by_definition(words, list(letters), size, least)


@pytest.mark.parametrize("seed", range(6))
def test_the_learner_that_counts_once_finds_the_merges_of_the_plain_one(seed: int) -> None:
    draw = random.Random(seed)
    if seed % 2:
        words = dict(Counter(split(wikipedia().documents[seed].text[:3000])))
    else:  # few letters: runs of one letter, ties, one token made in two ways
        words = {"".join(draw.choices("aab", k=draw.randint(1, 12))): 1 for _ in range(20)}
    symbols = sorted({letter for word in words for letter in word})
    fast = learn_merges(words, symbols, len(symbols) + 60, min_count=1)
    assert len(fast.merges) >= 30
    assert learn_by_recounting(words, len(fast.merges)) == list(fast.merges)


@pytest.mark.parametrize(
    ("tokens", "joined"),
    [
        ("a a a a", "aa aa"),
        ("a a a", "aa a"),
        ("b a a b a", "b aa b a"),
        ("aa a", "aa a"),  # a pair of tokens, not of letters
        ("a", "a"),
        ("", ""),
    ],
)
def test_a_pair_is_joined_from_left_to_right(tokens: str, joined: str) -> None:
    before = tokens.split()
    assert join(before, ("a", "a")) == joined.split()
    assert before == tokens.split()  # not changed in place


def test_training_by_hand() -> None:
    """hug 10, pug 5, pun 12, bun 4, hugs 5: u-g 20, then u-n 16, then h-ug 15."""
    words = {"hug": 10, "pug": 5, "pun": 12, "bun": 4, "hugs": 5}
    found = learn_merges(words, sorted("bghnpsu"), 10)
    assert found.merges == (("u", "g"), ("u", "n"), ("h", "ug"))


@pytest.mark.parametrize("kind", ["letters", "one letter", "spaces", "words"])
def test_work_grows_with_the_text_and_not_with_text_times_merges(kind: str) -> None:
    draw, looked = random.Random(0), []
    for n in (2_000, 8_000, 32_000):
        if kind == "words":
            text = wikipedia().documents[3].text[:n]
            words = dict(Counter(split(text)))
        else:
            alphabet = {"letters": "abcdefgh", "one letter": "a", "spaces": " "}[kind]
            words = {"".join(draw.choices(alphabet, k=n)): 2}
        length = sum(map(len, words))
        found = learn_merges(words, sorted(set("".join(words))), 5000)
        assert len(found.merges) > 8
        assert found.places_visited <= 3 * length
        looked.append(found.places_visited / length)
    assert max(looked) < 1.5 * min(looked) + 0.1


def test_the_alphabet_is_256_visible_characters() -> None:
    assert len(set(LETTERS)) == 256
    assert not any(letter.isspace() or not letter.isprintable() for letter in LETTERS)
    assert [LETTERS[b] for b in b"\x00 !\x7f\xa0\xad\xff"] == ["Ā", "Ġ", "!", "ġ", "ł", "Ń", "ÿ"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Hello world", ["Hello", " world"]),
        ("I'll we've don't I'm", ["I", "'ll", " we", "'ve", " don", "'t", " I", "'m"]),
        ("he'd they're it's", ["he", "'d", " they", "'re", " it", "'s"]),
        ("IT'S", ["IT", "'", "S"]),
        ("a  b", ["a", " ", " b"]),
        ("a   ", ["a", "   "]),
        ("a\n\n b", ["a", "\n\n", " b"]),
        ("x=1.5e3", ["x", "=", "1", ".", "5", "e", "3"]),
        ("½ ² ⅷ 一 \U0001d7d8 𐄇", ["½", " ²", " ⅷ", " 一", " \U0001d7d8", " 𐄇"]),
        ("a½一𐄇b", ["a", "½", "一", "𐄇", "b"]),
        ("e\u0301", ["e", "\u0301"]),
        ("snake_case", ["snake", "_", "case"]),
        ("a\x1cb", ["a", "\x1c", "b"]),
        ("a\u3000\u3000b", ["a", "\u3000", "\u3000", "b"]),
        ("", []),
    ],
)  # fmt: skip
def test_where_words_are_cut(text: str, pieces: list[str]) -> None:
    assert split(text) == pieces


def test_cutting_loses_nothing() -> None:
    assert "".join(split(ALL)) == ALL


def test_all_texts_come_back(bpe: BPE) -> None:
    draw = random.Random(1)
    texts = [
        "",
        " ",
        "\n",
        "naïve 🙂 👨‍👩‍👧 שלום\r\n\t",
        ALL,
        " " * 100_000,
        "x" * 1000,
        END_OF_TEXT,
    ]
    texts += ["".join(draw.choices(ALL, k=50)) for _ in range(50)]
    for text in texts:
        ids = bpe.encode(text)
        assert bpe.decode(ids) == text
        assert bpe.decode_bytes(ids) == text.encode()
        ends = bpe.spans(text)
        assert len(ends) == len(ids)
        assert not ids or (ends[0][0], ends[-1][1]) == (0, len(text))


def test_spans_are_the_tokens_in_the_text(bpe: BPE) -> None:
    text = "The American actress Angelina Jolie née Voight"
    for i, (begin, end) in zip(bpe.encode(text), bpe.spans(text), strict=True):
        assert bpe.decode([i]) in (text[begin:end], "\ufffd")
    assert bpe.spans("🙂")[0] == (0, 1)


def test_half_characters_become_the_replacement_character(bpe: BPE) -> None:
    ids = bpe.encode("🙂")
    assert len(ids) > 1
    assert bpe.decode(ids[:1]) == "\ufffd"


def test_special_tokens_are_read_only_on_demand(bpe: BPE) -> None:
    text = f"one{END_OF_TEXT}two"
    assert bpe.specials == (END_OF_TEXT,)
    assert bpe.special == (-1, -1, 0, 0, -1)
    assert 0 not in bpe.encode(text)
    assert 0 not in bpe.encode(END_OF_TEXT)  # nor where it is the whole text
    assert bpe.encode(text, specials=True) == [*bpe.encode("one"), 0, *bpe.encode("two")]
    assert bpe.decode(bpe.encode(text, specials=True)) == text
    assert bpe.spans(text, specials=True)[len(bpe.encode("one"))] == (3, 3 + len(END_OF_TEXT))


def test_of_special_tokens_the_longest_is_read() -> None:
    bpe = BPE.train("some text", 300, specials=["<a>", "<a><b>"])
    assert bpe.encode("<a><b><a>", specials=True) == [1, 0]


def test_training_stops_where_nothing_is_frequent() -> None:
    assert len(BPE.train("abcabc", 1000)) == 259  # ab, abc
    assert len(BPE.train("abcabc", 1000, min_count=1)) == 260
    assert len(BPE.train("abcabc", 1000, min_count=3)) == 257
    assert BPE.train("abcabc", 258).merges == (("a", "b"),)


def test_words_do_not_reach_across_texts() -> None:
    assert BPE.train(["ab"] * 9, 300).merges == (("a", "b"),)
    assert BPE.train(["a", "b"] * 9, 300).merges == ()


def test_saved_and_loaded(bpe: BPE, tmp_path: Path) -> None:
    bpe.save(tmp_path / "new" / "folder")
    again = BPE.load(tmp_path / "new" / "folder")
    assert (again.tokens, again.merges) == (bpe.tokens, bpe.merges)
    assert again.encode(ALL) == bpe.encode(ALL)
    assert (tmp_path / "new/folder/merges.txt").read_text("utf-8").startswith("#version: 0.2\n")


def test_a_merge_that_begins_with_the_sign_of_a_comment(tmp_path: Path) -> None:
    bpe = BPE.train("### ### ###", 260)
    assert ("#", "#") in bpe.merges
    bpe.save(tmp_path)
    assert BPE.load(tmp_path).merges == bpe.merges


def test_what_training_refuses() -> None:
    for empty in ("", [], ["", ""]):
        with pytest.raises(ValueError, match=r"texts are empty.*give some text"):
            BPE.train(empty, 300)
    with pytest.raises(ValueError, match=r"vocab_size=256 is less than the 257 tokens"):
        BPE.train("some text", 256)
    with pytest.raises(ValueError, match=r"character 3 .*'\\ud83d', a lone surrogate"):
        BPE.train("bad\ud83d", 300)
    with pytest.raises(ValueError, match="token '!' has two ids"):
        BPE.train("text", 300, specials=["!"])
    with pytest.raises(ValueError, match=r"string '<sep>'; give specials=\['<sep>'\], a list even"):
        BPE.train("text", 300, specials="<sep>")


def test_what_encoding_and_decoding_refuse(bpe: BPE) -> None:
    with pytest.raises(ValueError, match=r"character 0 .*lone surrogate.*errors='replace'"):
        bpe.encode("\udc80x")
    for strange in (-1, 1500):
        with pytest.raises(ValueError, match=rf"no token has the id {strange}; .* 0 to 1499"):
            bpe.decode([5, strange])
    few = BPE(["a", "b", "ab"], [("a", "b")])
    assert few.encode("abba") == [2, 1, 0]
    with pytest.raises(ValueError, match=r"no token for byte 99 in 'abc'.*all 256"):
        few.encode("abc")


@pytest.mark.parametrize("special", ["sep", "\u00e9\u00e9", "12", "<|>"])
def test_a_special_token_that_merges_could_make(special: str) -> None:
    with pytest.raises(ValueError, match=r"is one word, so merges could make it .* '<\|.+\|>'"):
        BPE.train("sep sep sep", 400, specials=[special])
    assert BPE.train("sep sep sep", 400, specials=["<sep>"]).specials == ("<sep>",)


@pytest.mark.parametrize("given", [None, float("nan"), 3, b"low", ["low"]])
def test_what_is_not_a_text(given: object) -> None:
    """An empty cell of a table, mostly."""
    bpe, wordpiece = BPE.train("low low", 258), WordPiece.train("low low", 20)
    kind = type(given).__name__
    calls = [call for t in (bpe, wordpiece) for call in (t.encode, t.spans)]
    for call in (*calls, split):
        with pytest.raises(ValueError, match=rf"expected the text to be a str, got {kind} \(.*"):
            call(given)  # type: ignore[operator]
    for train in (BPE.train, WordPiece.train):
        with pytest.raises(ValueError, match=rf"expected text 1 to be a str, got {kind}"):
            train(["low", given], 258)
    if not isinstance(given, list):
        with pytest.raises(ValueError, match=rf"expected a str or several, got {kind}"):
            BPE.train(given, 258)


@pytest.mark.parametrize("given", ["12", [None], ["l"], [1.0], torch.tensor([[1, 2]]), 1])
def test_what_is_not_an_id(given: object) -> None:
    for tokenizer in (BPE.train("low low", 258), WordPiece.train("low low", 20)):
        for call in (tokenizer.decode, tokenizer.tokens_of):
            with pytest.raises(ValueError, match="a list of ids, which are whole numbers, got"):
                call(given)
        assert tokenizer.decode(torch.tensor([1, 2])) == tokenizer.decode([1, 2])


def test_merges_that_name_unknown_tokens() -> None:
    with pytest.raises(ValueError, match=r"merge 2, 'ab' and 'c', names or makes 'c'.*3 tokens"):
        BPE(["a", "b", "ab"], [("a", "b"), ("ab", "c")])
    with pytest.raises(ValueError, match=r"merge 1, 'b' and 'a', names or makes 'ba'"):
        BPE(["a", "b", "ab"], [("b", "a")])


def write(folder: Path, **files: object) -> Path:
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        path = folder / name.replace("_", ".")
        path.write_text(text, encoding="utf-8")
    return folder


def test_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"neither vocab.json and merges.txt nor tokenizer.json"):
        BPE.load(tmp_path)
    vocab = {"a": 0, "b": 1, "ab": 2}
    write(tmp_path, vocab_json=vocab, merges_txt="#version: 0.2\na b\na b c\n")
    with pytest.raises(ValueError, match=r"merge \['a', 'b', 'c'\] does not join two tokens"):
        BPE.load(tmp_path)
    write(tmp_path, vocab_json={"a": 0, "b": 2}, merges_txt="")
    with pytest.raises(ValueError, match="ids of its 2 tokens are not 0 to 1, each once"):
        BPE.load(tmp_path)
    for cut in (json.dumps(vocab)[:-4], "[1, 2]", "7"):
        write(tmp_path, vocab_json=cut)
        with pytest.raises(ValueError, match=r"vocab.json is damaged .*download it again"):
            BPE.load(tmp_path)
    write(tmp_path, vocab_json=vocab)
    (tmp_path / "merges.txt").write_bytes(b"a \xff\n")
    with pytest.raises(
        ValueError, match=r"merges.txt is damaged \('utf-8' codec.*download it again"
    ):
        BPE.load(tmp_path)


def test_foreign_files(tmp_path: Path) -> None:
    model = {"type": "Unigram", "vocab": {}, "merges": []}
    write(tmp_path, tokenizer_json={"model": model})
    with pytest.raises(ValueError, match=r"tokenizer.json holds a Unigram tokenizer, expected BPE"):
        BPE.load(tmp_path)
    whole = {"model": model | {"type": "BPE"}, "pre_tokenizer": {"type": "Metaspace"}}
    write(tmp_path, tokenizer_json=whole | {"added_tokens": []})
    with pytest.raises(
        ValueError,
        match=r"with the pre_tokenizer \{\"type\": \"Metaspace\"\}, which changes tokens",
    ):
        BPE.load(tmp_path)
    write(tmp_path, tokenizer_json=[1, 2])
    with pytest.raises(ValueError, match=r"tokenizer.json is damaged"):
        BPE.load(tmp_path)
    pieces = [["a", -1.5], ["b", -2.5]]  # of a Unigram tokenizer that does not say its type
    for odd in ({"type": "BPE"}, {"type": "BPE", "vocab": ["a"]}, {"unk_id": 0, "vocab": pieces}):
        write(tmp_path, tokenizer_json={"model": odd, "pre_tokenizer": {"type": "ByteLevel"}})
        with pytest.raises(ValueError, match=r"json has a model without a vocabulary, a table of"):
            BPE.load(tmp_path)
    write(tmp_path, tokenizer_json={"model": "BPE"})
    with pytest.raises(ValueError, match=r"tokenizer.json has no model of a tokenizer"):
        BPE.load(tmp_path)
