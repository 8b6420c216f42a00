"""Texts as documents, split by document, and cut into sentences and words."""

import re
from dataclasses import dataclass, replace

import torch

from bertgpt.corpora import wikitext


@dataclass(frozen=True)
class Document:
    """One text: an article, or a file of code."""

    title: str
    text: str  # of an article: paragraphs, an empty line apart


@dataclass(frozen=True)
class Corpus:
    """Texts, and what a page that shows them must say."""

    name: str
    licence: str
    attribution: str  # who wrote the texts, and where they were taken from
    documents: tuple[Document, ...]

    @property
    def text(self) -> str:
        """All documents in order, an empty line apart."""
        return "\n\n".join(document.text for document in self.documents)


def split(corpus: Corpus, held_out: float = 0.1, *, seed: int = 0) -> tuple[Corpus, Corpus]:
    """Split a corpus in two by document, so no article is in both.

    Args:
        corpus: two documents or more.
        held_out: fraction of the documents to hold out, between 0 and 1.
        seed: fixes which documents these are.
    Returns:
        The corpus to train on and the one held out, at least one document each, in the old order.
    Raises:
        ValueError: for another fraction, or too few documents.
    """
    n = len(corpus.documents)
    if not 0 < held_out < 1:
        raise ValueError(f"held_out={held_out} must be between 0 and 1; 0.1 holds out a tenth")
    if n < 2:
        raise ValueError(f"a corpus of {n} documents cannot be split; give one with 2 or more")
    size = min(max(1, round(held_out * n)), n - 1)
    chosen = set(torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:size].tolist())
    parts: tuple[list[Document], list[Document]] = ([], [])
    for i, document in enumerate(corpus.documents):
        parts[i in chosen].append(document)
    return replace(corpus, documents=tuple(parts[0])), replace(corpus, documents=tuple(parts[1]))


_WORD = re.compile(
    r"\d+(?:[.,]\d+)*(?:(?:st|nd|rd|th|s)\b)?"  # 1,234.5  1990s  3rd
    r"|[^\W\d_]+(?:'(?!s\b)[^\W\d_]+)*"  # dog  don't
    r"|'s\b|\.{2,}|[^\w\s]|_"  # 's  ...  and any other mark
)


def words(text: str, *, punctuation: bool = True, lower: bool = True) -> list[str]:
    """Words of a text; marks are words of their own, and every digit becomes 0.

    Args:
        text: any text.
        punctuation: False leaves the marks out.
        lower: False keeps capitals.
    Returns:
        The words in order; a genitive's 's is one, "don't" is one, "well-known" is two and a mark.
    Raises:
        ValueError: if the text is no string.

    >>> words("In 1865, Lincoln's well-known words didn't end.")[:8]
    ['in', '0000', ',', 'lincoln', "'s", 'well', '-', 'known']
    """
    _check_text(text)
    text = re.sub(r"\d", "0", text.lower() if lower else text).replace("\u2019", "'")
    found: list[str] = _WORD.findall(text)
    return found if punctuation else [word for word in found if word[-1].isalnum()]


def sentences(
    text: Corpus | str, *, punctuation: bool = True, lower: bool = True
) -> list[list[str]]:
    """Sentences of a corpus or a text, each a list of words as `words` makes them.

    A sentence ends with its line, or at . ! ? before a space and a capital or a digit, unless the
    point belongs to an abbreviation ("Dr.", "e.g.") or an initial ("J. S. Bach").

    Raises:
        ValueError: if the text is neither a corpus nor a string, or has no word.

    >>> sentences("Dr. Sun rose. The sun rose!", punctuation=False)
    [['dr', 'sun', 'rose'], ['the', 'sun', 'rose']]
    """
    text = text.text if isinstance(text, Corpus) else text
    _check_text(text)
    pieces = (piece for line in text.splitlines() for piece in wikitext.split_sentences(line))
    found = [words(piece, punctuation=punctuation, lower=lower) for piece in pieces]
    if not any(found):
        raise ValueError(f"the text is empty: no word in {len(text)} characters; give some text")
    return [sentence for sentence in found if sentence]


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise ValueError(
            f"expected a text as one string, got {type(text).__name__}; join several with "
            '"\\n".join(texts), or take them one by one'
        )
