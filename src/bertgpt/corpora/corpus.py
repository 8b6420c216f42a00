"""Real text: an excerpt of Wikipedia, Python's standard library, and lists of human judgements.

All of it is there without a network. Data sets of the Hugging Face hub and published word vectors
are extras that need one.
"""

import bz2
import importlib
import platform
import re
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, TypeVar
from xml.etree import ElementTree

import torch
from gensim.test.utils import datapath

from bertgpt.corpora import wikitext

Parsed = TypeVar("Parsed")

EXCERPT = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
SHORTEST_ARTICLE = 500  # characters; what is shorter only points to other articles
REINSTALL = "gensim's own files come back with: pip install --force-reinstall --no-deps gensim"
OFFLINE = "wikipedia() and python_code() need no network"

# Parts of the standard library that nobody wrote to be read: tests, tables, generated files.
_NOT_READ = re.compile(
    r"(?:^|/)(?:(?:site|dist)-packages|tests?|idlelib|lib2to3|encodings|turtledemo|pydoc_data)/"
    r"|^(?:_sysconfig|config-)"
)


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


def wikipedia(path: str | Path | None = None) -> Corpus:
    """Articles of the English Wikipedia as plain prose, with punctuation and capitals.

    The source is the excerpt of a dump of May 2016 that gensim ships for its own tests. Left out:
    redirects, pages under 500 characters, headings, tables, references, captions, lists of names,
    and sentences with a formula or a sound in their middle.

    Args:
        path: another dump (.xml.bz2); None takes gensim's.
    Returns:
        A corpus, a document an article, in the order of the dump.
    Raises:
        ValueError: if the file is missing or damaged, or holds no article.
    """
    path = Path(path or datapath(EXCERPT))
    try:
        with bz2.open(path) as file:
            pages = [Document(title, wikitext.prose(source)) for title, source in _articles(file)]
    except FileNotFoundError:
        raise ValueError(
            f"there is no file {path}; give a dump's (.xml.bz2). {REINSTALL}"
        ) from None
    except (OSError, EOFError, ElementTree.ParseError) as error:
        raise ValueError(
            f"{path} is damaged ({error}), nothing was taken from it; get it anew. {REINSTALL}"
        ) from None
    documents = tuple(page for page in pages if len(page.text) >= SHORTEST_ARTICLE)
    if not documents:
        raise ValueError(f"{path} holds no article; give a dump of Wikipedia's articles (.xml.bz2)")
    attribution = (
        f"the authors of {len(documents)} articles of the English Wikipedia, named in each one's "
        "history at https://en.wikipedia.org; text of May 2016, shipped with gensim, no markup"
    )
    return Corpus("English Wikipedia, excerpt", "CC BY-SA 3.0", attribution, documents)


def python_code(max_bytes: int | None = None) -> Corpus:
    """The standard library of the Python that runs this, a document a file, sorted by path.

    Another version of Python has another library, so numbers measured on it differ a little; the
    corpus' name and attribution tell the version. Tests, tables and generated files are left out.

    Args:
        max_bytes: stop before the file that would take the text over this size (in UTF-8); None
            takes every file.
    Returns:
        A corpus; a document's title is the file's path in the library.
    Raises:
        ValueError: if the library comes without source, or its first file is over the limit.
    """
    root = Path(sysconfig.get_path("stdlib"))
    named = sorted((path.relative_to(root).as_posix(), path) for path in root.rglob("*.py"))
    documents: list[Document] = []
    size = 0
    for name, path in named:
        text = "" if _NOT_READ.search(name) else path.read_text("utf-8", errors="replace").strip()
        size += len(text.encode())
        if max_bytes is not None and size > max_bytes:
            break
        documents += [Document(name, text)] if text else []
    if not documents:
        raise ValueError(
            f"max_bytes={max_bytes} leaves no file of the library in {root}; give a higher limit, "
            "or use a Python that comes with its source (.py files)"
        )
    library = f"standard library of Python {platform.python_version()}"
    attribution = f"Python Software Foundation and contributors; {library}"
    return Corpus(f"The {library}", "PSF-2.0", attribution, tuple(documents))


def split(corpus: Corpus, held_out: float = 0.1, *, seed: int = 0) -> tuple[Corpus, Corpus]:
    """Part a corpus into two by document, so that no article is in both.

    Args:
        corpus: two documents or more.
        held_out: share of the documents to hold out, between 0 and 1.
        seed: fixes which documents these are.
    Returns:
        The corpus to train on and the one held out, at least one document each, in the old order.
    Raises:
        ValueError: for another share, or too few documents.
    """
    n = len(corpus.documents)
    if not 0 < held_out < 1:
        raise ValueError(f"held_out={held_out} is no share between 0 and 1; 0.1 holds out a tenth")
    if n < 2:
        raise ValueError(f"a corpus of {n} documents has no two parts; give one with 2 or more")
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

    >>> words("In 1865, Lincoln's well-known words didn't end.")
    ['in', '0000', ',', 'lincoln', "'s", 'well', '-', 'known', 'words', "didn't", 'end', '.']
    """
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
        ValueError: if there is no word in the text.

    >>> sentences("Dr. Sun rose. The sun rose!", punctuation=False)
    [['dr', 'sun', 'rose'], ['the', 'sun', 'rose']]
    """
    text = text.text if isinstance(text, Corpus) else text
    pieces = (piece for line in text.splitlines() for piece in wikitext.split_sentences(line))
    found = [words(piece, punctuation=punctuation, lower=lower) for piece in pieces]
    if not any(found):
        raise ValueError(f"the text is empty: no word in {len(text)} characters; give some text")
    return [sentence for sentence in found if sentence]


def word_similarity(name: Literal["wordsim353", "simlex999"]) -> list[tuple[str, str, float]]:
    """Pairs of words with people's mean judgement of how alike they are.

    "wordsim353" asks how *related* two words are (Finkelstein et al. 2002): cup and coffee score
    high. "simlex999" asks how *similar* they are (Hill, Reichart and Korhonen 2015): old and new
    score low. Some pairs of "wordsim353" stand twice, and tiger stands beside itself.

    Returns:
        (word, word, judgement from 0 to 10), in lower case, as gensim ships them.
    Raises:
        ValueError: for another name, or if gensim's file is missing or damaged.

    >>> word_similarity("wordsim353")[1]
    ('tiger', 'cat', 7.35)
    """
    files = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}
    if name not in files:
        raise ValueError(f"no list is called {name!r}; there are {' and '.join(files)}")

    def pairs(lines: list[str]) -> list[tuple[str, str, float]]:
        rows = [line.lower().split("\t") for line in lines if not line.startswith("#")]
        return [(a, b, float(score)) for a, b, score in rows]

    return _shipped(files[name], pairs)


def analogies() -> dict[str, list[tuple[str, str, str, str]]]:
    """Questions "a is to b as c is to d", by section (Mikolov et al. 2013a, section 4.1).

    Returns:
        For each section's name its questions, in lower case, as gensim ships them; the names of
        the sections about grammar begin with "gram".
    Raises:
        ValueError: if gensim's file is missing or damaged.

    >>> analogies()["family"][0]
    ('boy', 'girl', 'brother', 'sister')
    """

    def sections(lines: list[str]) -> dict[str, list[tuple[str, str, str, str]]]:
        found: dict[str, list[tuple[str, str, str, str]]] = {}
        for line in lines:
            if line.startswith(":"):
                section = line[1:].strip()
            else:
                a, b, c, d = line.lower().split()
                found.setdefault(section, []).append((a, b, c, d))
        return found

    return _shipped("questions-words.txt", sections)


def hub_dataset(
    name: str,
    config: str | None = None,
    *,
    part: str = "train",
    column: str = "text",
    max_documents: int | None = None,
) -> Corpus:
    """Texts of a data set on the Hugging Face hub: an extra that needs a network.

    Args:
        name: the data set's name on the hub, such as "Salesforce/wikitext", or a local folder.
        config: its configuration, such as "wikitext-2-raw-v1", where it has several.
        part: which of its splits to take.
        column: the column that holds the text.
        max_documents: stop after so many rows and fetch no more; None takes all.
    Returns:
        A corpus, a document a row that is not blank.
    Raises:
        ValueError: if the package `datasets` is missing, the hub out of reach, or no text there.
    """
    try:
        load = importlib.import_module("datasets").load_dataset
        rows: Any = load(name, config, split=part, streaming=max_documents is not None)
        texts = [str(row[column]).strip() for row in islice(rows, max_documents)]
    except ImportError:
        raise ValueError(
            f"the hub's data sets need a package: pip install 'bertgpt[online]'; {OFFLINE}"
        ) from None
    except KeyError:
        raise ValueError(
            f"data set {name!r} has no column {column!r}; it has {rows.column_names}"
        ) from None
    except Exception as error:  # a dozen kinds, of four packages
        raise ValueError(
            f"data set {name!r} did not load ({type(error).__name__}: {error}); check the network, "
            f"its name and its configuration. {OFFLINE}"
        ) from None
    card = f"as stated at https://huggingface.co/datasets/{name}"
    documents = tuple(Document(f"{name} {i}", text) for i, text in enumerate(texts) if text)
    return Corpus(f"{name} ({part})", card, card, documents)


def pretrained_vectors(name: str) -> Any:
    """Published word vectors through gensim's downloader: an extra that needs a network once.

    Args:
        name: such as "glove-wiki-gigaword-50" (66 MB) or "word2vec-google-news-300" (1.6 GB).
    Returns:
        gensim's KeyedVectors.
    Raises:
        ValueError: if there are none of this name, or the network or the disk fails.
    """
    try:
        return importlib.import_module("gensim.downloader").load(name)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"word vectors {name!r} did not load ({error}); check the network and the name, "
            "https://github.com/piskvorky/gensim-data lists them. Vectors trained on wikipedia() "
            "need no network"
        ) from None


def _articles(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Title and wiki markup of each article of a dump; redirects and talk are no articles."""
    seen: dict[str, str] = {}
    for _, node in ElementTree.iterparse(file):
        tag = node.tag.rpartition("}")[2]
        seen[tag] = node.text or ""
        if tag == "page":
            node.clear()
            if seen["ns"] == "0" and not seen["text"].lower().startswith("#redirect"):
                yield seen["title"], seen["text"]


def _shipped(name: str, parse: Callable[[list[str]], Parsed]) -> Parsed:
    """What one of gensim's own files says, line by line."""
    try:
        lines = Path(datapath(name)).read_text("utf-8").splitlines()
        return parse([line for line in lines if line.strip()])
    except (OSError, ValueError, UnboundLocalError) as error:
        raise ValueError(f"the file {name} is missing or damaged ({error}). {REINSTALL}") from None
