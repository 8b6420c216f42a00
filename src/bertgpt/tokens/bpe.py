"""Byte-level BPE, the tokens of GPT-2: any text becomes ids, and comes back byte for byte.

Sennrich, Haddow and Birch (2016) learn which neighbours to join; Radford et al. (2019, section 2.2)
begin with bytes, of which there are 256, and never join across the kinds of characters.
"""

import heapq
import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from bertgpt.config import SpecialIds
from bertgpt.tokens import files
from bertgpt.tokens.added import AddedToken
from bertgpt.tokens.pair_merging import Pair, learn_merges
from bertgpt.tokens.settings import bpe_config, bpe_settings
from bertgpt.tokens.splitting import split
from bertgpt.tokens.tokenizer import Tokenizer, count_words
from bertgpt.tokens.vocab import checked_specials

END_OF_TEXT = "<|endoftext|>"


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


class BPE(Tokenizer):
    """A tokenizer of bytes and of merges.

    Attributes:
        merges: pairs of tokens, the first learned first.
        prefix_space: whether a text that begins without a space gets one.

    >>> bpe = BPE.train("low low lower lowest", vocab_size=261)
    >>> bpe.tokens_of(bpe.encode("a lower slow"))
    ['a', 'Ġlowe', 'r', 'Ġ', 's', 'low']
    >>> bpe.decode(bpe.encode("naïve 🙂"))
    'naïve 🙂'
    """

    kind = "BPE"

    def __init__(
        self,
        tokens: Sequence[str],
        merges: Sequence[Pair],
        *,
        added: Sequence[AddedToken] = (),
        prefix_space: bool = False,
    ) -> None:
        """Take tokens in the order of their ids, and merges, the first learned first.

        A token that is not a byte and that no merge writes is special: it stands for no text.

        Args:
            added: tokens that are found as they are written, special or not.
        Raises:
            ValueError: if a token is there twice, or a merge names or makes one that is not there.
        """
        known = {token.content for token in added}
        written = {*byte_alphabet(), *(a + b for a, b in merges), *known}
        others = [AddedToken(token) for token in tokens if token not in written]
        super().__init__(tokens, [*added, *others])
        self.merges = tuple(merges)
        self.prefix_space = prefix_space
        self._ranks: dict[tuple[int, int], tuple[int, int]] = {}  # pair -> rank, what it becomes
        for rank, (a, b) in enumerate(self.merges):
            if strange := [token for token in (a, b, a + b) if token not in self.ids]:
                raise ValueError(
                    f"merge {rank + 1}, {a!r} and {b!r}, names or makes {strange[0]!r}, which is "
                    f"none of the {len(self.tokens)} tokens; take both files from one tokenizer"
                )
            self._ranks[self.ids[a], self.ids[b]] = rank, self.ids[a + b]
        self._byte_ids = [self.ids.get(letter, -1) for letter in byte_alphabet()]
        self._bytes = {letter: byte for byte, letter in enumerate(byte_alphabet())}

    @property
    def special(self) -> SpecialIds:
        """Ids of special tokens; all but that of ``<|endoftext|>`` are -1."""
        end = self.ids.get(END_OF_TEXT, -1)
        return SpecialIds(-1, -1, end, end, -1)

    @classmethod
    def train(
        cls,
        texts: str | Iterable[str],
        vocab_size: int,
        *,
        min_count: int = 2,
        specials: Sequence[str] = (END_OF_TEXT,),
    ) -> "BPE":
        """Learn merges. Ids go to special tokens, then bytes, then merges in their order.

        Args:
            texts: a text or several.
            vocab_size: V, at least the special tokens and 256; fewer come out where no pair occurs
                `min_count` times.
            min_count: how often a pair must occur to be joined.
            specials: tokens that are not text, of more than one word, as `split` splits them.
        Raises:
            ValueError: if the texts are empty, V is too small, the specials are a string, or
                merges could make one of them.
        """
        letters = byte_alphabet()
        specials = checked_specials(specials)
        for token in specials:
            if len(token) > 1 and len(split(token)) == 1:
                raise ValueError(
                    f"the special token {token!r} is one word, so merges could make it of a text; "
                    f"take letters between marks, such as '<|{token.strip('<|>') or 'x'}|>'"
                )
        counted = count_words(texts, split)
        words = {"".join(letters[b] for b in word.encode()): n for word, n in counted.items()}
        found = learn_merges(words, [*specials, *sorted(letters)], vocab_size, min_count=min_count)
        return cls(found.tokens, found.merges)

    def words(self, text: str) -> list[str]:
        """As `split`, with a space before the text if this vocabulary wants one."""
        return split(self._prefix(text) + text)

    def _prefix(self, text: str) -> str:
        return " " if self.prefix_space and text and not text.startswith(" ") else ""

    def _spans(self, text: str, begin: int) -> list[tuple[int, int]]:
        # The character that each byte belongs to; a space put before the text, to its first.
        owner = [begin] * len(self._prefix(text))
        owner += [begin + i for i, character in enumerate(text) for _ in character.encode()]
        found, at = [], 0
        for word in self.words(text):
            for i in self._encode_known(word):
                size = len(self._raw(self.tokens[i]))
                found.append((owner[at], owner[at + size - 1] + 1))
                at += size
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """The text of these ids; bytes that make no character become U+FFFD, as in GPT-2.

        Raises:
            ValueError: as for `tokens_of`.
        """
        return self.decode_bytes(ids).decode(errors="replace")

    def decode_bytes(self, ids: Iterable[int]) -> bytes:
        """The bytes of these ids.

        Raises:
            ValueError: as for `tokens_of`.
        """
        return b"".join(map(self._raw, self.tokens_of(ids)))

    def save(self, folder: str | Path) -> None:
        """Write the files of GPT-2, vocab.json, merges.txt and tokenizer_config.json.

        The folder is made if it is missing.

        Raises:
            ValueError: if it holds a tokenizer.json, which would be read in place of these.
        """
        folder = files.make_folder(folder)
        vocab = json.dumps(self.ids, ensure_ascii=False)
        (folder / "vocab.json").write_text(vocab, encoding="utf-8")
        lines = ["#version: 0.2", *(f"{a} {b}" for a, b in self.merges), ""]
        (folder / "merges.txt").write_text("\n".join(lines), encoding="utf-8", newline="\n")
        config = {"tokenizer_class": "GPT2Tokenizer", "add_prefix_space": self.prefix_space}
        files.write_config(folder, config, self.added, self.ids)

    @classmethod
    def load(cls, folder: str | Path) -> "BPE":
        """Read tokenizer.json, or else vocab.json and merges.txt, from a folder.

        What the files say about spaces and added tokens is obeyed; what changes tokens and cannot
        be done here (another pattern, a normalizer, dropout, ...) is refused.

        Raises:
            ValueError: if the files are missing or damaged, of another kind of tokenizer, or with
                a setting that is refused; it is named.
        """
        folder = Path(folder)
        config = files.read_config(folder)
        whole = files.read_whole(folder, cls.kind) if (folder / files.WHOLE).exists() else None
        merges: list[list[str]]
        if whole is not None:
            prefix_space = bpe_settings(folder, whole, config)
            ids = whole["model"]["vocab"]
            pairs = whole["model"].get("merges") or []
            merges = [pair.split(" ") if isinstance(pair, str) else pair for pair in pairs]
        elif (folder / "vocab.json").exists() and (folder / "merges.txt").exists():
            prefix_space = bpe_config(folder, config)
            ids = files.read_json(folder / "vocab.json")
            lines = files.read_lines(folder / "merges.txt")
            merges = [line.split() for line in lines if line and line[:8] != "#version"]
        else:
            raise ValueError(
                f"{folder} holds neither vocab.json and merges.txt nor tokenizer.json; give the "
                "folder of a BPE tokenizer"
            )
        if wrong := [merge for merge in merges if len(merge) != 2]:
            raise ValueError(
                f"{folder}: merge {wrong[0]} does not join two tokens; download it again"
            )
        more, added = files.read_added(folder, config, whole)
        tokens = files.in_order(ids | more, folder)
        return cls(tokens, [(a, b) for a, b in merges], added=added, prefix_space=prefix_space)

    def _raw(self, token: str) -> bytes:
        if token in self.added:
            return token.encode()
        return bytes(self._bytes[letter] for letter in token)

    def encode_word(self, word: str) -> list[int]:
        """Apply the merges to one word, the first learned first, each from left to right.

        Raises:
            ValueError: for a byte that has no token.
        """
        held = [self._byte_ids[byte] for byte in word.encode()]  # ids; -1 once joined to the left
        if -1 in held:
            byte = word.encode()[held.index(-1)]
            raise ValueError(
                f"the vocabulary has no token for byte {byte} in {word[:40]!r}; writing any text "
                "needs all 256"
            )
        n = len(held)
        left, right = list(range(-1, n - 1)), [*range(1, n), -1]  # neighbours of each place
        heap: list[tuple[int, int, int, int]] = []  # rank, place, and the ids to join there

        def offer(place: int) -> None:
            """Queue the pair that begins at a place, if a merge joins it."""
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
                continue  # one of the two has been joined to another since
            held[place], held[after] = self._ranks[a, b][1], -1
            right[place] = right[after]
            if right[place] >= 0:
                left[right[place]] = place
            offer(left[place])
            offer(place)
        return [i for i in held if i >= 0]
