"""WordPiece, the tokens of BERT: words of a cleaned text, cut into the longest known pieces.

Schuster and Nakajima (2012) made such vocabularies for speech recognition; BERT's way to clean,
split and cut is that of its released code (Devlin et al. 2019, section 3).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from bertgpt.config import SpecialIds
from bertgpt.tokens import files
from bertgpt.tokens.added import AddedToken, is_space
from bertgpt.tokens.cleaning import Cleaning, split_at_spaces
from bertgpt.tokens.pair_merging import learn_merges
from bertgpt.tokens.settings import (
    LONGEST,
    PREFIX,
    SPECIALS,
    check_names,
    wordpiece_config,
    wordpiece_settings,
)
from bertgpt.tokens.tokenizer import Tokenizer, count_words


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
        words = count_words(texts, lambda text: split_at_spaces(text.translate(table)))
        first = sorted({c for word in words for c in word})
        inside = sorted({PREFIX + c for word in words for c in word[1:]})
        symbols = [*SPECIALS, *first, *inside]
        found = learn_merges(words, symbols, vocab_size, min_count=min_count, prefix=PREFIX)
        return cls(found.tokens, lower=lower)

    def words(self, text: str) -> list[str]:
        """The words of a text, cleaned."""
        return split_at_spaces(text.translate(self.cleaning))

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

    def _spans(self, text: str, begin: int) -> list[tuple[int, int]]:
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
            ValueError: as for `tokens_of`.
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
        check_names(folder, config)
        whole = files.read_whole(folder, cls.kind) if (folder / files.WHOLE).exists() else None
        ids: dict[str, int]
        if whole is not None:
            settings = wordpiece_settings(folder, whole, config)
            ids = whole["model"]["vocab"]
        elif (folder / "vocab.txt").exists():
            settings = wordpiece_config(folder, config)
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
