"""Articles of the English Wikipedia as plain prose."""

import bz2
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from bertgpt.corpora import shipped, wikitext
from bertgpt.corpora.documents import Corpus, Document

EXCERPT = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
SHORTEST_ARTICLE = 500  # characters; what is shorter only points to other articles


def wikipedia(path: str | Path | None = None) -> Corpus:
    """Articles of the English Wikipedia as plain prose, with punctuation and capitals.

    The source is the excerpt of a dump of May 2016 that gensim ships for its own tests. Left out:
    redirects, pages under 500 characters, headings, tables, references, captions, lists of names,
    and sentences with a formula or a sound in their middle.

    Args:
        path: another dump (.xml.bz2), of any language; None takes gensim's.
    Returns:
        A corpus, one document per article, in the order of the dump. Another dump's has the name of
        its file, and its credit claims neither a date nor a version of the licence.
    Raises:
        ValueError: if the file is missing or damaged, or holds no article.
    """
    source = Path(path) if path else shipped.path_of(EXCERPT)
    try:
        with bz2.open(source) as file:
            pages = [Document(title, wikitext.prose(markup)) for title, markup in _articles(file)]
    except FileNotFoundError:
        raise ValueError(
            f"there is no file {source}; give a dump's (.xml.bz2). {shipped.REINSTALL}"
        ) from None
    except (OSError, EOFError, ElementTree.ParseError) as error:
        raise ValueError(
            f"{source} is damaged ({error}), nothing was taken from it; download it again. "
            f"{shipped.REINSTALL}"
        ) from None
    documents = tuple(page for page in pages if len(page.text) >= SHORTEST_ARTICLE)
    if not documents:
        raise ValueError(
            f"{source} holds no article; give a dump of Wikipedia's articles (.xml.bz2)"
        )
    if path:  # all that is known of a reader's own dump is its file
        attribution = (
            f"the authors of {len(documents)} articles of Wikipedia, named in each one's history "
            "at the wiki that the dump comes from; no markup"
        )
        licence = "CC BY-SA, in the version that the wiki names"
        return Corpus(f"Wikipedia, {source.name}", licence, attribution, documents)
    attribution = (
        f"the authors of {len(documents)} articles of the English Wikipedia, named in each one's "
        "history at https://en.wikipedia.org; text of May 2016, shipped with gensim, no markup"
    )
    return Corpus("English Wikipedia, excerpt", "CC BY-SA 3.0", attribution, documents)


def _articles(file: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Title and wiki markup of each article of a dump; redirects and talk pages are left out."""
    seen: dict[str, str] = {}
    for _, node in ElementTree.iterparse(file):
        tag = node.tag.rpartition("}")[2]
        seen[tag] = node.text or ""
        if tag == "page":
            node.clear()
            text = seen.get("text", "")
            if seen.get("ns") == "0" and text and not text.lower().startswith("#redirect"):
                yield seen.get("title", ""), text
            seen.clear()  # a page without a text must not get the last one's
