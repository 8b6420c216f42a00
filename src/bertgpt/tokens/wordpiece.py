"""WordPiece, the tokens of BERT: words of a cleaned text, cut into the longest known pieces.

Schuster and Nakajima (2012) made such vocabularies for speech recognition; BERT's way to clean,
split and cut is that of its released code (Devlin et al. 2019, section 3).
"""

import json
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from bertgpt.config import SpecialIds
from bertgpt.tokens.pair_merging import learn_merges
from bertgpt.tokens.tokenizer import (
    Tokenizer,
    count_words,
    in_order,
    read_json,
    read_lines,
)

SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")  # as the fields of SpecialIds
PREFIX = "##"  # of a piece that does not begin its word
LONGEST = 100  # characters of a word; a longer one is unknown

# Ideographs, each a word by itself. (The block at 2B820 begins 256 later in `tokenizers`; so here.)
_IDEOGRAPHS = (
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F),
)  # fmt: skip


class Cleaning(dict[int, str]):
    """What BERT reads in place of each character; a table for `str.translate`.

    Control characters vanish, white space becomes a space, punctuation and ideographs get a space
    to each side. With `lower`, accents go and capitals become small, character by character (so
    that, as in `tokenizers`, a capital sigma at a word's end does not become the final one).

    >>> "Où est\\tle 猫?".translate(Cleaning(lower=True))
    'ou est le  猫  ? '
    """

    def __init__(self, *, lower: bool) -> None:
        super().__init__()
        self.lower = lower

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in "\t\n\r":
            text = " "
        elif character in "\0\ufffd" or unicodedata.category(character) in ("Cc", "Cf", "Co"):
            text = ""
        elif character.isspace():
            text = " "
        else:
            text = character
            if self.lower:
                apart = unicodedata.normalize("NFD", character)
                text = "".join(c.lower() for c in apart if unicodedata.category(c) != "Mn")
            text = "".join(f" {c} " if _is_mark(c) else c for c in text)
            if any(low <= code <= high for low, high in _IDEOGRAPHS):
                text = f" {text} "
        self[code] = text
        return text


def _is_mark(character: str) -> bool:
    """Punctuation, and all of ASCII that is visible and neither letter nor digit."""
    if character.isascii():
        return character.isprintable() and not character.isalnum() and character != " "
    return unicodedata.category(character)[0] == "P"


class WordPiece(Tokenizer):
    """A tokenizer of pieces of words.

    Attributes:
        lower: whether small and capital letters, and letters with and without accents, are one.
        special: numbers of the special tokens, -1 for those that the vocabulary lacks.

    >>> wordpiece = WordPiece.train("low low lower lowest", vocab_size=21)
    >>> wordpiece.named(wordpiece.encode("Lower, slow"))
    ['lowe', '##r', '[UNK]', '[UNK]']
    """

    kind = "WordPiece"

    def __init__(self, tokens: Sequence[str], *, lower: bool = True) -> None:
        """Take tokens in the order of their numbers.

        Raises:
            ValueError: if a token stands twice, or "[UNK]" is not there.
        """
        super().__init__(tokens)
        if "[UNK]" not in self.ids:
            raise ValueError(
                f"none of the {len(self)} tokens is '[UNK]', which stands for what the others "
                "cannot write; add it"
            )
        self.lower = lower
        self.special = SpecialIds(*(self.ids.get(token, -1) for token in SPECIALS))
        self.specials = tuple(token for token in SPECIALS if token in self.ids)
        self._cleaning = Cleaning(lower=lower)
        self._longest = max(map(len, self.tokens))

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

        How Google trained BERT's vocabulary was not published. Numbers go to special tokens, then
        characters, then characters inside words, then joined pieces in the order of their joining.
        (`tokenizers` numbers characters inside words in no fixed order, so that two of its own runs
        may differ; we sort them.)

        Args:
            texts: a text or several.
            vocab_size: V; fewer come out where no pair occurs `min_count` times.
            min_count: how often a pair must occur to be joined.
            lower: join small and capital letters, with and without accents.
        Raises:
            ValueError: if the texts are empty, or V is too small.
        """
        table = Cleaning(lower=lower)
        words = count_words(texts, lambda text: text.translate(table).split())
        first = sorted({c for word in words for c in word})
        inside = sorted({PREFIX + c for word in words for c in word[1:]})
        symbols = [*SPECIALS, *first, *inside]
        found = learn_merges(words, symbols, vocab_size, min_count=min_count, prefix=PREFIX)
        return cls(found.tokens, lower=lower)

    def words(self, text: str) -> list[str]:
        """The words of a text, cleaned."""
        return text.translate(self._cleaning).split()

    def cut(self, word: str) -> list[int]:
        """Take the longest piece that fits, again and again; "[UNK]" where none does."""
        found: list[int] = []
        start = 0
        while start < len(word):
            mark = PREFIX if start else ""
            end = min(len(word), start + self._longest - len(mark))
            while end > start and mark + word[start:end] not in self.ids:
                end -= 1
            if end == start or len(word) > LONGEST:
                return [self.special.unk]
            found.append(self.ids[mark + word[start:end]])
            start = end
        return found

    def spans(self, text: str, *, specials: bool = False) -> list[tuple[int, int]]:
        """Where each token of `encode` stands: (first character, last + 1)."""
        found, begin = list[tuple[int, int]](), 0
        for part in self.parts(text) if specials else [text]:
            if specials and part in self.specials:
                found.append((begin, begin + len(part)))
                begin += len(part)
                continue
            clean = [(c, begin + i) for i, raw in enumerate(part) for c in self._cleaning[ord(raw)]]
            begin, at = begin + len(part), 0
            for word in self.words(part):
                while clean[at][0] == " ":
                    at += 1
                for i in self.cut(word):
                    size = len(word) if i == self.special.unk else self._size(i)
                    found.append((clean[at][1], clean[at + size - 1][1] + 1))
                    at += size
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """Tokens with a space between words. What cleaning took away does not come back.

        Raises:
            ValueError: for a number that no token has.
        """
        return " ".join(self.named(ids)).replace(f" {PREFIX}", "")

    def save(self, folder: str | Path) -> None:
        """Write vocab.txt and tokenizer_config.json; the folder is made if missing."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(f"{token}\n" for token in self.tokens)
        (folder / "vocab.txt").write_text(text, encoding="utf-8", newline="\n")
        config = {"do_lower_case": self.lower, "tokenizer_class": "BertTokenizer"}
        (folder / "tokenizer_config.json").write_text(json.dumps(config) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: str | Path) -> "WordPiece":
        """Read vocab.txt (with do_lower_case of tokenizer_config.json), or tokenizer.json.

        Raises:
            ValueError: if the files are missing or damaged, or of another kind of tokenizer.
        """
        folder = Path(folder)
        if (folder / "vocab.txt").exists():
            tokens = [line.rstrip() for line in read_lines(folder / "vocab.txt")]
            said = folder / "tokenizer_config.json"
            config = read_json(said, cls.kind) if said.exists() else {}
            return cls(tokens, lower=config.get("do_lower_case", True))
        whole = read_json(folder / "tokenizer.json", cls.kind)
        tokens = in_order(whole["model"]["vocab"], folder)
        return cls(tokens, lower=(whole.get("normalizer") or {}).get("lowercase", False))

    def _size(self, i: int) -> int:
        return len(self.tokens[i].removeprefix(PREFIX))
