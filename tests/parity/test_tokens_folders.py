"""Folders of tokenizers as others write them: each setting that changes tokens counts.

It is either followed, and then tokens and places are those of `tokenizers`, or refused by its name.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transformers as hf
from tokenizers import AddedToken as TheirToken
from tokenizers import Regex, Tokenizer, models, normalizers, trainers
from tokenizers import pre_tokenizers as P

from bertgpt.config import SpecialIds
from bertgpt.tokens.bpe import BPE, END_OF_TEXT
from bertgpt.tokens.settings import SPECIALS
from bertgpt.tokens.splitting import GPT2_PATTERN
from bertgpt.tokens.wordpiece import WordPiece

WORDS = [
    "schon",
    "schön",
    "Schön",
    "SCHÖN",
    "我",
    "爱",
    "我爱",
    "a",
    "##a",
    "b",
    "[",
    "]",
    "<",
    ">",
]
WORDS += ["e", "##e", "1", "##1", "cov", "##id", "lo", "##w", "-", "!"]
VOCAB = [*SPECIALS, *WORDS]
TEXTS = [
    "Schön", "schön", "SCHÖN", "scho\u0308n", "我爱", "a我爱b", "a\x07a\tb", "aaa aa", "a" * 100,
    "a" * 101, "[MASK] a [mask]", "a[MASK]b", "<e1>a<E1>", " [ENT]  a [ENT] ", "covid Covid xcovid",
    "low-low lowcovid", "", " ", "[ENT][ENT]x", "a [MASK]\n[MASK] !", "b<e1> <e1>",
]  # fmt: skip


def write(folder: Path, **contents: Any) -> Path:
    """Files by name, "_" for the dot before the ending."""
    folder.mkdir(exist_ok=True)
    for name, content in contents.items():
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_text(text, encoding="utf-8")
    return folder


def vocab_folder(folder: Path, **config: Any) -> Path:
    """As Google and older programs write it: vocab.txt and tokenizer_config.json."""
    return write(folder, vocab_txt="\n".join(VOCAB) + "\n", tokenizer_config_json=config)


def bert_like(**given: Any) -> Tokenizer:
    vocab = {token: i for i, token in enumerate(VOCAB)}
    model = models.WordPiece(vocab, unk_token="[UNK]", **given.pop("model", {}))
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(**given)
    tokenizer.pre_tokenizer = P.BertPreTokenizer()
    tokenizer.add_special_tokens(list(SPECIALS))
    return tokenizer


def same(ours: WordPiece | BPE, theirs: Tokenizer, text: str) -> None:
    """Tokens and places, with special tokens read and not."""
    for specials in (True, False):
        theirs.encode_special_tokens = not specials
        want = theirs.encode(text, add_special_tokens=False)
        assert ours.encode(text, specials=specials) == want.ids, (text, specials)
        assert ours.spans(text, specials=specials) == want.offsets, (text, specials)


CLEANING: list[dict[str, Any]] = [
    {"do_lower_case": lower, "strip_accents": strip, "tokenize_chinese_chars": chinese}
    for lower in (True, False)
    for strip in (None, True, False)
    for chinese in (True, False)
]


@pytest.mark.parametrize("config", CLEANING, ids=lambda c: "-".join(map(str, c.values())))
def test_cleaning_beside_a_vocab_txt(config: dict[str, Any], tmp_path: Path) -> None:
    folder = vocab_folder(tmp_path, tokenizer_class="BertTokenizer", **config)
    ours, theirs = WordPiece.load(folder), hf.BertTokenizer.from_pretrained(folder)
    for text in TEXTS:
        assert ours.tokens_of(ours.encode(text, specials=True)) == theirs.tokenize(text), text
    theirs.save_pretrained(tmp_path / "again")
    again = WordPiece.load(tmp_path / "again")
    ours.save(tmp_path / "ours")
    third = WordPiece.load(tmp_path / "ours")
    for text in TEXTS:
        assert again.encode(text, specials=True) == ours.encode(text, specials=True)
        assert third.encode(text, specials=True) == ours.encode(text, specials=True)


@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("chinese", [True, False])
@pytest.mark.parametrize("strip", [None, True, False])
@pytest.mark.parametrize("lower", [True, False])
def test_the_normalizer_of_tokenizer_json(
    lower: bool, strip: bool | None, chinese: bool, clean: bool, tmp_path: Path
) -> None:
    theirs = bert_like(
        lowercase=lower, strip_accents=strip, handle_chinese_chars=chinese, clean_text=clean
    )
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = WordPiece.load(tmp_path)
    for text in [*TEXTS, "a\x1cb\x85a", "a\u200db\u00ada", "a\ufffdb"]:
        same(ours, theirs, text)


def test_no_normalizer_and_a_sequence_of_one(tmp_path: Path) -> None:
    theirs = bert_like()
    theirs.normalizer = normalizers.Sequence([normalizers.BertNormalizer(lowercase=True)])
    theirs.pre_tokenizer = P.Sequence([P.BertPreTokenizer()])
    theirs.save(str(tmp_path / "tokenizer.json"))
    for text in TEXTS:
        same(WordPiece.load(tmp_path), theirs, text)
    bare = Tokenizer(theirs.model)
    bare.pre_tokenizer = P.BertPreTokenizer()
    bare.add_special_tokens(list(SPECIALS))
    bare.save(str(tmp_path / "tokenizer.json"))
    for text in TEXTS:
        same(WordPiece.load(tmp_path), bare, text)


@pytest.mark.parametrize("longest", [2, 3, 100, 150])
def test_the_longest_word(longest: int, tmp_path: Path) -> None:
    theirs = bert_like(model={"max_input_chars_per_word": longest})
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = WordPiece.load(tmp_path)
    for text in TEXTS:
        same(ours, theirs, text)
    ours.save(tmp_path / "ours")
    assert WordPiece.load(tmp_path / "ours").encode("aaa") == ours.encode("aaa")


ADDED = {
    "special": TheirToken("[ENT]", special=True, normalized=False),
    "plain": TheirToken("<e1>"),
    "capitals": TheirToken("<E1>"),
    "not cleaned": TheirToken("<E1>", normalized=False),
    "a word": TheirToken("covid", single_word=True),
    "inside words": TheirToken("covid"),
    "strips left": TheirToken("[ENT]", lstrip=True, special=True, normalized=False),
    "strips right": TheirToken("[ENT]", rstrip=True, special=True, normalized=False),
    "strips both": TheirToken("<e1>", lstrip=True, rstrip=True),
    "mask strips": TheirToken("[MASK]", lstrip=True, special=True, normalized=False),
    "Chinese": TheirToken("我爱"),
}


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("name", ADDED)
def test_tokens_added_to_a_bert(name: str, lower: bool, tmp_path: Path) -> None:
    theirs = bert_like(lowercase=lower)
    theirs.add_tokens([ADDED[name]])
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = WordPiece.load(tmp_path)
    assert len(ours) == theirs.get_vocab_size()
    for text in TEXTS:
        same(ours, theirs, text)
    ours.save(tmp_path / "ours")
    again = WordPiece.load(tmp_path / "ours")
    for text in TEXTS:
        same(again, theirs, text)


def test_all_tokens_added_at_once_and_saved_by_transformers(tmp_path: Path) -> None:
    theirs = hf.BertTokenizer.from_pretrained(vocab_folder(tmp_path / "old"))
    theirs.add_tokens(["[ENT]"], special_tokens=True)
    theirs.add_tokens(["<e1>", "covid", "[ENT][ENT]"])
    theirs.save_pretrained(tmp_path / "new")
    ours = WordPiece.load(tmp_path / "new")
    assert len(ours) == len(theirs)
    assert ours.specials == (*SPECIALS, "[ENT]")
    for text in [*TEXTS, "a [ENT] <e1> [MASK]"]:
        assert ours.tokens_of(ours.encode(text, specials=True)) == theirs.tokenize(text), text
        same(ours, theirs.backend_tokenizer, text)


def test_tokens_added_the_old_way(tmp_path: Path) -> None:
    """vocab.txt with added_tokens.json and special_tokens_map.json."""
    folder = vocab_folder(tmp_path / "old")
    write(
        folder,
        added_tokens_json={"[ENT]": len(VOCAB), "<e1>": len(VOCAB) + 1},
        special_tokens_map_json={"additional_special_tokens": ["[ENT]"], "mask_token": "[MASK]"},
    )
    ours = WordPiece.load(folder)
    tokens = ours.tokens_of(ours.encode("a [ENT] <e1> [MASK]", specials=True))
    assert tokens == ["a", "[ENT]", "<e1>", "[MASK]"]
    assert "<e1>" in ours.tokens_of(ours.encode("a [ENT] <e1>"))
    assert "[ENT]" not in ours.tokens_of(ours.encode("a [ENT] <e1>"))
    assert ours.tokens_of(ours.encode("a <E1>")) == ["a", "<e1>"]  # looked for after cleaning
    theirs = hf.BertTokenizer.from_pretrained(folder)
    for text in ("a <E1>", "<E1>a<e1>", "[MASK] <e1>"):
        assert ours.tokens_of(ours.encode(text, specials=True)) == theirs.tokenize(text), text


def test_two_files_name_the_special_tokens(tmp_path: Path) -> None:
    """The map decides, as in `transformers`, unless the config lists the added tokens."""
    folder = vocab_folder(tmp_path, mask_token="[MASK]")
    (folder / "vocab.txt").write_text("\n".join([*VOCAB, "<mask>"]) + "\n")
    write(folder, special_tokens_map_json={"mask_token": "<mask>"})
    assert hf.BertTokenizer.from_pretrained(folder).mask_token == "<mask>"
    with pytest.raises(ValueError, match=r"made with mask_token <mask>, which changes tokens"):
        WordPiece.load(folder)
    token = {"content": "[MASK]", "special": True, "normalized": False}
    listed = {str(VOCAB.index("[MASK]")): token}
    vocab_folder(tmp_path, mask_token="[MASK]", added_tokens_decoder=listed)
    ours, theirs = WordPiece.load(folder), hf.BertTokenizer.from_pretrained(folder)
    assert ours.special.mask == theirs.mask_token_id == VOCAB.index("[MASK]")


def edited(folder: Path, theirs: Tokenizer, change: Callable[[dict[str, Any]], Any]) -> Path:
    whole = json.loads(theirs.to_str())
    change(whole)
    return write(folder, tokenizer_json=whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda w: w.update(normalizer={"type": "Sequence", "normalizers": [1, 2]}),
            r"with the normalizer \{\"type\": \"Sequence\".*give a folder with a BertNormalizer",
        ),
        (lambda w: w.update(normalizer={"type": "Lowercase"}), r"the normalizer .*Lowercase"),
        (lambda w: w.update(pre_tokenizer={"type": "Digits"}), r"the pre_tokenizer .*Digits"),
        (lambda w: w.update(pre_tokenizer=None), r"the pre_tokenizer null"),
        (lambda w: w["model"].update(unk_token="<unk>"), r"model.unk_token <unk>, .*'\[UNK\]'"),
        (
            lambda w: w["model"].update(continuing_subword_prefix="@@"),
            r"model.continuing_subword_prefix @@, .*='##'",
        ),
    ],
    ids=["sequence", "lowercase", "digits", "no pre-tokenizer", "unknown", "prefix"],
)  # fmt: skip
def test_what_wordpiece_refuses(change: Callable, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        WordPiece.load(edited(tmp_path, bert_like(), change))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"mask_token": "<mask>"},
            r"with mask_token <mask>, .*give a folder with mask_token='\[MASK",
        ),
        ({"unk_token": {"content": "<unk>"}}, r"with unk_token <unk>"),
        ({"do_basic_tokenize": False}, r"with do_basic_tokenize false"),
        ({"never_split": ["a"]}, r"with never_split \[\"a\"\]"),
        ({"tokenizer_class": "BertJapaneseTokenizer"}, r"with tokenizer_class BertJapanese"),
    ],
    ids=lambda x: next(iter(x)) if isinstance(x, dict) else "",
)
def test_what_wordpiece_refuses_of_a_config(
    config: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        WordPiece.load(vocab_folder(tmp_path, **config))


def test_two_files_that_contradict_each_other(tmp_path: Path) -> None:
    """`tokenizers` would follow the one, `transformers` the other."""
    bert_like(lowercase=True, strip_accents=True).save(str(tmp_path / "tokenizer.json"))
    write(tmp_path, tokenizer_config_json={"do_lower_case": True, "strip_accents": None})
    assert WordPiece.load(tmp_path).lower
    for config, message in (
        (
            {"do_lower_case": False},
            r"lowercase=True, and tokenizer_config.json has do_lower_case=F",
        ),
        ({"strip_accents": False}, r"strip_accents=True, and .* strip_accents=False; delete the"),
        ({"clean_text": False}, r"clean_text=True, and .* clean_text=False; delete the"),
    ):
        write(tmp_path, tokenizer_config_json=config)
        with pytest.raises(ValueError, match=message):
            WordPiece.load(tmp_path)


# BPE

LINES = ["low lower IT'S it's new"] * 5
BPE_TEXTS = [
    "low", " low", "LOW", "IT'S it's", "", " ", "\tlow", "é low", f"low{END_OF_TEXT}low",
    "lowest low", f" {END_OF_TEXT} low {END_OF_TEXT}{END_OF_TEXT}", "a <sep>  b",
    "12345 low!", "xlow low\nlow",
]  # fmt: skip


def byte_level(pre: Any, normalizer: Any = None, **given: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(**given))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(LINES, trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=P.ByteLevel.alphabet(), special_tokens=[END_OF_TEXT],
        show_progress=False,
    ))  # fmt: skip
    return tokenizer


OBEYED = {
    "GPT-2": P.ByteLevel(add_prefix_space=False),
    "a space before": P.ByteLevel(add_prefix_space=True),
    "a sequence of one": P.Sequence([P.ByteLevel(add_prefix_space=True)]),
    "GPT-2's pattern written out": P.Sequence(
        [
            P.Split(Regex(GPT2_PATTERN), "isolated"),
            P.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    ),
}


@pytest.mark.parametrize("name", OBEYED)
def test_pre_tokenizers_that_bpe_obeys(name: str, tmp_path: Path) -> None:
    theirs = byte_level(OBEYED[name])
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = BPE.load(tmp_path)
    for text in BPE_TEXTS:
        same(ours, theirs, text)
    ours.save(tmp_path / "ours")
    for text in BPE_TEXTS:
        same(BPE.load(tmp_path / "ours"), theirs, text)


BPE_ADDED = {
    "special": TheirToken("<sep>", special=True),
    "plain": TheirToken("<sep>"),
    "strips both": TheirToken("<sep>", lstrip=True, rstrip=True),
    "a known token": TheirToken("low"),
    "a word": TheirToken("low", single_word=True),
}


@pytest.mark.parametrize("space", [True, False])
@pytest.mark.parametrize("name", BPE_ADDED)
def test_tokens_added_to_a_bpe(name: str, space: bool, tmp_path: Path) -> None:
    theirs = byte_level(P.ByteLevel(add_prefix_space=space))
    theirs.add_tokens([BPE_ADDED[name]])
    theirs.save(str(tmp_path / "tokenizer.json"))
    ours = BPE.load(tmp_path)
    ours.save(tmp_path / "ours")
    for tokenizer in (ours, BPE.load(tmp_path / "ours")):
        for text in BPE_TEXTS:
            same(tokenizer, theirs, text)


@pytest.mark.parametrize("space", [True, False])
def test_a_space_before_beside_a_vocab_json(space: bool, tmp_path: Path) -> None:
    byte_level(P.ByteLevel()).model.save(str(tmp_path))
    write(tmp_path, tokenizer_config_json={"add_prefix_space": space})
    theirs, ours = hf.GPT2Tokenizer.from_pretrained(tmp_path), BPE.load(tmp_path)
    for text in BPE_TEXTS:
        assert ours.tokens_of(ours.encode(text, specials=True)) == theirs.tokenize(text), text
    theirs.save_pretrained(tmp_path / "again")
    assert BPE.load(tmp_path / "again").encode("low") == ours.encode("low")


LLAMA_LIKE = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s+"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: byte_level(P.Sequence([
                P.Split(Regex(LLAMA_LIKE), "isolated"),
                P.ByteLevel(add_prefix_space=False, use_regex=False),
            ])),
            r"the pre_tokenizer .*Split.*give a folder with ByteLevel and its own pattern",
        ),
        (
            lambda: byte_level(P.Sequence([
                P.Split(Regex(GPT2_PATTERN), "removed"), P.ByteLevel(use_regex=False),
            ])),
            r"the pre_tokenizer .*Removed",
        ),
        (
            lambda: byte_level(P.Sequence([
                P.Split(Regex(GPT2_PATTERN), "isolated", invert=True),
                P.ByteLevel(add_prefix_space=False, use_regex=False),
            ])),
            r"the pre_tokenizer .*Isolated.*invert",
        ),
        (lambda: byte_level(P.Sequence([P.Digits(), P.ByteLevel()])), r"pre_tokenizer .*Digits"),
        (lambda: byte_level(P.ByteLevel(use_regex=False)), r"pre_tokenizer .*use_regex\": false"),
        (lambda: byte_level(P.ByteLevel(), normalizers.Lowercase()), r"the normalizer .*Lowercase"),
        (lambda: byte_level(P.ByteLevel(), normalizers.NFC()), r"the normalizer .*NFC"),
        (lambda: byte_level(P.ByteLevel(), dropout=0.1), r"model.dropout 0.1, .*dropout=null"),
        (lambda: byte_level(P.ByteLevel(), byte_fallback=True), r"model.byte_fallback true"),
        (lambda: byte_level(P.ByteLevel(), ignore_merges=True), r"model.ignore_merges true"),
    ],
    ids=[
        "another pattern", "another way to split", "inverted", "digits", "no pattern",
        "lowercase", "nfc", "dropout", "byte fallback", "ignore merges",
    ],
)  # fmt: skip
def test_what_bpe_refuses(make: Callable[[], Tokenizer], message: str, tmp_path: Path) -> None:
    make().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match=message):
        BPE.load(tmp_path)


@pytest.mark.parametrize("key", ["continuing_subword_prefix", "end_of_word_suffix"])
def test_marks_of_pieces_that_bpe_refuses(key: str, tmp_path: Path) -> None:
    theirs = byte_level(P.ByteLevel(add_prefix_space=False))
    BPE.load(edited(tmp_path, theirs, lambda w: w["model"].update({key: ""})))  # as GPT-2's file
    with pytest.raises(ValueError, match=rf"with model\.{key} @@, .*none: {key}=null"):
        BPE.load(edited(tmp_path, theirs, lambda w: w["model"].update({key: "@@"})))


def test_what_bpe_refuses_of_a_config(tmp_path: Path) -> None:
    byte_level(P.ByteLevel()).model.save(str(tmp_path))
    write(tmp_path, tokenizer_config_json={"tokenizer_class": "Qwen2Tokenizer"})
    with pytest.raises(ValueError, match=r"tokenizer_class Qwen2Tokenizer, .*a tokenizer\.json"):
        BPE.load(tmp_path)
    byte_level(P.ByteLevel(add_prefix_space=True)).save(str(tmp_path / "tokenizer.json"))
    write(tmp_path, tokenizer_config_json={"add_prefix_space": False})
    with pytest.raises(ValueError, match=r"tokenizer.json has add_prefix_space=True, and .*=False"):
        BPE.load(tmp_path)


def test_tokenizer_json_is_read_before_the_older_files(tmp_path: Path) -> None:
    """Where both are there it says more: here, that the pattern is another one."""
    theirs = byte_level(P.Sequence([P.Digits(), P.ByteLevel()]))
    theirs.model.save(str(tmp_path))
    BPE.load(tmp_path)
    theirs.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match="Digits"):
        BPE.load(tmp_path)
    with pytest.raises(ValueError, match=r"holds the tokenizer\.json of another tokenizer"):
        BPE.train("low low", 258).save(tmp_path)
    with pytest.raises(ValueError, match=r"would be read in place of this one; give a new folder"):
        WordPiece.train("low low", 20).save(tmp_path)


def test_special_ids_of_a_german_vocabulary(tmp_path: Path) -> None:
    tokens = ["[PAD]", "[unused]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "w"]
    write(tmp_path, vocab_txt="\ufeff" + "\n".join(tokens) + "\n")  # with a byte order mark
    assert WordPiece.load(tmp_path).special == SpecialIds(pad=0, unk=2, cls=3, sep=4, mask=5)
