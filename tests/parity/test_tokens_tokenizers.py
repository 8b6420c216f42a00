"""BPE and WordPiece against `tokenizers`: same vocabulary when trained, same numbers, same places.

What cannot agree is counted: letters that joined Unicode after this Python's tables were made, and
marks that joined it after those of `tokenizers`.
"""
# ruff: noqa: RUF001 - letters that look like others are what is tested

import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from bertgpt import corpora
from bertgpt.tokens.bpe import BPE, END_OF_TEXT
from bertgpt.tokens.cleaning import Cleaning
from bertgpt.tokens.settings import SPECIALS
from bertgpt.tokens.splitting import split
from bertgpt.tokens.wordpiece import WordPiece

draw = random.Random(7)
NASTY = {
    "nothing": "",
    "one space": " ",
    "emoji with joiners": "👨‍👩‍👧‍👦 👍🏽🏳️‍🌈 ❤️ 🇫🇷🇩🇪 #️⃣",
    "combining marks": "Z̤͔ͧ̑̓ä͖̭̈̇lͮ̒ͫǧ̗͚̚o̙̔ͮ̇͐̇ e\u0301a\u0308\u0323 \u0301x",
    "composed and not": "é e\u0301 Å A\u030a ﬁ ﬃ ½ ⅷ ² №",
    "Chinese, Japanese, Korean": "我爱自然语言处理。日本語のテスト、カタカナ。한국어 문장!",
    "rare ideographs": "\U00020000\U0002a6df\U0002a700\U0002b820\U0002ceaf\U0002f800 㐀䶵",
    "control characters": "a\x00b\x01c\x07d\x08e\x0bf\x0cg\x1bh\x1ci\x1fj\x7fk\x85l",
    "format characters": "a\u00adb\u200bc\u200dd\u2060e\ufefff\ufffdg\U000e0041",
    "100,000 spaces": " " * 100_000,
    "100,000 spaces and a word": " " * 100_000 + "end",
    "20,000 of one letter": "a" * 20_000,
    "20,000 letters": "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=20_000)),
    "newlines": "a\n\n\nb\r\n\r\nc\rd \n e\t\t\tf  \n",
    "spaces of all widths": "a\u00a0b\u1680c\u2000\u2003d\u2028e\u2029f\u202fg\u3000\u3000h \u3000",
    "right to left": "שלום עולם، مرحبا بالعالم ؟ \u202eabc\u202c \u0661\u0662\u0663",
    "Devanagari and Thai": "नमस्ते दुनिया। हिन्दी ภาษาไทย สวัสดี",
    "Greek and Cyrillic": "ΟΔΥΣΣΕΥΣ Ὀδυσσεύς ΣΑΣ Привет, Ёлка!",
    "case that changes length": "İSTANBUL ẞ ŉ Ǆ ﬀ ΐ Ⓐ Ꭰ",
    "letters beyond 16 bits": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𐐀𐐨 𝟘𝟙𝟚 𐄇𐄈 𒀀𓀀 \U0001e900",
    "numbers of all kinds": "1234567890 ١٢٣ १२३ ½¾ ⅣⅥ ①⑳ 一二三 3.14e-10 0x1F",
    "unassigned": "\u0378\u0379 a\u0378b \U0003fffe\U0010ffff \U0001ffff1",
    "private": "\ue000\uf8ff a\ue000b \U000f0000\U0010fffd",
    "ASCII": "".join(map(chr, range(128))),
    "Latin-1": "".join(map(chr, range(256))),
    "apostrophes": "it's IT'S I'll we've 'tis y'all'd've ''s ’s don\u2019t 'S 't",
    "marks": "!!! ... --- «so» “so” ‘so’ ¿qué? …— ¡ $5 €3 £2 10% a_b @x #y ^ ~ ` |",
    "a word too long": "x" * 100 + " " + "x" * 101 + " é" * 3 + "é" * 101,
    "special tokens written out": f"[MASK] [CLS]a[SEP] [PAD] [UNK] {END_OF_TEXT} <|endoftext|",
    "code": "def f(x):\n\treturn {'a': x[0] ** 2 != 3}  # TODO\n\n    pass\n",
    "a joke": "unaffable strawberry ##able # # ##",
    "spaces around marks": "a , b . c ( d ) e\" f 'g'",
}
# Assigned long ago (Unicode 3.2), save four that have changed their kind since.
CHANGED = "\u166d\u1734\u1885\u1886"
OLD = [c for c in map(chr, range(0x20, 0x3100)) if unicodedata.ucd_3_2_0.category(c) != "Cn"]
OLD = [c for c in OLD if c not in CHANGED]
RANDOM = [
    "".join(draw.choice((chr(draw.randrange(32, 127)), draw.choice(OLD))) for _ in range(60))
    for _ in range(200)
]


@pytest.fixture(scope="module")
def texts() -> tuple[list[str], list[str]]:
    train, held = corpora.split(corpora.wikipedia(), held_out=0.1, seed=0)
    return [d.text for d in train.documents], [d.text for d in held.documents]


def byte_level(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def bert_like(model: models.WordPiece, lower: bool = True) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


def listed(tokenizer: Tokenizer) -> list[str]:
    return sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)


def their_bpe(given: Sequence[str], size: int, least: int) -> Tokenizer:
    tokenizer = byte_level(models.BPE())
    tokenizer.train_from_iterator(given, trainers.BpeTrainer(
        vocab_size=size, min_frequency=least, special_tokens=[END_OF_TEXT], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    ))  # fmt: skip
    return tokenizer


def their_wordpiece(given: Sequence[str], ours: WordPiece, size: int, least: int) -> Tokenizer:
    """`tokenizers`, with the order of characters pinned, which it would take from a hash table."""
    single = [token for token in ours.tokens[5:] if len(token.removeprefix("##")) == 1]
    tokenizer = bert_like(models.WordPiece(unk_token="[UNK]"), ours.lower)
    tokenizer.train_from_iterator(given, trainers.WordPieceTrainer(
        vocab_size=size, min_frequency=least, special_tokens=[*SPECIALS, *single],
        show_progress=False,
    ))  # fmt: skip
    # Without the tokens that were special only to be in order.
    plain = models.WordPiece(tokenizer.get_vocab(), unk_token="[UNK]", max_input_chars_per_word=100)
    return bert_like(plain, ours.lower)


@pytest.fixture(scope="module")
def bpes(texts) -> tuple[BPE, Tokenizer]:
    return BPE.train(texts[0], 8000), their_bpe(texts[0], 8000, 2)


@pytest.fixture(scope="module")
def wordpieces(texts) -> tuple[WordPiece, Tokenizer]:
    ours = WordPiece.train(texts[0], 8000)
    return ours, their_wordpiece(texts[0], ours, 8000, 2)


@pytest.mark.parametrize("kind", ["bpes", "wordpieces"])
def test_the_same_vocabulary_from_wikipedia(kind: str, request) -> None:
    ours, theirs = request.getfixturevalue(kind)
    assert len(ours) == 8000
    assert list(ours.tokens) == listed(theirs)


@pytest.mark.parametrize("size", [300, 1000, 5000])
@pytest.mark.parametrize("least", [1, 2, 10])
def test_the_same_vocabulary_from_nasty_strings(size: int, least: int) -> None:
    given = [text[:2000] for text in NASTY.values()] + RANDOM[:30]
    ours = BPE.train(given, size, min_count=least)
    theirs = their_bpe(given, size, least)
    assert list(ours.tokens) == listed(theirs)
    plain = byte_level(models.BPE(theirs.get_vocab(), list(ours.merges)))
    assert all(agree(ours, plain, text) for text in NASTY.values())
    for lower in (True, False):
        pieces = WordPiece.train(given, size + 3000, min_count=least, lower=lower)
        other = their_wordpiece(given, pieces, size + 3000, least)
        assert list(pieces.tokens) == listed(other)
        assert all(agree(pieces, other, text) for text in NASTY.values())


@pytest.mark.parametrize("seed", range(20))
def test_the_same_vocabulary_where_most_pairs_tie(seed: int) -> None:
    """Short words over few letters: nearly every merge is decided by the tie, or overlaps."""
    choose = random.Random(seed)
    letters = "ab"[: 1 + seed % 2] + "cdé"[: seed % 4]
    given = [" ".join("".join(choose.choices(letters, k=choose.randint(1, 12))) for _ in range(40))]
    assert list(BPE.train(given, 700, min_count=1).tokens) == listed(their_bpe(given, 700, 1))
    ours = WordPiece.train(given, 700, min_count=1)
    assert list(ours.tokens) == listed(their_wordpiece(given, ours, 700, 1))


def test_the_order_that_tokenizers_leaves_open() -> None:
    """Two of its own runs differ in WordPiece's numbers; that is why the order is pinned here."""
    given = corpora.wikipedia().documents[0].text
    found = set()
    for _ in range(20):
        tokenizer = bert_like(models.WordPiece(unk_token="[UNK]"))
        trainer = trainers.WordPieceTrainer(vocab_size=500, show_progress=False)
        tokenizer.train_from_iterator([given], trainer)
        found.add(tuple(listed(tokenizer)))
    assert len(found) > 1


def agree(ours: BPE | WordPiece, theirs: Tokenizer, text: str) -> bool:
    encoded = theirs.encode(text)
    return ours.encode(text) == encoded.ids and ours.spans(text) == encoded.offsets


def test_the_same_numbers_and_places_on_wikipedia(bpes, wordpieces, texts) -> None:
    for name, (ours, theirs) in {"BPE": bpes, "WordPiece": wordpieces}.items():
        assert all(agree(ours, theirs, text) for text in texts[1])
        ids = [i for text in texts[1] for i in ours.encode(text)]
        print(f"\n{name}: {len(ids):,} ids of held-out Wikipedia equal", end="")
        assert len(set(ids)) > 4000
        assert ours.decode(ids) == theirs.decode(ids, skip_special_tokens=False)


def test_the_same_numbers_and_places_on_nasty_strings(bpes, wordpieces) -> None:
    plain = byte_level(models.BPE(bpes[1].get_vocab(), list(bpes[0].merges)))
    pairs = {"BPE": (bpes[0], plain), "WordPiece": wordpieces}
    print(f"\n{'string':28s}" + "".join(f"{name:>12s}{'equal':>7s}" for name in pairs))
    for what, text in [*NASTY.items(), *((f"random {i}", text) for i, text in enumerate(RANDOM))]:
        row = {name: (len(o.encode(text)), agree(o, t, text)) for name, (o, t) in pairs.items()}
        cells = "".join(f"{n:12,d}{'yes' if same else 'NO':>7s}" for n, same in row.values())
        if what in NASTY or not all(same for _, same in row.values()):
            print(f"{what:28s}{cells}")
        assert all(same for _, same in row.values()), what


def test_the_same_text_comes_back(bpes) -> None:
    ours, theirs = bpes
    for text in [*NASTY.values(), *RANDOM]:
        ids = ours.encode(text)
        assert ours.decode(ids) == text
        if END_OF_TEXT not in text:
            assert theirs.decode(ids) == text
    assert ours.decode(ours.encode("🙂")[:2]) == theirs.decode(ours.encode("🙂")[:2])


def test_special_tokens_that_are_written_out(bpes, wordpieces) -> None:
    ours, theirs = bpes  # trained: its special token is one
    text = f"a{END_OF_TEXT}b {END_OF_TEXT}{END_OF_TEXT} <|endof"
    assert ours.encode(text, specials=True) == theirs.encode(text).ids
    assert ours.spans(text, specials=True) == theirs.encode(text).offsets
    pieces, other = wordpieces[0], bert_like(models.WordPiece(wordpieces[1].get_vocab()))
    other.add_special_tokens(list(SPECIALS))
    text = "[CLS]The [MASK] sat[SEP] on the[MASK][MASK] mat [mask] [ MASK ]"
    assert pieces.encode(text, specials=True) == other.encode(text).ids
    assert pieces.spans(text, specials=True) == other.encode(text).offsets


def assigned() -> list[str]:
    return [c for c in map(chr, range(0x110000)) if unicodedata.category(c) not in ("Cn", "Cs")]


def test_each_character_that_python_knows_is_of_the_same_kind_for_bpe() -> None:
    characters = assigned()
    splitter = pre_tokenizers.ByteLevel(add_prefix_space=False)
    for some in (characters[i : i + 2000] for i in range(0, len(characters), 2000)):
        text = "".join(f"a{c}a1{c}1${c}$ {c} " for c in some)
        theirs = splitter.pre_tokenize_str(text)
        assert split(text) == [text[begin:end] for _, (begin, end) in theirs]
    assert len(characters) > 250_000


def test_characters_that_wordpiece_cleans_otherwise_are_few_and_young() -> None:
    normalizer, splitter = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    table, others = Cleaning(lower=True), []
    known = [c for c in assigned() if unicodedata.category(c) != "Co"]
    for character in known:
        text = f"x{character}y"
        theirs = [word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))]
        if theirs != text.translate(table).split():
            others.append(character)
    print(f"\n{len(others)} of {len(known):,} characters are cleaned otherwise", end="")
    assert len(others) < 600
    old = [c for c in others if unicodedata.ucd_3_2_0.category(c) != "Cn"]
    assert "".join(old) == CHANGED


def kinds(letters: str, numbers: str, spaces: str) -> re.Pattern[str]:
    rest = rf"(?:(?!{letters}|{numbers}|{spaces}).)"
    return re.compile(
        rf"'(?:[stmd]|re|ve|ll)| ?{letters}+| ?{numbers}+| ?{rest}+|{spaces}+(?!(?!{spaces}).)"
        rf"|{spaces}+",
        re.DOTALL,
    )


def test_wrong_ways_to_split_would_be_seen() -> None:
    text = "\n".join(NASTY.values()).replace(" " * 1000, " ")
    right = split(text)
    by_name = {
        "letters by isalpha, numbers by \\d": kinds(r"[^\W\d_]", r"\d", r"\s"),
        "words by \\w": kinds(r"[^\W\d]", r"\d", r"\s"),
        "ASCII": kinds("[A-Za-z]", "[0-9]", r"[ \t\n\r\f\v]"),
    }
    for name, pattern in by_name.items():
        assert [m[0] for m in pattern.finditer(text)] != right, name
    assert text.split(" ") != right
    capital = re.sub(r"'S", "'s", text)
    assert [len(w) for w in split(capital)] != [len(w) for w in right]


class Wrong(Cleaning):
    """A table with one thing changed."""

    def __init__(self, change: Callable[[str, str], str], *, lower: bool = True) -> None:
        super().__init__(lower=lower)
        self.change = change

    def __missing__(self, code: int) -> str:
        return self.change(chr(code), super().__missing__(code))


def test_wrong_ways_to_clean_would_be_seen(wordpieces) -> None:
    ours, theirs = wordpieces
    text = "\n".join(text[:300] for text in NASTY.values())
    right = theirs.encode(text).ids
    kind = unicodedata.category
    wrong = {
        "accents kept": Wrong(lambda c, t: c.lower() if c.isalpha() else t),
        "capitals kept": Wrong(lambda c, t: t, lower=False),
        "control characters kept": Wrong(lambda c, t: c if kind(c) == "Cc" and not t else t),
        "format characters kept": Wrong(lambda c, t: c if kind(c) == "Cf" else t),
        "ideographs not apart": Wrong(lambda c, t: t.strip() if kind(c) == "Lo" else t),
        "only ASCII marks": Wrong(lambda c, t: c if kind(c)[0] == "P" and not c.isascii() else t),
        "symbols are marks": Wrong(lambda c, t: f" {c} " if kind(c)[0] == "S" else t),
        "unassigned dropped": Wrong(lambda c, t: "" if kind(c) == "Cn" else t),
    }
    for name, table in wrong.items():
        other = WordPiece(ours.tokens)
        other.cleaning = table
        assert other.encode(text) != right, name
    assert ours.encode(text) == right


def test_wrong_ways_to_cut_would_be_seen(bpes, wordpieces, texts) -> None:
    ours, theirs = bpes
    text = texts[1][0]
    right = theirs.encode(text).ids
    backwards = BPE(ours.tokens, [*ours.merges[1:], ours.merges[0]])
    assert backwards.encode(text) != right
    longest_first = WordPiece(
        ["[UNK]", *(t for t in ours.tokens), *("##" + t for t in ours.tokens)]
    )
    word = "".join(ours.tokens_of(ours.encode_word(" unquestionably")))
    assert [t.removeprefix("##") for t in longest_first.tokens_of(longest_first.encode_word(word))] != ours.tokens_of(ours.encode_word(" unquestionably"))  # fmt: skip  # noqa: E501
    pieces, other = wordpieces
    shorter = WordPiece(pieces.tokens)
    shorter._longest_piece = 6
    assert shorter.encode(text) != other.encode(text).ids


@pytest.mark.parametrize("lower", [True, False])
def test_files_go_both_ways_wordpiece(lower: bool, wordpieces, tmp_path: Path) -> None:
    from transformers import BertTokenizer

    ours = WordPiece(wordpieces[0].tokens, lower=lower)
    ours.save(tmp_path / "ours")
    text = "The Élan of [MASK] Tōkyō 猫, isn't it?"
    read = bert_like(models.WordPiece.from_file(str(tmp_path / "ours" / "vocab.txt")), lower)
    assert read.encode(text).ids == ours.encode(text)
    whole = BertTokenizer.from_pretrained(tmp_path / "ours")
    assert whole(text).input_ids[1:-1] == ours.encode(text, specials=True)
    whole.save_pretrained(tmp_path / "theirs")
    assert {path.name for path in (tmp_path / "theirs").iterdir()} == {
        "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    again = WordPiece.load(tmp_path / "theirs")
    assert (again.tokens, again.lower, again.special) == (ours.tokens, lower, ours.special)


def test_files_go_both_ways_bpe(bpes, tmp_path: Path) -> None:
    from transformers import GPT2Tokenizer

    ours = bpes[0]
    ours.save(tmp_path / "ours")
    text = f"The Élan of Tōkyō 猫,{END_OF_TEXT} isn't it?  🙂"
    files = [str(tmp_path / "ours" / name) for name in ("vocab.json", "merges.txt")]
    assert byte_level(models.BPE.from_file(*files)).encode(text).ids == ours.encode(text)
    whole = GPT2Tokenizer.from_pretrained(tmp_path / "ours")
    assert whole(text).input_ids == ours.encode(text, specials=True)
    whole.save_pretrained(tmp_path / "theirs")
    assert not (tmp_path / "theirs" / "merges.txt").exists()
    again = BPE.load(tmp_path / "theirs")
    assert (again.tokens, again.merges, again.specials) == (ours.tokens, ours.merges, ours.specials)
