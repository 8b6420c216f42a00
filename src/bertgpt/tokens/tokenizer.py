"""What BPE and WordPiece have in common: words are cut one by one, tokens have numbers."""

import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

REMEMBERED = 100_000  # words whose tokens are kept


class Tokenizer(ABC):
    """Tokens and their numbers.

    Attributes:
        tokens: in the order of their numbers.
        specials: those that stand for no text.
    """

    kind: ClassVar[str]  # as tokenizer.json names it
    tokens: tuple[str, ...]
    specials: tuple[str, ...]

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tuple(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self.ids) != len(self.tokens):
            twice = next(token for token, n in Counter(self.tokens).items() if n > 1)
            raise ValueError(f"token {twice!r} has two numbers; give each token once")
        self._known: dict[str, list[int]] = {}

    @abstractmethod
    def words(self, text: str) -> list[str]:
        """The words of a text, which no token reaches across."""

    @abstractmethod
    def cut(self, word: str) -> list[int]:
        """Numbers of the tokens of one word."""

    def encode(self, text: str, *, specials: bool = False) -> list[int]:
        """Numbers of the tokens of a text.

        Args:
            text: any text; "" has no tokens.
            specials: True reads special tokens that are written out in the text (``[MASK]``,
                ``<|endoftext|>``); by default these are characters like others.
        Raises:
            ValueError: for a lone surrogate, or a byte that the vocabulary lacks.
        """
        check_text(text)
        ids: list[int] = []
        for part in self.parts(text) if specials else [text]:
            if specials and part in self.specials:
                ids.append(self.ids[part])
                continue
            for word in self.words(part):
                found = self._known.get(word)
                if found is None:
                    found = self.cut(word)
                    if len(self._known) < REMEMBERED:
                        self._known[word] = found
                ids += found
        return ids

    def parts(self, text: str) -> list[str]:
        """The special tokens that are written out in a text, and what lies between them."""
        longest_first = sorted(self.specials, key=len, reverse=True)
        pattern = "|".join(map(re.escape, longest_first))
        return [part for part in re.split(f"({pattern})", text) if part] if pattern else [text]

    def named(self, ids: Iterable[int]) -> list[str]:
        """The tokens of numbers.

        Raises:
            ValueError: for a number that no token has.
        """
        ids = list(ids)
        if strange := [i for i in ids if not 0 <= i < len(self)]:
            raise ValueError(f"no token has number {strange[0]}; numbers run 0 to {len(self) - 1}")
        return [self.tokens[i] for i in ids]

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"{self.kind}({len(self)} tokens)"


def check_text(text: str) -> None:
    """Refuse half a character: a lone surrogate, which no UTF-8 can write.

    Raises:
        ValueError: naming the surrogate and its place.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start} of the text is {text[error.start]!r}, a lone surrogate: half "
            "a character, which UTF-8 cannot write; read the text with errors='replace'"
        ) from None


def count_words(texts: str | Iterable[str], split: Callable[[str], Iterable[str]]) -> Counter[str]:
    """How often each word occurs; no word reaches from one text into the next.

    Raises:
        ValueError: if there is no word, or half a character in a text.
    """
    counts: Counter[str] = Counter()
    for text in [texts] if isinstance(texts, str) else texts:
        check_text(text)
        counts.update(split(text))
    if not counts:
        raise ValueError("the texts are empty, so there is nothing to learn; give some text")
    return counts


def read_lines(path: Path) -> list[str]:
    """Lines of a text file of a tokenizer.

    Raises:
        ValueError: if it is no UTF-8.
    """
    try:
        return path.read_text("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is damaged ({error}); get it anew") from None


def read_json(path: Path, kind: str) -> dict[str, Any]:
    """What a JSON file of a tokenizer says.

    Raises:
        ValueError: if it is missing, damaged, or tokenizer.json of another kind.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
        if path.name == "tokenizer.json":
            if found["model"]["type"] != kind:
                raise ValueError(f"it is a {found['model']['type']}, and {kind} is read here")
            added = {token["content"]: token["id"] for token in found["added_tokens"]}
            found["model"]["vocab"] |= added
        return dict(found)
    except FileNotFoundError:
        files = {"BPE": "vocab.json and merges.txt", "WordPiece": "vocab.txt"}[kind]
        raise ValueError(
            f"{path.parent} holds neither {files} nor tokenizer.json; give the folder of a {kind} "
            "tokenizer"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged or no {kind} tokenizer ({error}); get it anew"
        ) from None


def in_order(ids: Mapping[str, int], source: Path) -> list[str]:
    """Tokens in the order of their numbers.

    Raises:
        ValueError: if the numbers are not 0, 1, 2, ...
    """
    if set(ids.values()) != set(range(len(ids))):
        raise ValueError(
            f"{source}: the numbers of its {len(ids)} tokens are not 0 to {len(ids) - 1}, each "
            "once; get it anew"
        )
    return sorted(ids, key=ids.__getitem__)
