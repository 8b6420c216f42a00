"""Real texts come clean and whole, or with a message that says what to do."""

import ast
import bz2
import re
import socket
import sys
import types
from pathlib import Path

import pytest

from bertgpt import corpora
from bertgpt.corpora import Corpus, Document, shipped, standard_library

PARAGRAPH = "The [[fog]] rose over the town, and '''nobody''' saw it come. " * 10


def dump(path: Path, *pages: tuple[str, str, str]) -> Path:
    """A dump in the form of MediaWiki's: title, namespace and markup of each page."""
    body = "".join(
        f"<page><title>{title}</title><ns>{ns}</ns><revision><text>{text}</text></revision></page>"
        for title, ns, text in pages
    )
    xml = f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.10/">{body}</mediawiki>'
    path.write_bytes(bz2.compress(xml.encode()))
    return path


@pytest.fixture(scope="module")
def wiki() -> Corpus:
    return corpora.wikipedia()


# Wikipedia.


def test_the_excerpt_is_as_large_as_the_pages_say(wiki: Corpus) -> None:
    assert len(wiki.documents) == 96
    assert 2_600_000 < len(wiki.text) < 2_750_000
    tokens = sum(len(sentence) for sentence in corpora.sentences(wiki))
    assert 490_000 < tokens < 510_000


def test_the_excerpt_tells_its_licence_and_authors(wiki: Corpus) -> None:
    assert wiki.licence == "CC BY-SA 3.0"
    assert "authors of 96 articles of the English Wikipedia" in wiki.attribution


MARKUP = ["{{", "}}", "[[", "]]", "==", "''", "http", "()", "  ", " ,", "&nbsp", "\ufffc", "\xa0"]


@pytest.mark.parametrize("mark", MARKUP)
def test_no_markup_is_left(wiki: Corpus, mark: str) -> None:
    assert wiki.text.count(mark) == 0


def test_what_looks_like_markup_is_text(wiki: Corpus) -> None:
    # An article on ASCII shows braces and a bar as text; one bar is a slip in the source.
    assert wiki.text.count("|") <= 2
    assert wiki.text.count("{") + wiki.text.count("}") <= 4
    # "R > S", "n > 2", "<10 ppm": comparisons, never a tag.
    assert len(re.findall(r"[<>]", wiki.text)) <= 15
    assert not re.search(r"</?[a-z]+[ />]", wiki.text)


def test_the_prose_keeps_capitals_and_punctuation(wiki: Corpus) -> None:
    (lincoln,) = (d.text for d in wiki.documents if d.title == "Abraham Lincoln")
    assert lincoln.startswith("Abraham Lincoln (February 12, 1809 - April 15, 1865) was the 16th")
    assert all(re.search(r"[.!?:][\"')\]]*$", part) for part in wiki.text.split("\n\n"))


def test_titles_differ_and_no_text_is_short(wiki: Corpus) -> None:
    assert len({document.title for document in wiki.documents}) == len(wiki.documents)
    assert min(len(document.text) for document in wiki.documents) >= 500


def test_pages_that_are_no_articles_are_left_out(tmp_path: Path) -> None:
    path = dump(
        tmp_path / "x.xml.bz2",
        ("Mist", "0", "#REDIRECT [[Fog]] " + PARAGRAPH),
        ("Fog", "0", PARAGRAPH),
        ("Talk:Fog", "1", PARAGRAPH),
        ("Fog (disambiguation)", "0", "Fog is one of two things in this list."),
        ("Ice fog", "0", PARAGRAPH.replace("fog", "ice fog")),
    )
    found = corpora.wikipedia(path)
    assert [document.title for document in found.documents] == ["Fog", "Ice fog"]
    assert found.documents[0].text.startswith("The fog rose over the town, and nobody saw")
    assert "2 articles" in found.attribution


def test_a_dump_of_the_reader_is_not_credited_as_the_excerpt(wiki: Corpus, tmp_path: Path) -> None:
    pages = [(title, "0", PARAGRAPH) for title in ("Fog", "Mist")]
    found = corpora.wikipedia(dump(tmp_path / "dewiki.xml.bz2", *pages))
    assert found.name == "Wikipedia, dewiki.xml.bz2"
    assert found.licence == "CC BY-SA, in the version that the wiki names"
    assert found.attribution == (
        "the authors of 2 articles of Wikipedia, named in each one's history at the wiki that the "
        "dump comes from; no markup"
    )
    assert wiki.name == "English Wikipedia, excerpt"
    assert "at https://en.wikipedia.org; text of May 2016, shipped with gensim" in wiki.attribution


def test_a_page_without_a_text_is_no_article(tmp_path: Path) -> None:
    """It must not be given the text of the page before it."""
    path = dump(tmp_path / "x.bz2", ("Fog", "0", PARAGRAPH), ("Mist", "0", "gone"))
    source = bz2.decompress(path.read_bytes()).decode()
    without = re.sub(r"<text[^<]*>gone</text>", "", source)
    assert without != source
    path.write_bytes(bz2.compress(without.encode()))
    assert [document.title for document in corpora.wikipedia(path).documents] == ["Fog"]


def test_a_missing_dump(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no file .*none\.bz2; give a dump's .* --no-deps gensim"):
        corpora.wikipedia(tmp_path / "none.bz2")


def damaged(path: Path, how: str) -> bytes:
    whole = path.read_bytes()
    middle = len(whole) // 2
    return {
        "cut short": whole[:-30],
        "one byte changed": whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :],
        "another format": b"<mediawiki></mediawiki>",
        "broken inside": bz2.compress(bz2.decompress(whole)[:-9]),
        "nothing": b"",
    }[how]


@pytest.mark.parametrize(
    "how", ["cut short", "one byte changed", "another format", "broken inside", "nothing"]
)
def test_a_damaged_dump(tmp_path: Path, how: str) -> None:
    path = dump(tmp_path / "x.bz2", ("Fog", "0", PARAGRAPH))
    content = damaged(path, how)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.bz2 is damaged \(.+\), nothing was taken .* again"):
        corpora.wikipedia(path)
    assert path.read_bytes() == content


def test_a_dump_without_articles(tmp_path: Path) -> None:
    path = dump(tmp_path / "x.bz2", ("Fog", "0", ""), ("Mist", "0", "#redirect [[Fog]]"))
    with pytest.raises(ValueError, match=r"x\.bz2 holds no article; give a dump of Wikipedia's"):
        corpora.wikipedia(path)


# Python's standard library.


def test_code_is_the_running_library_and_parses() -> None:
    code = corpora.python_code(3_000_000)
    titles = [document.title for document in code.documents]
    assert titles == sorted(titles)
    assert {"abc.py", "asyncio/base_events.py"} <= set(titles)
    for document in code.documents[::5]:
        ast.parse(document.text)
    version = ".".join(map(str, sys.version_info[:3]))
    assert version in code.attribution
    assert version in code.name
    assert code.licence == "PSF-2.0"


def test_tests_and_tables_are_no_code_to_learn_from(monkeypatch, tmp_path: Path) -> None:
    for name in [
        "b.py", "a/z.py", "a/test/c.py", "test/d.py", "site-packages/e.py", "empty.py",
        "encodings/f.py", "_sysconfigdata_x.py", "config-3/g.py", "testing.py", "note.txt",
    ]:  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text("" if name == "empty.py" else f"print({name!r})\n")
    monkeypatch.setattr(standard_library.sysconfig, "get_path", lambda _: str(tmp_path))
    found = corpora.python_code()
    assert [document.title for document in found.documents] == ["a/z.py", "b.py", "testing.py"]
    assert found.text == "print('a/z.py')\n\nprint('b.py')\n\nprint('testing.py')"


@pytest.mark.parametrize(("limit", "found"), [(5, 1), (9, 1), (10, 2), (14, 2), (15, 3), (99, 3)])
def test_the_limit_on_bytes_is_kept(monkeypatch, tmp_path: Path, limit: int, found: int) -> None:
    for name in "abc":
        (tmp_path / f"{name}.py").write_text("x='é'"[:4], encoding="utf-8")  # 4 letters, 5 bytes
    monkeypatch.setattr(standard_library.sysconfig, "get_path", lambda _: str(tmp_path))
    assert [d.title for d in corpora.python_code(limit).documents] == ["a.py", "b.py", "c.py"][
        :found
    ]


def test_a_library_without_source(monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"max_bytes=10 leaves no file of the library in .* higher"
    ):
        corpora.python_code(10)
    monkeypatch.setattr(standard_library.sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(ValueError, match="use a Python that comes with its source"):
        corpora.python_code()


# Splits, sentences, words.


def numbered(n: int) -> Corpus:
    return Corpus("n", "none", "none", tuple(Document(str(i), f"text {i}") for i in range(n)))


def test_a_split_parts_documents_without_a_leak(wiki: Corpus) -> None:
    train, held_out = corpora.split(wiki)
    assert (len(train.documents), len(held_out.documents)) == (86, 10)
    assert not set(train.documents) & set(held_out.documents)
    assert set(train.documents) | set(held_out.documents) == set(wiki.documents)
    assert (held_out.licence, held_out.attribution) == (wiki.licence, wiki.attribution)


def test_a_seed_fixes_a_split() -> None:
    first, again = corpora.split(numbered(30), seed=4), corpora.split(numbered(30), seed=4)
    assert first == again
    assert corpora.split(numbered(30), seed=5) != first
    titles = [int(document.title) for document in first[0].documents]
    assert titles == sorted(titles)


@pytest.mark.parametrize(
    ("n", "share", "size"), [(10, 0.3, 3), (10, 0.01, 1), (10, 0.99, 9), (2, 0.1, 1)]
)
def test_no_part_is_empty(n: int, share: float, size: int) -> None:
    train, held_out = corpora.split(numbered(n), share)
    assert (len(train.documents), len(held_out.documents)) == (n - size, size)


@pytest.mark.parametrize("share", [0, 1, 10, -0.1])
def test_a_split_needs_a_share(share: float) -> None:
    with pytest.raises(ValueError, match=f"held_out={share} must be between 0 and 1; 0.1"):
        corpora.split(numbered(5), share)


def test_a_split_needs_two_documents() -> None:
    with pytest.raises(ValueError, match="a corpus of 1 documents cannot be split; give one with"):
        corpora.split(numbered(1))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In the 1990s, 3rd.", "in the 0000s , 0rd ."),
        ("1,234.5 km2", "0,000.0 km 0"),
        ("Lincoln's dog's dogs'", "lincoln 's dog 's dogs '"),
        ("don't, it's o'clock", "don't , it 's o'clock"),
        ("don\u2019t", "don't"),
        ("well-known (so-called)", "well - known ( so - called )"),
        ("So... why?!", "so ... why ? !"),
        ("Café Ἀσία snake_case", "café ἀσία snake _ case"),
        (" \n ", ""),
    ],
)
def test_words(text: str, found: str) -> None:
    assert corpora.words(text) == found.split()


def test_words_with_capitals_or_without_marks() -> None:
    assert corpora.words("The U.S. saw 3.", lower=False) == "The U . S . saw 0 .".split()
    assert corpora.words("Don't, Ann's _ (3)!", punctuation=False) == "don't ann 's 0".split()


def test_sentences_end_with_their_paragraph() -> None:
    text = "It rose. It fell\n\nThere are two:\nfog (mist); ice."
    expected = [["it", "rose"], ["it", "fell"], ["there", "are", "two"], ["fog", "mist", "ice"]]
    assert corpora.sentences(text, punctuation=False) == expected


def test_a_corpus_gives_the_sentences_of_its_documents() -> None:
    assert corpora.sentences(numbered(2), lower=False) == [["text", "0"], ["text", "0"]]


@pytest.mark.parametrize("text", ["", " \n\n", Corpus("n", "l", "a", ())])
def test_an_empty_text(text: object) -> None:
    with pytest.raises(ValueError, match=r"the text is empty: no word in \d characters; give some"):
        corpora.sentences(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("call", [corpora.words, corpora.sentences])
@pytest.mark.parametrize("text", [["The sun rose."], None, 5])
def test_what_is_no_text(call, text: object) -> None:
    given = rf"expected a text as one string, got {type(text).__name__}; join several with"
    with pytest.raises(ValueError, match=given):
        call(text)


def test_a_text_of_marks_alone_is_empty_without_them() -> None:
    assert corpora.sentences("?!") == [["?", "!"]]
    with pytest.raises(ValueError, match="the text is empty: no word in 2 characters"):
        corpora.sentences("?!", punctuation=False)


# Lists of judgements.


def test_the_lists_are_complete() -> None:
    related, similar = corpora.word_similarity("wordsim353"), corpora.word_similarity("simlex999")
    assert (len(related), len(similar)) == (353, 999)
    assert ("jerusalem", "israel", 8.46) in related
    assert similar[0] == ("old", "new", 1.58)
    for a, b, score in related + similar:
        assert a == a.lower()
        assert b == b.lower()
        assert 0 <= score <= 10


def test_the_analogies_are_complete() -> None:
    sections = corpora.analogies()
    assert len(sections) == 14
    assert sum(len(questions) for questions in sections.values()) == 19_544
    assert ("king", "queen", "man", "woman") in sections["family"]
    assert sum(name.startswith("gram") for name in sections) == 9


def test_an_unknown_list() -> None:
    with pytest.raises(
        ValueError, match="no list is called 'men'; there are wordsim353 and simlex"
    ):
        corpora.word_similarity("men")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "content", [None, b"love\tsex", b"love\tsex\tmuch", b"\xff\xfe", b"a b c d"]
)
def test_a_missing_or_damaged_list(monkeypatch, tmp_path: Path, content: bytes | None) -> None:
    monkeypatch.setattr(shipped, "datapath", lambda name: str(tmp_path / name))
    if content is not None:
        (tmp_path / "wordsim353.tsv").write_bytes(content)
        (tmp_path / "questions-words.txt").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"wordsim353.tsv is missing or damaged \(.*--no-deps gensim"
    ):
        corpora.word_similarity("wordsim353")
    with pytest.raises(ValueError, match=r"questions-words.txt is missing or damaged \("):
        corpora.analogies()
    if content == b"a b c d":
        with pytest.raises(ValueError, match=r"'a b c d' comes before the first section"):
            corpora.analogies()


# What needs a network.


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise socket.gaierror("Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_vectors_without_a_network(no_network, monkeypatch, tmp_path: Path) -> None:
    import gensim.downloader  # gensim's own code asks the network, which is not there

    monkeypatch.setattr(gensim.downloader, "BASE_DIR", str(tmp_path))
    monkeypatch.setattr(gensim.downloader, "base_dir", str(tmp_path))
    with pytest.raises(
        ValueError, match=r"word vectors 'glove-wiki-gigaword-50' did not load .* check the network"
    ):
        corpora.pretrained_vectors("glove-wiki-gigaword-50")


def test_data_sets_without_their_package(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(
        ValueError, match=r"pip install 'bertgpt\[online\]'; wikipedia\(\) and python_code\(\) need"
    ):
        corpora.hub_dataset("Salesforce/wikitext")


def hub(monkeypatch, answer) -> list[tuple]:
    """Put a package `datasets` in place that answers so, and note what it is asked."""
    asked: list[tuple] = []

    def load_dataset(name, config, *, split, streaming):
        asked.append((name, config, split, streaming))
        if isinstance(answer, Exception):
            raise answer
        return answer

    module = types.ModuleType("datasets")
    module.load_dataset = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", module)
    return asked


def test_rows_of_a_data_set_become_documents(monkeypatch) -> None:
    rows = [{"text": text, "label": 1} for text in (" Fog rose.\n", "", "It fell.", "More.")]
    asked = hub(monkeypatch, rows)
    found = corpora.hub_dataset("a/fog", "raw", part="test", max_documents=3)
    assert asked == [("a/fog", "raw", "test", True)]
    assert found.documents == (Document("a/fog 0", "Fog rose."), Document("a/fog 2", "It fell."))
    assert found.licence == "as stated at https://huggingface.co/datasets/a/fog"
    assert len(corpora.hub_dataset("a/fog").documents) == 3
    assert asked[1] == ("a/fog", None, "train", False)


def test_a_data_set_without_such_a_column(monkeypatch) -> None:
    rows = [{"text": "Fog.", "label": 1}, {"label": 2}, {"text": "Mist.", "title": "Mist"}]
    hub(monkeypatch, rows)
    told = r"'a/fog' has no column 'body'; it has text, label: give one of them as column"
    with pytest.raises(ValueError, match=told):
        corpora.hub_dataset("a/fog", column="body")
    with pytest.raises(ValueError, match=r"'a/fog' has no column 'text'; it has label: give"):
        corpora.hub_dataset("a/fog")  # the second row has none
    assert len(corpora.hub_dataset("a/fog", max_documents=1).documents) == 1


def test_an_empty_cell_is_no_text(monkeypatch) -> None:
    hub(monkeypatch, [{"text": None}, {"text": "Fog."}])
    assert corpora.hub_dataset("a/fog").documents == (Document("a/fog 1", "Fog."),)


@pytest.mark.parametrize("cells", [[], [None], [" ", "\n", None]])
def test_a_data_set_without_a_text(monkeypatch, cells: list[str | None]) -> None:
    hub(monkeypatch, [{"text": cell} for cell in cells])
    told = rf"no text in column 'text' of the {len(cells)} rows that were read; give another column"
    with pytest.raises(ValueError, match=told):
        corpora.hub_dataset("a/fog")


@pytest.mark.parametrize("limit", [0, -1])
def test_a_data_set_of_no_rows(monkeypatch, limit: int) -> None:
    asked = hub(monkeypatch, [{"text": "Fog."}])
    with pytest.raises(ValueError, match=f"max_documents={limit} must be at least 1, or None to"):
        corpora.hub_dataset("a/fog", max_documents=limit)
    assert not asked


@pytest.mark.parametrize(
    "error", [ConnectionError("no route"), RuntimeError("no route"), KeyError("no route")]
)
def test_the_hub_out_of_reach(monkeypatch, error: Exception) -> None:
    hub(monkeypatch, error)
    kind = type(error).__name__
    with pytest.raises(
        ValueError,
        match=rf"'a/fog' did not load \({kind}: '?no route'?\); check the network, its name",
    ):
        corpora.hub_dataset("a/fog")
