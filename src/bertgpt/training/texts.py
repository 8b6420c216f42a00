"""The corpora of pretraining: texts as ids in three parts, and what is known of their limit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from bertgpt.config import SPECIAL_IDS, SpecialIds
from bertgpt.corpora.articles import wikipedia
from bertgpt.corpora.documents import Corpus, Document, split
from bertgpt.corpora.online import hub_dataset
from bertgpt.corpora.standard_library import python_code
from bertgpt.corpora.wikitext import split_sentences
from bertgpt.objectives import next_sentence_pairs
from bertgpt.tokens.bpe import BPE
from bertgpt.training.ragged import Ragged
from bertgpt.training.stories import SPECIALS, TEST_SEED, decode_story, draw_stories, toyland_vocab

STORIES, TEST_STORIES = 200_000, 2_000
STORY_SEED = 11
HELD_OUT = 0.1  # of the documents for development, and as many for the test


@dataclass(frozen=True)
class Texts:
    """Texts for training, for choosing settings (development), and for the result (test)."""

    name: str
    licence: str
    attribution: str
    train: Ragged
    development: Ragged
    test: Ragged
    vocab_size: int
    tokenizer: BPE | None  # None for Toyland, whose words are its tokens
    special: SpecialIds = SPECIAL_IDS
    exact: bool = False  # whether the best possible loss is known
    labels: Tensor | None = None  # (M,), of pairs: 0 where the second segment follows the first


def toyland_texts(n: int = STORIES, seed: int = STORY_SEED) -> Texts:
    """Stories of Toyland, as many as asked for, and 2,000 each for development and test."""
    return Texts(
        name="Toyland", licence="MIT", attribution="drawn by this package",
        train=draw_stories(n, seed), development=draw_stories(TEST_STORIES, TEST_SEED + 1),
        test=draw_stories(TEST_STORIES, TEST_SEED), vocab_size=len(toyland_vocab()),
        tokenizer=None, exact=True,
    )  # fmt: skip


def real_texts(
    corpus: Corpus, length: int, *, vocab_size: int = 4096, tokenizer: BPE | None = None
) -> Texts:
    """Documents in pieces of tokens; a document is in one part only.

    A piece is [CLS] and up to `length` - 1 tokens that follow each other; the last piece of a
    document ends in [SEP].

    Args:
        corpus: three documents or more.
        length: T of the longest piece, 8 or more.
        vocab_size: of the byte-level BPE that is learned from the training part.
        tokenizer: one that was learned before, in its place; its first tokens must be ours that
            are not text, in the order of `SPECIAL_IDS`.
    Raises:
        ValueError: for too few documents, too short a length, or a tokenizer of other tokens.
    """
    if length < 8:
        raise ValueError(f"length={length} must be at least 8 tokens; 128 is usual here")
    train, development, test = parts_of(corpus)
    if tokenizer is None:
        texts = [document.text for document in train.documents]
        tokenizer = BPE.train(texts, vocab_size, specials=SPECIALS)
    if tokenizer.tokens[: len(SPECIALS)] != SPECIALS:
        raise ValueError(
            f"the tokenizer begins with {tokenizer.tokens[:5]}, and the models of this course with "
            f"{SPECIALS}; take one that a pretraining run saved"
        )

    def cut(part: Corpus) -> Ragged:
        return Ragged.of(
            [p for d in part.documents for p in pieces(tokenizer.encode(d.text), length)]
        )

    return Texts(
        corpus.name, corpus.licence, corpus.attribution, cut(train), cut(development), cut(test),
        len(tokenizer.tokens), tokenizer,
    )  # fmt: skip


def parts_of(corpus: Corpus) -> tuple[Corpus, Corpus, Corpus]:
    """Documents to train on, to develop on and to test on."""
    rest, test = split(corpus, HELD_OUT, seed=0)
    return *split(rest, HELD_OUT / (1 - HELD_OUT), seed=1), test


def pieces(ids: Sequence[int], length: int) -> list[list[int]]:
    """A document's ids in pieces as `real_texts` says.

    >>> pieces([7, 8, 9, 10], length=3)
    [[2, 7, 8], [2, 9, 10], [2, 3]]
    """
    whole = [*ids, SPECIAL_IDS.sep]
    starts = range(0, len(whole), length - 1)
    return [[SPECIAL_IDS.cls, *whole[start : start + length - 1]] for start in starts]


def story_pairs(texts: Texts, length: int, seed: int) -> Texts:
    """Stories of Toyland as pairs of segments for next sentence prediction.

    Args:
        length: T of a pair; below 96, so that a story does not fit into one segment.
        seed: of the draws of what follows.
    """
    dot = toyland_vocab().encode(["."])[0]
    documents = []
    for text in texts.train:
        words, sentences = toyland_vocab().encode(decode_story(text)), list[list[int]]()
        for word in words:
            if not sentences or sentences[-1][-1] == dot:
                sentences.append([])
            sentences[-1].append(word)
        documents.append(sentences)
    return _paired(texts, documents, length, seed)


def document_pairs(texts: Texts, corpus: Corpus, length: int, seed: int) -> Texts:
    """Documents of real text, the training part of `real_texts`, as pairs of segments."""
    assert texts.tokenizer is not None
    encode = texts.tokenizer.encode
    documents = [
        [encode(" " + s) for line in d.text.splitlines() for s in split_sentences(line) if s]
        for d in parts_of(corpus)[0].documents
    ]
    return _paired(texts, documents, length, seed)


def _paired(
    texts: Texts, documents: Sequence[Sequence[Sequence[int]]], length: int, seed: int
) -> Texts:
    generator = torch.Generator().manual_seed(seed)
    pairs = next_sentence_pairs(documents, texts.special, length=length, generator=generator)
    rows = [[i for i in row if i != texts.special.pad] for row in pairs.token_ids.tolist()]
    return replace(texts, train=Ragged.of(rows), labels=pairs.labels)


NAMED: dict[str, Callable[[], Corpus]] = {"wikipedia": wikipedia, "python": python_code}


def find_corpus(name: str) -> Corpus:
    """Real text by name: "wikipedia", "python", a text file, or a data set of the hub.

    A text file is cut into documents at empty lines, with 2,000 characters or more in each.

    Raises:
        ValueError: if it is none of these, or cannot be read.
    """
    if name in NAMED:
        return NAMED[name]()
    path = Path(name)
    if path.is_file():
        return _of_file(path)
    if path.suffix in (".txt", ".md", ".py") or name.startswith((".", "/", "~")):
        raise ValueError(
            f"there is no file {name}; give 'toyland', 'wikipedia', 'python', a text file, or the "
            "name of a data set on the hub"
        )
    return hub_dataset(name)


def _of_file(path: Path) -> Corpus:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} could not be read as text in UTF-8 ({error})") from None
    documents, paragraphs = [], list[str]()
    for paragraph in text.split("\n\n"):
        paragraphs.append(paragraph)
        if sum(map(len, paragraphs)) >= 2000:
            documents.append("\n\n".join(paragraphs))
            paragraphs = []
    documents += ["\n\n".join(paragraphs)] if any(p.strip() for p in paragraphs) else []
    if len(documents) < 3:
        raise ValueError(
            f"{path} has {len(text)} characters, {len(documents)} parts of 2,000 or more; three "
            "are needed, to train, to develop and to test: give more text, with empty lines"
        )
    named = tuple(Document(f"{path.name} {i}", d) for i, d in enumerate(documents))
    return Corpus(path.name, "unknown: of the file's owner", str(path.name), named)
