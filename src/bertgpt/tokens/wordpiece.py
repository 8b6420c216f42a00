"""WordPiece, the tokens of BERT: words of a cleaned text, cut into the longest known pieces.

Schuster and Nakajima (2012) made such vocabularies for speech recognition; BERT's way to clean,
split and cut is that of its released code (Devlin et al. 2019, section 3).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bertgpt.config import SpecialIds
from bertgpt.tokens import files
from bertgpt.tokens.added import AddedToken, is_space
from bertgpt.tokens.pair_merging import learn_merges
from bertgpt.tokens.tokenizer import Tokenizer, check_text, count_words

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # as the fields of SpecialIds
PREFIX = "##"  # of a piece that does not begin its word
LONGEST = 100  # characters of a word; a longer one is unknown
# Tokenizers of `transformers` that read vocab.txt as BERT's does.
CLASSES = ("Bert", "DistilBert", "Electra", "MobileBert", "LayoutLM", "Retribert")

# Ideographs, each a word by itself. (The block at 2B820 begins 256 later in `tokenizers`; so here.)
_IDEOGRAPHS = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class Cleaning(dict[int, str]):
    """The text that BERT reads in place of each character; a table for `str.translate`.

    Control characters vanish, white space becomes a space, punctuation and ideographs get a space
    on each side. With `lower`, accents go and capitals become small, character by character (so,
    as in `tokenizers`, a capital sigma at a word's end does not become the final one). Kinds of
    characters are those of the Unicode that this Python has, as in Google's code; `tokenizers` has
    older tables, and cleans some hundred young characters otherwise.

    Args:
        lower: make capitals small.
        strip_accents: take accents off letters; None means if `lower`.
        ideographs: make each ideograph a word by itself.
        control: take control characters out, and make all white space spaces.
        marks: put spaces around punctuation, which splits the text into words.

    >>> "Où est\\tle 猫?".translate(Cleaning(lower=True))
    'ou est le  猫  ? '
    """

    def __init__(
        self,
        *,
        lower: bool,
        strip_accents: bool | None = None,
        ideographs: bool = True,
        control: bool = True,
        marks: bool = True,
    ) -> None:
        super().__init__()
        self.lower, self.ideographs, self.control, self.marks = lower, ideographs, control, marks
        self.strip_accents = lower if strip_accents is None else strip_accents

    def __missing__(self, code: int) -> str:
        text = self._clean(chr(code))
        if self.ideographs and any(low <= code <= high for low, high in _IDEOGRAPHS):
            text = f" {text} "
        self[code] = text
        return text

    def _clean(self, character: str) -> str:
        if self.control:
            if character in "\t\n\r":
                return " "
            if character in "\0\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co"):
                return ""
            if character.isspace():
                return " "
        text = character
        if self.strip_accents:  # apart into letter and accents, of which the letter stays
            apart = unicodedata.normalize("NFD", character)
            text = "".join(c for c in apart if unicodedata.category(c) != "Mn")
        if self.lower:
            text = "".join(c.lower() for c in text)
        if self.marks:
            text = "".join(f" {c} " if _is_mark(c) else c for c in text)
        return text


def _is_mark(character: str) -> bool:
    """Punctuation, and all of ASCII that is visible and neither letter nor digit."""
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character)[0] == "P"


class WordPiece(Tokenizer):
    """A tokenizer of pieces of words.

    Attributes:
        cleaning: the table that texts are cleaned by.
        lower: whether capitals are made small in it.
        longest: characters of a word; a longer one is unknown.
        special: ids of the special tokens, -1 for those that the vocabulary does not have.

    >>> wordpiece = WordPiece.train("low low lower lowest", vocab_size=21)
    >>> wordpiece.tokens_of(wordpiece.encode("Lower, slow"))
    ['lowe', '##r', '[UNK]', '[UNK]']
    """

    kind = "WordPiece"

    def __init__(
        self,
        tokens: Sequence[str],
        *,
        lower: bool = True,
        strip_accents: bool | None = None,
        ideographs: bool = True,
        control: bool = True,
        longest: int = LONGEST,
        added: Sequence[AddedToken] = (),
    ) -> None:
        """Take tokens in the order of their ids.

        Args:
            lower: and the three after it, as for `Cleaning`.
            longest: characters of a word; a longer one becomes "[UNK]".
            added: tokens that are found as they are written, besides "[PAD]" to "[MASK]".
        Raises:
            ValueError: if a token is there twice, or "[UNK]" is missing.
        """
        given = {token.content for token in added}
        usual = [AddedToken(t) for t in SPECIALS if t in tokens and t not in given]
        super().__init__(tokens, [*usual, *added])
        if "[UNK]" not in self.ids:
            raise ValueError(
                f"none of the {len(self)} tokens is '[UNK]', which stands for what the others "
                "cannot write; add it"
            )
        self.lower, self.longest = lower, longest
        self.special = SpecialIds(*(self.ids.get(token, -1) for token in SPECIALS))
        self.cleaning = Cleaning(
            lower=lower, strip_accents=strip_accents, ideographs=ideographs, control=control
        )
        self._before_marks = Cleaning(
            lower=lower, strip_accents=strip_accents, ideographs=ideographs, control=control,
            marks=False,
        )  # fmt: skip
        self._longest_piece = max(map(len, self.tokens))

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        *,
        min_count: int = 2,
        lower: bool = True,
    ) -> "WordPiece":
        """Learn pieces by joining the most frequent pair, as `tokenizers` does.

        How Google trained BERT's vocabulary was not published. Ids go to special tokens, then
        characters, then characters inside words, then joined pieces in the order of their joining.
        (`tokenizers` numbers characters inside words in no fixed order, so two of its own runs may
        differ; we sort them.)

        Args:
            texts: a text or several.
            vocab_size: V; fewer come out where no pair occurs `min_count` times.
            min_count: how often a pair must occur to be joined.
            lower: make capitals small and take accents off.
        Raises:
            ValueError: if the texts are empty, or V is too small.
        """
        table = Cleaning(lower=lower)
        words = count_words(texts, lambda text: _split(text.translate(table)))
        first = sorted({c for word in words for c in word})
        inside = sorted({PREFIX + c for word in words for c in word[1:]})
        symbols = [*SPECIALS, *first, *inside]
        found = learn_merges(words, symbols, vocab_size, min_count=min_count, prefix=PREFIX)
        return cls(found.tokens, lower=lower)

    def words(self, text: str) -> list[str]:
        """The words of a text, cleaned."""
        return _split(text.translate(self.cleaning))

    def normalized(self, text: str) -> tuple[str, list[int]]:
        """The cleaned text, not yet split at punctuation, and where each character comes from."""
        clean = [(c, i) for i, raw in enumerate(text) for c in self._before_marks[ord(raw)]]
        return "".join(c for c, _ in clean), [i for _, i in clean]

    def encode_word(self, word: str) -> list[int]:
        """Take the longest piece that fits, again and again; "[UNK]" where none does."""
        if len(word) > self.longest:
            return [self.special.unk]
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = PREFIX if start else ""
            end = min(len(word), start + self._longest_piece - len(mark))
            while end > start and mark + word[start:end] not in self.ids:
                end -= 1
            if end == start:  # no piece fits here, so the whole word is unknown
                return [self.special.unk]
            found.append(self.ids[mark + word[start:end]])
            start = end
        return found

    def spans(self, text: str, *, specials: bool = False) -> list[tuple[int, int]]:
        """Place of each token of `encode`: (first character, last + 1)."""
        check_text(text)
        found: list[tuple[int, int]] = []
        for part in self.parts(text, specials=specials):
            if part.token is None:
                found += self._spans(text[part.begin : part.end], part.begin)
            else:
                found.append((part.begin, part.end))
        return found

    def _spans(self, text: str, begin: int) -> list[tuple[int, int]]:
        """Places of the tokens of a part of a text that begins at `begin`."""
        # The characters of the words, without the spaces between, and where each comes from.
        owner = [
            begin + i
            for i, raw in enumerate(text)
            for c in self.cleaning[ord(raw)]
            if not is_space(c)
        ]
        found, at = [], 0
        for word in self.words(text):
            for i in self.encode_word(word):
                size = len(word) if i == self.special.unk else self._size(i)
                found.append((owner[at], owner[at + size - 1] + 1))
                at += size
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """Tokens with a space between words. Whatever cleaning took away does not come back.

        Raises:
            ValueError: for an id that no token has.
        """
        return " ".join(self.tokens_of(ids)).replace(f" {PREFIX}", "")

    def save(self, folder: str | Path) -> None:
        """Write vocab.txt and tokenizer_config.json; the folder is made if it is missing.

        Raises:
            ValueError: if it holds a tokenizer.json, which would be read in place of these.
        """
        folder = files.make_folder(folder)
        text = "".join(f"{token}\n" for token in self.tokens)
        (folder / "vocab.txt").write_text(text, encoding="utf-8", newline="\n")
        config = {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": self.lower,
            "strip_accents": self.cleaning.strip_accents,
            "tokenize_chinese_chars": self.cleaning.ideographs,
            # `transformers` has no names for these two.
            "clean_text": self.cleaning.control,
            "max_input_chars_per_word": self.longest,
        }
        files.write_config(folder, config, self.added, self.ids)

    @classmethod
    def load(cls, folder: str | Path) -> "WordPiece":
        """Read tokenizer.json, or else vocab.txt, from a folder, with tokenizer_config.json.

        What the files say about cleaning, long words and added tokens is obeyed; what changes
        tokens and cannot be done here (another normalizer, another prefix, ...) is refused.

        Raises:
            ValueError: if the files are missing or damaged, of another kind of tokenizer, or with
                a setting that is refused; it is named.
        """
        folder = Path(folder)
        config = files.read_config(folder)
        _check_config(folder, config)
        whole = files.read_whole(folder, cls.kind) if (folder / files.WHOLE).exists() else None
        ids: dict[str, int]
        if whole is not None:
            settings = _settings(folder, whole, config)
            ids = whole["model"]["vocab"]
        elif (folder / "vocab.txt").exists():
            settings = _config_settings(folder, config)
            lines = [line.rstrip() for line in files.read_lines(folder / "vocab.txt")]
            ids = {token: i for i, token in enumerate(lines)}
            if len(ids) < len(lines):  # `tokenizers` takes the last of two; which is meant?
                cls(lines)
        else:
            raise ValueError(
                f"{folder} holds neither vocab.txt nor tokenizer.json; give the folder of a "
                "WordPiece tokenizer"
            )
        more, added = files.read_added(folder, config, whole)
        return cls(files.in_order(ids | more, folder), added=added, **settings)

    def _size(self, i: int) -> int:
        return len(self.tokens[i].removeprefix(PREFIX))


def _split(text: str) -> list[str]:
    """The words between white space."""
    if not re.search("[\x1c-\x1f]", text):
        return text.split()
    # Four control characters are white space for Python, and for no one else.
    spaced = "".join(" " if is_space(c) else c for c in text)
    return [word for word in spaced.split(" ") if word]


def _check_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Refuse settings of tokenizer_config.json that change tokens and that we cannot do."""
    for name in SPECIALS:
        key = f"{name[1:-1].lower()}_token"
        said = config.get(key)
        said = said.get("content") if isinstance(said, dict) else said
        if said not in (None, name):
            files.refuse(folder, key, said, f"{key}={name!r}")
    if config.get("do_basic_tokenize") is False:
        files.refuse(folder, "do_basic_tokenize", False, "do_basic_tokenize=true")
    if config.get("never_split"):
        files.refuse(folder, "never_split", config["never_split"], "no such list")


def _config_settings(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """How to clean, as tokenizer_config.json beside a vocab.txt has it."""
    name = str(config.get("tokenizer_class") or "BertTokenizer")
    if name.removesuffix("Fast").removesuffix("Tokenizer") not in CLASSES:
        files.refuse(folder, "tokenizer_class", name, "BertTokenizer or a tokenizer.json")
    return {
        "lower": config.get("do_lower_case", True),
        "strip_accents": config.get("strip_accents"),
        "ideographs": config.get("tokenize_chinese_chars", True),
        "control": config.get("clean_text", True),
        "longest": config.get("max_input_chars_per_word", LONGEST),
    }


def _settings(folder: Path, whole: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """How to clean, as tokenizer.json has it; what else it wants is refused."""
    model, normalizer = whole["model"], files.only(whole.get("normalizer"))
    for key, ours in (("unk_token", "[UNK]"), ("continuing_subword_prefix", PREFIX)):
        if model.get(key, ours) != ours:
            files.refuse(folder, f"model.{key}", model[key], f"{key}={ours!r}")
    pre = files.only(whole.get("pre_tokenizer"))
    if not isinstance(pre, dict) or pre.get("type") != "BertPreTokenizer":
        files.refuse(folder, "the pre_tokenizer", pre, "a BertPreTokenizer")
    if normalizer is None:
        normalizer = dict.fromkeys(("lowercase", "handle_chinese_chars", "clean_text"), False)
    elif normalizer.get("type") != "BertNormalizer":
        files.refuse(folder, "the normalizer", normalizer, "a BertNormalizer")
    files.agreed(
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
        "longest": model.get("max_input_chars_per_word", LONGEST),
    }
