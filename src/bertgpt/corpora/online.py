"""Texts and vectors from a network: extras that nothing in the course needs."""

import importlib
from itertools import islice
from typing import Any

from bertgpt.corpora.documents import Corpus, Document

OFFLINE = "wikipedia() and python_code() need no network"
MISSING = object()  # in place of a cell, where a row has no such column; None is an empty cell


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
        max_documents: stop after so many rows, at least 1, and fetch no more; None takes all.
    Returns:
        A corpus, one document per row that is neither empty nor blank.
    Raises:
        ValueError: if the package `datasets` is missing, the hub is out of reach, a row has no such
            column, no row has a text in it, or `max_documents` is below 1.
    """
    if max_documents is not None and max_documents < 1:
        raise ValueError(f"max_documents={max_documents} must be at least 1, or None to take all")
    cells = _column(name, config, part, column, max_documents)
    texts = ["" if cell is None else str(cell).strip() for cell in cells]
    documents = tuple(Document(f"{name} {i}", text) for i, text in enumerate(texts) if text)
    if not documents:
        raise ValueError(
            f"data set {name!r} has no text in column {column!r} of the {len(cells)} rows that "
            "were read; give another column or part, or a larger max_documents"
        )
    card = f"as stated at https://huggingface.co/datasets/{name}"
    return Corpus(f"{name} ({part})", card, card, documents)


def _column(
    name: str, config: str | None, part: str, column: str, max_documents: int | None
) -> list[Any]:
    """The cells of a column, None where one is empty."""
    cells: list[Any] = []
    columns: list[str] = []
    try:
        load = importlib.import_module("datasets").load_dataset
        rows: Any = load(name, config, split=part, streaming=max_documents is not None)
        for row in islice(rows, max_documents):
            columns = list(row)
            cells.append(row.get(column, MISSING))
            if cells[-1] is MISSING:
                break
    except ImportError:
        raise ValueError(
            f"the hub's data sets need a package: pip install 'bertgpt[online]'; {OFFLINE}"
        ) from None
    except Exception as error:  # a dozen kinds, of four packages
        raise ValueError(
            f"data set {name!r} did not load ({type(error).__name__}: {error}); check the network, "
            f"its name and its configuration. {OFFLINE}"
        ) from None
    if cells and cells[-1] is MISSING:
        raise ValueError(
            f"data set {name!r} has no column {column!r}; it has {', '.join(columns)}: give one of "
            "them as column"
        )
    return cells


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
