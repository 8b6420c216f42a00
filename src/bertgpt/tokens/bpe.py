"""Byte-level BPE, the tokens of GPT-2: any text becomes numbers, and comes back byte for byte.

Sennrich, Haddow and Birch (2016) learn which neighbours to join; Radford et al. (2019, section 2.2)
begin with bytes, of which there are 256, and never join across the kinds of characters.
"""

import heapq
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from bertgpt.config import SpecialIds
from bertgpt.tokens.pair_merging import Pair, learn_merges
from bertgpt.tokens.tokenizer import (
    Tokenizer,
    count_words,
    in_order,
    read_json,
    read_lines,
)

END = "<|endoftext|>"


@cache
def byte_alphabet() -> tuple[str, ...]:
    """The character that stands for each byte in GPT-2's files: visible, and no white space.

    Bytes that are visible in Latin-1 stand for themselves, the others for characters from 256 up.

    >>> byte_alphabet()[ord("A")], byte_alphabet()[ord(" ")], byte_alphabet()[ord("\\n")]
    ('A', 'Ġ', 'Ċ')
    """
    visible = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(256, 512))
    return tuple(chr(byte if byte in visible else next(others)) for byte in range(256))


@cache
def _splitter() -> re.Pattern[str]:
    """GPT-2's pattern. `re` knows no letters and numbers as Unicode has them, so we list them."""
    spans: dict[str, list[list[int]]] = {"L": [], "N": [], "Z": []}
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(character := chr(code))[0]
        if character.isspace() and not 0x1C <= code <= 0x1F:  # which only Python calls space
            kind = "Z"
        if kind in spans:
            if spans[kind] and spans[kind][-1][1] == code - 1:
                spans[kind][-1][1] = code
            else:
                spans[kind].append([code, code])
    L, N, Z = (
        "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in runs) for runs in spans.values()
    )
    return re.compile(
        rf"'(?:[stmd]|re|ve|ll)| ?[{L}]+| ?[{N}]+| ?[^{L}{N}{Z}]+|[{Z}]+(?![^{Z}])|[{Z}]+"
    )


def split(text: str) -> list[str]:
    """Cut where no token may reach across: between letters, numbers, other marks and white space.

    One space belongs to what follows it (Radford et al. 2019, in the released code). Letters and
    numbers are those of the Unicode that this Python has.

    >>> split("It's 3 o'clock!  ")
    ['It', "'s", ' 3', ' o', "'", 'clock', '!', '  ']
    """
    return _splitter().findall(text)


class BPE(Tokenizer):
    """A tokenizer of bytes and of merges.

    Attributes:
        merges: pairs of tokens, the first learned first.

    >>> bpe = BPE.train("low low lower lowest", vocab_size=261)
    >>> bpe.named(bpe.encode("a lower slow"))
    ['a', 'Ġlowe', 'r', 'Ġ', 's', 'low']
    >>> bpe.decode(bpe.encode("naïve 🙂"))
    'naïve 🙂'
    """

    kind = "BPE"

    def __init__(self, tokens: Sequence[str], merges: Sequence[Pair]) -> None:
        """Take tokens in the order of their numbers, and merges, the first learned first.

        A token that is no byte and that no merge writes is special: it stands for no text.

        Raises:
            ValueError: if a token stands twice, or a merge names or makes one that is not there.
        """
        super().__init__(tokens)
        self.merges = tuple(merges)
        self._ranks: dict[tuple[int, int], tuple[int, int]] = {}  # pair -> rank, what it becomes
        for rank, (a, b) in enumerate(self.merges):
            if strange := [token for token in (a, b, a + b) if token not in self.ids]:
                raise ValueError(
                    f"merge {rank + 1}, {a!r} and {b!r}, names or makes {strange[0]!r}, which is "
                    f"none of the {len(self.tokens)} tokens; take both files from one tokenizer"
                )
            self._ranks[self.ids[a], self.ids[b]] = rank, self.ids[a + b]
        written = {*byte_alphabet(), *(a + b for a, b in self.merges)}
        self.specials = tuple(token for token in self.tokens if token not in written)
        self._byte_ids = [self.ids.get(letter, -1) for letter in byte_alphabet()]
        self._bytes = {letter: byte for byte, letter in enumerate(byte_alphabet())}

    @property
    def special(self) -> SpecialIds:
        """Numbers of special tokens; all but that of ``<|endoftext|>`` are -1."""
        end = self.ids.get(END, -1)
        return SpecialIds(-1, -1, end, end, -1)

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        *,
        min_count: int = 2,
        specials: Sequence[str] = (END,),
    ) -> "BPE":
        """Learn merges. Numbers go to special tokens, then bytes, then merges in their order.

        Args:
            texts: a text or several.
            vocab_size: V, at least the special tokens and 256; fewer come out where no pair occurs
                `min_count` times.
            min_count: how often a pair must occur to be joined.
            specials: tokens that no text contains.
        Raises:
            ValueError: if the texts are empty, or V is too small.
        """
        letters = byte_alphabet()
        counted = count_words(texts, split)
        words = {"".join(letters[b] for b in word.encode()): n for word, n in counted.items()}
        found = learn_merges(words, [*specials, *sorted(letters)], vocab_size, min_count=min_count)
        return cls(found.tokens, found.merges)

    def words(self, text: str) -> list[str]:
        """As :func:`split`."""
        return split(text)

    def spans(self, text: str, *, specials: bool = False) -> list[tuple[int, int]]:
        """Where each token of `encode` stands: (first character, last + 1).

        A token of some bytes of a character spans the whole of it.
        """
        owner = [i for i, character in enumerate(text) for _ in character.encode()]
        found, begin = [], 0
        for i in self.encode(text, specials=specials):
            end = begin + len(self._raw(self.tokens[i]))
            found.append((owner[begin], owner[end - 1] + 1))
            begin = end
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """The text of numbers; bytes that make no character become U+FFFD, as in GPT-2."""
        return self.decode_bytes(ids).decode(errors="replace")

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of numbers.

        Raises:
            ValueError: for a number that no token has.
        """
        return b"".join(map(self._raw, self.named(ids)))

    def save(self, folder: str | Path) -> None:
        """Write vocab.json and merges.txt, the files of GPT-2; the folder is made if missing."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        vocab = json.dumps(self.ids, ensure_ascii=False)
        (folder / "vocab.json").write_text(vocab, encoding="utf-8")
        lines = ["#version: 0.2", *(f"{a} {b}" for a, b in self.merges), ""]
        (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, folder: str | Path) -> "BPE":
        """Read vocab.json and merges.txt, or tokenizer.json, from a folder.

        Raises:
            ValueError: if the files are missing or damaged, or of another kind of tokenizer.
        """
        folder = Path(folder)
        merges: list[list[str]]
        if (folder / "vocab.json").exists() and (folder / "merges.txt").exists():
            ids = read_json(folder / "vocab.json", cls.kind)
            lines = read_lines(folder / "merges.txt")
            merges = [line.split() for line in lines if line and line[:8] != "#version"]
        else:
            whole = read_json(folder / "tokenizer.json", cls.kind)
            if '"ByteLevel"' not in json.dumps(whole.get("pre_tokenizer")):
                raise ValueError(f"{folder}: this BPE is not of bytes; give one like GPT-2's")
            ids, pairs = whole["model"]["vocab"], whole["model"].get("merges", [])
            merges = [pair.split() if isinstance(pair, str) else pair for pair in pairs]
        if wrong := [merge for merge in merges if len(merge) != 2]:
            raise ValueError(f"{folder}: merge {wrong[0]} does not join two tokens; get it anew")
        return cls(in_order(ids, folder), [(a, b) for a, b in merges])

    def _raw(self, token: str) -> bytes:
        if token in self.specials:
            return token.encode()
        return bytes(self._bytes[letter] for letter in token)

    def cut(self, word: str) -> list[int]:
        """Apply the merges to one word, the first learned first, each from left to right."""
        held = [self._byte_ids[byte] for byte in word.encode()]
        if -1 in held:
            byte = word.encode()[held.index(-1)]
            raise ValueError(
                f"the vocabulary has no token for byte {byte} in {word[:40]!r}; one that is to "
                "write any text needs all 256"
            )
        n = len(held)
        left, right = list(range(-1, n - 1)), [*range(1, n), -1]
        heap: list[tuple[int, int, int, int]] = []  # rank, place, what to join

        def offer(place: int) -> None:
            if place >= 0 and right[place] >= 0:
                a, b = held[place], held[right[place]]
                if (a, b) in self._ranks:
                    heapq.heappush(heap, (self._ranks[a, b][0], place, a, b))

        for place in range(n - 1):
            offer(place)
        while heap:
            _, place, a, b = heapq.heappop(heap)
            after = right[place]
            if held[place] != a or after < 0 or held[after] != b:
                continue
            held[place], held[after] = self._ranks[a, b][1], -1
            right[place] = right[after]
            if right[place] >= 0:
                left[right[place]] = place
            offer(left[place])
            offer(place)
        return [i for i in held if i >= 0]
