"""The parts that BPE and WordPiece share: words are encoded one by one, tokens have ids."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from bertgpt.tokens.added import AddedToken, Part, find
from bertgpt.tokens.vocab import checked_ids

REMEMBERED = 100_000  # words whose tokens are kept


class Tokenizer(ABC):
    """Tokens and their ids.

    Attributes:
        tokens: in the order of their ids.
        added: tokens that are found as they are written, before the text is split into words.
        specials: those of them that are not text.
    """

    kind: ClassVar[str]  # as tokenizer.json names it
    tokens: tuple[str, ...]
    added: dict[str, AddedToken]
    specials: tuple[str, ...]

    def __init__(self, tokens: Sequence[str], added: Iterable[AddedToken] = ()) -> None:
        """Take tokens in the order of their ids, and those that are found as they are written.

        Raises:
            ValueError: if a token is there twice, or an added one is not among the tokens.
        """
        self.tokens = tuple(tokens)
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self.ids) != len(self.tokens):
            twice = next(token for token, n in Counter(self.tokens).items() if n > 1)
            raise ValueError(f"token {twice!r} has two ids; give each token once")
        self.added = {token.content: token for token in added}
        if strange := [content for content in self.added if content not in self.ids]:
            raise ValueError(f"added token {strange[0]!r} has no id; put it among the tokens")
        special = [token for token, flags in self.added.items() if flags.special]
        self.specials = tuple(sorted(special, key=self.ids.__getitem__))
        self._known: dict[str, list[int]] = {}

    @abstractmethod
    def words(self, text: str) -> list[str]:
        """The words of a text, which no token reaches across."""

    @abstractmethod
    def encode_word(self, word: str) -> list[int]:
        """Ids of the tokens of one word."""

    def encode(self, text: str, *, specials: bool = False) -> list[int]:
        """Ids of the tokens of a text.

        Args:
            text: any text; "" has no tokens.
            specials: True reads special tokens that are written out in the text (``[MASK]``,
                ``<|endoftext|>``); by default these are characters like others, as in `tokenizers`
                with `encode_special_tokens`.
        Raises:
            ValueError: for anything but a text, a lone surrogate, or a byte that has no token.
        """
        check_text(text)
        ids: list[int] = []
        for part in self.parts(text, specials=specials):
            if part.token is not None:
                ids.append(self.ids[part.token])
                continue
            for word in self.words(text[part.begin : part.end]):
                ids += self._encode_known(word)
        return ids

    def spans(self, text: str, *, specials: bool = False) -> list[tuple[int, int]]:
        """Place of each token of `encode`: (first character, last + 1).

        A token of some bytes of a character spans the whole of it.

        Raises:
            ValueError: as for `encode`.
        """
        check_text(text)
        found: list[tuple[int, int]] = []
        for part in self.parts(text, specials=specials):
            if part.token is None:
                found += self._spans(text[part.begin : part.end], part.begin)
            else:
                found.append((part.begin, part.end))
        return found

    @abstractmethod
    def _spans(self, text: str, begin: int) -> list[tuple[int, int]]:
        """Places of the tokens of a part of a text that begins at `begin`."""

    def _encode_known(self, word: str) -> list[int]:
        found = self._known.get(word)
        if found is None:
            found = self.encode_word(word)
            if len(self._known) < REMEMBERED:
                self._known[word] = found
        return found

    def parts(self, text: str, *, specials: bool = False) -> list[Part]:
        """The added tokens that are written out in a text, and what lies between them."""
        parts = [Part(0, len(text))]
        # First those that are looked for as they are written, then those in the cleaned text.
        for normalized in (False, True):
            wanted = [t for t in self.added.values() if t.normalized == normalized]
            if not wanted or not (specials or any(not t.special for t in wanted)):
                continue
            between, parts = parts, []
            for part in between:
                if part.token is not None:
                    parts.append(part)
                else:
                    parts += self._apart(text, part, wanted, specials)
        return [part for part in parts if part.end > part.begin]

    def _apart(self, text: str, part: Part, wanted: list[AddedToken], specials: bool) -> list[Part]:
        """Added tokens in one part of a text, and what lies between them."""
        piece = text[part.begin : part.end]
        if wanted[0].normalized:
            piece, owner = self.normalized(piece)
            written = {self.normalized(token.content)[0]: token for token in reversed(wanted)}
        else:
            owner = list(range(len(piece)))
            written = {token.content: token for token in wanted}
        owner.append(part.end - part.begin)
        found, last = [], part.begin
        for begin, end, token in find(piece, written):
            if token.special and not specials:
                continue
            here = part.begin + owner[begin]
            there = part.begin + (owner[end - 1] + 1 if end < len(piece) else owner[-1])
            found += [Part(last, here), Part(here, there, token.content)]
            last = there
        return [*found, Part(last, part.end)]

    def normalized(self, text: str) -> tuple[str, list[int]]:
        """The text after cleaning, and for each character of it the place it comes from."""
        return text, list(range(len(text)))

    def tokens_of(self, ids: Iterable[int]) -> list[str]:
        """The tokens of these ids.

        Raises:
            ValueError: for what is not an id, and for an id that no token has.
        """
        return [self.tokens[i] for i in checked_ids(ids, len(self), "token")]

    def __len__(self) -> int:
        return len(self.tokens)

    def __repr__(self) -> str:
        return f"{self.kind}({len(self)} tokens)"


def check_text(text: Any, which: str = "the text") -> None:
    """Refuse anything but a text, and half a character: a lone surrogate, which is not UTF-8.

    Args:
        which: how the message calls it.
    Raises:
        ValueError: naming the type, or the surrogate and its place.
    """
    if not isinstance(text, str):
        raise ValueError(
            f"expected {which} to be a str, got {type(text).__name__} ({text!r:.40}); an empty "
            "cell of a table reads as None or nan: leave it out"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start} of {which} is {text[error.start]!r}, a lone surrogate: half "
            "a character, which UTF-8 cannot write; read the text with errors='replace'"
        ) from None


def count_words(texts: str | Iterable[str], split: Callable[[str], Iterable[str]]) -> Counter[str]:
    """How often each word occurs; no word reaches from one text into the next.

    Raises:
        ValueError: if there is no word, something that is not a text, or half a character.
    """
    if not isinstance(texts, Iterable) or isinstance(texts, bytes):
        raise ValueError(
            f"expected a str or several, got {type(texts).__name__} ({texts!r:.40}); decode bytes "
            "first: text.decode()"
        )
    counts: Counter[str] = Counter()
    for number, text in enumerate([texts] if isinstance(texts, str) else texts):
        check_text(text, "the text" if isinstance(texts, str) else f"text {number}")
        counts.update(split(text))
    if not counts:
        raise ValueError("the texts are empty, so there is nothing to learn; give some text")
    return counts
