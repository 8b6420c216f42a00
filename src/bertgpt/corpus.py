"""Real text: an excerpt of Wikipedia, Python's standard library, and lists of human judgements."""

import bz2
import html
import platform
import re
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from gensim.test.utils import datapath

from bertgpt.device import generator

EXCERPT = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"


@dataclass(frozen=True)
class Document:
    """One text: an article, or a file of code."""

    title: str
    text: str  # paragraphs stand one empty line apart


@dataclass(frozen=True)
class Corpus:
    """Texts with the right to use them."""

    name: str
    licence: str
    attribution: str  # whom to name, and where the text was taken from
    documents: tuple[Document, ...]

    @property
    def text(self) -> str:
        """All documents, in order, with an empty line between."""
        return "\n\n".join(document.text for document in self.documents)


def wikipedia(path: str | Path | None = None) -> Corpus:
    """Articles of the English Wikipedia as plain prose, with punctuation and capitals.

    The file is the excerpt of a dump of 2016 that gensim ships for its own tests. Redirects, tables,
    templates, references, pictures, headings, formulas and lists that are no sentences are left out.

    Args:
        path: another dump (.xml.bz2) of the same form; None takes gensim's.
    Returns:
        A corpus with a document an article.
    Raises:
        ValueError: if the file is missing, damaged or holds no article.
    """
    path = Path(path or datapath(EXCERPT))
    documents = []
    try:
        with bz2.open(path) as file:
            for title, source in _pages(file):
                text = "" if source.lower().startswith("#redirect") else _plain(source)
                if text:
                    documents.append(Document(title, text))
    except FileNotFoundError:
        raise ValueError(
            f"there is no file {path}; it comes with gensim: reinstall gensim, or give the path "
            "of a Wikipedia dump (.xml.bz2)"
        ) from None
    except (OSError, EOFError, ElementTree.ParseError) as error:
        raise ValueError(
            f"{path} is damaged ({error}); nothing of it was used: reinstall gensim, or fetch "
            "the dump again"
        ) from None
    if not documents:
        raise ValueError(f"{path} holds no article with prose; give a Wikipedia dump (.xml.bz2)")
    return Corpus(
        name="English Wikipedia, excerpt",
        licence="CC BY-SA 3.0",
        attribution=(
            "Authors of the English Wikipedia, dump of 2016; the excerpt is a test file of gensim. "
            "Each document's title is the article's, whose history names the authors: "
            "https://en.wikipedia.org/wiki/<title>?action=history"
        ),
        documents=tuple(documents),
    )


def python_code(max_bytes: int | None = None) -> Corpus:
    """The standard library of the running Python, a document a file, sorted by path."""
    root = Path(sysconfig.get_path("stdlib"))
    left_out = {"site-packages", "test", "tests", "idlelib", "lib2to3", "turtledemo", "__pycache__"}
    documents: list[Document] = []
    size = 0
    for path in sorted(root.rglob("*.py"), key=lambda p: p.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        if left_out.isdisjoint(name.split("/")):
            text = path.read_text(encoding="utf-8", errors="replace").strip()
            size += len(text.encode())
            if max_bytes is not None and size > max_bytes:
                break
            if text:
                documents.append(Document(name, text))
    return Corpus(
        name="Python's standard library",
        licence="PSF-2.0",
        attribution=f"Python Software Foundation; the library of Python {platform.python_version()}",
        documents=tuple(documents),
    )


def split(corpus: Corpus, held_out: float = 0.1, *, seed: int = 0) -> tuple[Corpus, Corpus]:
    """Part a corpus by document, so that no article is in both parts."""
    import torch

    order = torch.randperm(len(corpus.documents), generator=generator(seed)).tolist()
    count = max(1, round(held_out * len(order)))
    chosen = set(order[:count])
    parts: tuple[list[Document], list[Document]] = ([], [])
    for i, document in enumerate(corpus.documents):
        parts[i in chosen].append(document)
    return replace(corpus, documents=tuple(parts[0])), replace(corpus, documents=tuple(parts[1]))


_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’](?!s\b)[^\W\d_]+)*|['’]s\b|[^\w\s]|_")
_END = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(]*[A-Z0-9])")


def words(text: str, *, punctuation: bool = True, lower: bool = True) -> list[str]:
    """Words of a text; punctuation marks are words of their own and every digit becomes 0."""
    text = re.sub(r"\d", "0", text.lower() if lower else text)
    found = _WORD.findall(text)
    return found if punctuation else [w for w in found if w[-1].isalnum()]


def sentences(
    text: Corpus | str, *, punctuation: bool = True, lower: bool = True
) -> list[list[str]]:
    """Sentences of a corpus or a text, each a list of words."""
    if isinstance(text, Corpus):
        text = text.text
    pieces = (piece for paragraph in text.split("\n") for piece in _END.split(paragraph))
    found = (words(piece, punctuation=punctuation, lower=lower) for piece in pieces)
    return [sentence for sentence in found if sentence]


def word_similarity(
    name: Literal["wordsim353", "simlex999"],
) -> list[tuple[str, str, float]]:
    """Pairs of words with the mean judgement of people, 0 to 10."""
    files = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt"}
    lines = Path(datapath(files[name])).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(a.lower(), b.lower(), float(score)) for a, b, score in rows]


def analogies() -> dict[str, list[tuple[str, str, str, str]]]:
    """Questions "a is to b as c is to d" by section."""
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    for line in Path(datapath("questions-words.txt")).read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            section = sections.setdefault(line[1:].strip(), [])
        else:
            a, b, c, d = line.lower().split()
            section.append((a, b, c, d))
    return sections


def _pages(file: Any) -> Iterator[tuple[str, str]]:
    title = ""
    for _, node in ElementTree.iterparse(file):
        tag = node.tag.rpartition("}")[2]
        if tag == "title":
            title = node.text or ""
        elif tag == "text":
            yield title, node.text or ""
        elif tag == "page":
            node.clear()


_DROPPED_TAGS = (
    "ref|math|gallery|timeline|code|pre|source|syntaxhighlight|table|imagemap|poem|score"
)
_HIDDEN = re.compile(
    rf"<!--.*?-->|<ref[^<>]*/>|<({_DROPPED_TAGS})\b[^<>]*>.*?</\1\s*>", re.DOTALL | re.IGNORECASE
)
_TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
_TABLE = re.compile(r"\{\|(?:(?!\{\|).)*?\|\}", re.DOTALL)
_LINK = re.compile(r"\[\[([^\[\]]*)\]\]")
_FILE = re.compile(r":?(?:file|image|category|[a-z]{2,3}(?:-[a-z]+)?):", re.IGNORECASE)
_BACK_MATTER = re.compile(
    r"^(={2,6})\s*(?:references|external links|see also|further reading|notes|footnotes|sources|"
    r"bibliography|citations|selected works|works|books)\s*\1\s*$.*?(?=^={2}[^=]|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_KEPT = {"lang": -1, "transl": -1, "nowrap": 0, "quote": 0, "nihongo": 0, "sc": 0, "chem": 0}


def _template(match: re.Match[str]) -> str:
    name, *given = (part.strip() for part in match[1].split("|"))
    given = [part for part in given if not re.match(r"\w+\s*=", part)]
    name = name.lower()
    if name in ("convert", "cvt") and len(given) > 1:
        return " ".join(given[: 4 if given[1] in ("to", "and", "-", "–", "by") else 2])
    return given[_KEPT[name]] if name in _KEPT and given else ""


def _link(match: re.Match[str]) -> str:
    return "" if _FILE.match(match[1]) else match[1].rpartition("|")[2]


def _peel(pattern: re.Pattern[str], replacement: Any, text: str) -> str:
    """Replace from the innermost outwards until nothing is left to replace."""
    found = 1
    while found:
        text, found = pattern.subn(replacement, text)
    return text


def _plain(source: str) -> str:
    """Prose of an article in wiki markup."""
    text = _HIDDEN.sub("", source)
    text = _peel(_TEMPLATE, _template, text)
    text = _peel(_TABLE, "", text)
    text = _BACK_MATTER.sub("", text)
    text = re.sub(r"\[(?:https?|ftp)?:?//[^\s\]]*\s*([^\]]*)\]", r"\1", text)
    text = _peel(_LINK, _link, text)
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"</?[a-zA-Z][^<>]*>", "", text)
    text = html.unescape(re.sub(r"'{2,5}", "", text)).replace("\xa0", " ")
    kept = []
    for line in text.splitlines():
        line = re.sub(r"\s*\([\s,;:]*\)|\(\s*(?=[,;])", "", line.lstrip("*#:; "))
        line = re.sub(r"\s+(?=[,.;:)])", "", re.sub(r"[ \t]+", " ", line)).strip()
        if len(line.split()) > 5 and re.search(r"[.!?:][\"'”’)]*$", line) and line[0] != "=":
            kept.append(line)
    return "\n\n".join(kept)
