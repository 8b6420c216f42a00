"""The book's own Sphinx extensions, on a tiny book."""

import html
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

EXT = Path(__file__).parents[1] / "book" / "_ext"
sys.path.insert(0, str(EXT))

from boxes import bold_opening  # noqa: E402
from claims import faults  # noqa: E402
from offline import asked_for, package_file  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402
from sphinx.errors import ExtensionError  # noqa: E402
from sphinx.util.docutils import docutils_namespace, patch_docutils  # noqa: E402

# Sphinx and its extensions have deprecations of their own.
pytestmark = pytest.mark.filterwarnings("ignore")

CONF = """
extensions = ["myst_parser", "sphinxcontrib.bibtex", "sphinx_thebe", "offline", "boxes", "claims"]
myst_enable_extensions = ["dollarmath"]
bibtex_bibfiles = ["references.bib"]
claims_file = "claims.yml"
html_static_path = ["assets"]
html_theme = "basic"
nitpicky = True
"""
CLAIM = """
- id: {id}
  part: Introduction
  words: It all started in 2013
  verdict: {verdict}
  correction: "*Markov* counted in 1913."
  sources: [{sources}]
  page: {page}
  evidence: {evidence}
"""
MEASURED = "{page: notebooks/counting, target: evidence-c03, kind: measured}"
FRAME = html.escape(
    "<!doctype html><!--bv-libs--><script>d3 = 'a copy'</script><!--/bv-libs--><div>bertviz</div>"
)
SCRIPT = '<script src="https://example.org/a.js"></script>'
PLAIN = """
<script src="https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js"></script>
<div id="bertviz-1">view</div>
<script>require.config({paths: {
  d3: 'https://cdnjs.cloudflare.com/ajax/libs/d3/5.7.0/d3.min',
  jquery: 'https://cdnjs.cloudflare.com/ajax/libs/jquery/2.0.0/jquery.min'}});</script>
"""


def claim(
    id: str = "C03", verdict: str = "wrong", sources: str = "markov1913", page: str = "counting",
    evidence: str = MEASURED,
) -> str:  # fmt: skip
    return CLAIM.format(id=id, verdict=verdict, sources=sources, page=page, evidence=evidence)


BOOK = {
    "conf.py": CONF,
    "references.bib": "@book{markov1913, author={Markov, A.}, title={Chains}, "
    "publisher={Academy}, year={1913}}",
    "claims.yml": claim()
    + claim("C04", "holds", evidence="null")
    + claim("C05", "opinion", page="99_bert_is_not_gpt", evidence="null"),
    "index.md": "# Book\n\n```{toctree}\nnotebooks/counting\nverdicts\nbibliography\n```\n",
    "notebooks/counting.md": "# Counting\n\n(evidence-c03)=\n**What we saw.** $x^2$ bits.\n\n"
    "> **Before you run it.** Which is larger?\n\n> An ordinary quotation.\n\n"
    "> **What we saw.** The first.\n\n> **Before you read on.** How long?\n\n"
    "```{claim} C03\n```\n",
    "verdicts.md": "# Verdicts\n\nOf {claims-count}`all` claims {claims-count}`wrong` is wrong and "
    "{claims-count}`open` are open.\n\n```{verdicts}\n```\n",
    "bibliography.md": "# Bibliography\n\n```{bibliography}\n```\n",
    "assets/verdicts.js": "// filters\n",
}


def build(folder: Path, files: dict[str, str], builder: str = "html") -> SimpleNamespace:
    """Writes the files, builds the book; returns its pages, its warnings and what was read."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    out, warnings = folder / "_build" / builder, folder / "warnings.txt"
    read: list[str] = []
    with (
        docutils_namespace(),
        patch_docutils(folder),
        warnings.open("w", encoding="utf-8") as stream,
    ):
        app = Sphinx(folder, folder, out, out / ".doctrees", builder, status=None, warning=stream)
        app.connect("source-read", lambda _app, name, _text: read.append(name))
        app.build()
    text = re.sub(r"\x1b\[[\d;]*m", "", warnings.read_text(encoding="utf-8"))
    suffix = ".txt" if builder == "text" else ".html"
    pages = {
        path.relative_to(out).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
        for path in out.rglob(f"*{suffix}")
    }
    return SimpleNamespace(pages=pages, warnings=text, read=read, out=out)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    return build(tmp_path_factory.mktemp("good"), BOOK)


@pytest.fixture
def warned(tmp_path: Path) -> Callable[..., str]:
    """Builds the book with some files changed; returns the warnings."""
    return lambda files: build(tmp_path, BOOK | files).warnings


def element(page: str, start: str) -> str:
    """The HTML from an opening tag that holds `start` to the end of its line group."""
    found = re.search(rf"<(\w+)[^>]*{start}.*?</\1>", page, re.S)
    assert found, f"no element with {start}"
    return found[0]


def test_a_sound_book_builds_without_a_warning(good):
    assert good.warnings == ""


def test_all_pages_on_one_page(tmp_path):
    """What is printed as a PDF; an extension that names this builder must not shut others out."""
    conf = CONF.replace('"boxes"', '"sphinx_exercise", "boxes"')
    whole = build(tmp_path, BOOK | {"conf.py": conf}, "singlehtml")
    assert whole.warnings == ""
    assert 'class="prediction"' in whole.pages["index"]
    assert 'id="claim-c03"' in whole.pages["index"]


def test_a_claim_box(good):
    box = element(good.pages["notebooks/counting"], 'id="claim-c03"')
    assert 'class="claim claim-wrong"' in box
    assert 'aria-label="Claim C03: wrong"' in box
    assert "“It all started in 2013”" in box
    assert '<span class="verdict">Wrong</span>' in box
    assert "<em>Markov</em> counted in 1913." in box
    assert re.search(r'href="\.\./bibliography\.html#\w+"[^>]*>Mar13</a>', box)
    assert 'href="#evidence-c03"' in box
    assert 'href="../verdicts.html#claim-c03"' in box


def test_the_verdicts_page(good):
    page = good.pages["verdicts"]
    assert page.count("<article ") == 3
    assert 'href="notebooks/counting.html#evidence-c03"' in element(page, 'id="claim-c03"')
    unmeasured = element(page, 'id="claim-c04"')
    assert "Not yet measured; its place is" in unmeasured
    assert 'data-state="open"' in unmeasured
    to_come = element(page, 'id="claim-c05"')
    assert "Not yet measured: the page “BERT is not GPT” is still to come." in to_come
    cells = re.findall(r"<td><p>(.*?)</p></td>", page)
    assert cells[:5] == ["Holds", "0", "0", "1", "1"]
    assert cells[-5:] == ["All", "1", "0", "2", "3"]


def test_the_filter_sleeps_until_a_script_wakes_it(good):
    form = element(good.pages["verdicts"], 'class="verdict-filter"')
    assert " hidden>" in form
    assert form.count("<label>") == 4
    assert 'role="status"' in form
    assert "verdicts.js" in good.pages["verdicts"]
    assert "verdicts.js" not in good.pages["notebooks/counting"]


def test_predictions_and_results(good):
    page = good.pages["notebooks/counting"]
    box = element(page, 'class="prediction"')
    assert "Which is larger?" in box
    assert 'role="note"' in box
    assert "An ordinary quotation." not in box
    assert page.count("<blockquote") == 2
    assert '<p class="what-we-saw"' in page
    assert '<blockquote class="what-we-saw"' in page


def test_every_question_is_a_box_whatever_its_opening_words(good):
    page = good.pages["notebooks/counting"]
    assert page.count('class="prediction"') == 2
    assert "How long?" in element(page[page.index("The first.") :], 'class="prediction"')


def test_counts_in_a_sentence_follow_the_file(good):
    assert "Of 3 claims 1 is wrong and 2 are open." in good.pages["verdicts"]


def test_an_unknown_count_says_what_is_allowed(warned):
    text = warned({"verdicts.md": "# Verdicts\n\n{claims-count}`none`\n"})
    allowed = "all, holds, qualified, wrong, undecided, opinion"
    assert f"claims-count is 'none'; allowed are {allowed}" in text


def test_entries_of_the_bibliography_are_a_list(good):
    assert "doc-biblioentry" not in good.pages["bibliography"]
    assert 'role="listitem"' in good.pages["bibliography"]


def test_other_builders_show_the_words(tmp_path):
    made = build(tmp_path, BOOK, "text")
    assert made.warnings == ""
    assert "Which is larger?" in made.pages["notebooks/counting"]
    assert "It all started in 2013" in made.pages["verdicts"]


def test_mathjax_is_one_file_of_our_own(good):
    folder = good.out / "_static" / "mathjax"
    assert [path.name for path in folder.iterdir()] == ["tex-svg-full.js"]
    assert re.search(
        r'src="\.\./_static/mathjax/tex-svg-full\.js', good.pages["notebooks/counting"]
    )
    assert "mathjax/" not in good.pages["verdicts"].lower()


def test_a_book_without_formulas_copies_no_mathjax(tmp_path):
    page = BOOK["notebooks/counting.md"].replace("$x^2$", "two")
    made = build(tmp_path, BOOK | {"notebooks/counting.md": page})
    assert not (made.out / "_static" / "mathjax").exists()
    assert not (made.out / "_static" / "views").exists()


def test_no_thebe_and_no_other_host(good):
    for name, page in good.pages.items():
        assert "thebe" not in page.lower(), name
        assert "cdn" not in page, name
        assert asked_for(page) == [], name
    assert not list((good.out / "_static").glob("*thebe*"))


def test_the_redirect_at_the_top_names_an_icon(tmp_path):
    redirect = '<meta http-equiv="Refresh" content="0; url=book/intro.html" />'
    conf = CONF + "html_extra_path = ['extra']\n"
    toc = BOOK["index.md"].replace("notebooks", "/notebooks").replace("\nv", "\n/v")
    toc = toc.replace("\nb", "\n/b")
    files = {"conf.py": conf + "root_doc = 'book/intro'\n", "book/intro.md": toc}
    files |= {"extra/index.html": redirect}
    made = build(tmp_path, {k: v for k, v in BOOK.items() if k != "index.md"} | files)
    assert 'url=book/intro.html"' in made.pages["index"]
    assert '<link rel="icon" href="data:,">' in made.pages["index"]


def test_views_share_one_copy_of_their_libraries(tmp_path):
    framed = f'# A\n\n<iframe title="a view" srcdoc="{FRAME}"></iframe>\n'
    index = BOOK["index.md"].replace("verdicts", "verdicts\nnotebooks/framed\nplain")
    files = {"notebooks/framed.md": framed, "plain.md": f"# B\n\n{PLAIN}", "index.md": index}
    made = build(tmp_path, BOOK | files)
    assert made.warnings == ""
    views = made.out / "_static" / "views"
    assert sorted(path.name for path in views.iterdir()) == ["d3.js", "jquery.js", "require.js"]
    page = made.pages["notebooks/framed"]
    assert "a copy" not in page
    for name in ("jquery", "d3", "require"):
        assert f"&lt;script src=&quot;../_static/views/{name}.js&quot;&gt;" in page
    plain = made.pages["plain"]
    assert "cdnjs" not in plain
    order = [plain.index(f'src="_static/views/{name}.js') for name in ("jquery", "d3", "require")]
    assert order == sorted(order)
    assert "views/" not in made.pages["verdicts"]


@pytest.mark.parametrize(
    "tag",
    [
        '<img alt="x" src="https://example.org/a.png">',
        '<script src="//example.org/a.js"></script>',
        '<link rel="stylesheet" href="https://example.org/a.css">',
        "<style>@import url('https://example.org/a.css')</style>",
        f'<iframe srcdoc="{html.escape(SCRIPT)}"></iframe>',
    ],
)
def test_what_a_browser_would_fetch_is_found(tag):
    (address,) = asked_for(f'<p><a href="https://example.org/link">fine</a></p>{tag}')
    assert "example.org/a." in address


def test_code_that_shows_an_address_asks_for_nothing():
    assert asked_for(f"<pre>{html.escape(SCRIPT)}</pre>") == []


def test_a_page_that_asks_another_host_is_named(warned):
    page = "# Verdicts\n\n![a picture](https://example.org/a.png)\n"
    found = warned({"verdicts.md": page})
    assert re.search(
        r"verdicts.*WARNING: .*fetch https://example.org/a.png; .* no other host", found
    )


def test_thebe_switched_on_is_named(warned):
    conf = CONF + "html_theme_options = {}\n"
    assert warned({"conf.py": conf}) == ""
    found = warned({"conf.py": conf.replace("{}", "{'launch_buttons': {'thebe': True}}")})
    assert "launch_buttons.thebe is on" in found


def test_a_missing_package_says_what_to_install():
    with pytest.raises(ExtensionError, match=r"need a\.js of .* pip install no-such-thing"):
        package_file("no_such_thing", "a.js", "no-such-thing")


def test_an_unknown_claim(warned):
    found = warned({"verdicts.md": "# Verdicts\n\n```{claim} C99\n```\n"})
    assert re.search(
        r"verdicts\.md:3: WARNING: there is no claim 'C99' in claims.yml; it has C03", found
    )


def test_evidence_that_does_not_exist(warned):
    found = warned({"claims.yml": claim(evidence=MEASURED.replace("-c03", "-c44"))})
    assert re.search(
        r"claims\.yml: C03: the evidence target 'evidence-c44' on page 'notebooks/counting' does "
        r"not exist; that page has evidence-c03",
        found,
    )


def test_evidence_on_another_page(warned):
    found = warned({"claims.yml": claim(evidence=MEASURED.replace("notebooks/", "note"))})
    assert "on page 'notecounting' is on notebooks/counting; that page is none of" in found


def test_an_unknown_source(warned):
    found = warned({"claims.yml": claim(sources="markov1913, nobody1900")})
    assert "C03: sources nobody1900 are not in references.bib" in found


def test_no_file_of_claims(warned):
    found = warned({"conf.py": CONF.replace("claims.yml", "nowhere.yml")})
    assert "nowhere.yml: there is no such file" in found
    assert "there is no claim 'C03' in nowhere.yml; it has no sound claim" in found


ENTRY = {
    "id": "C03", "part": "Introduction", "words": "in 2013", "verdict": "wrong",
    "correction": "In 1913.", "sources": ["markov1913"], "page": "counting", "evidence": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"C03": "wrong"}, "must hold a list of claims, and holds a dict"),
        ([ENTRY | {"id": "3"}], "id is '3'; allowed are C01"),
        ([ENTRY, ENTRY], "C03 appears 2 times"),
        ([{k: v for k, v in ENTRY.items() if k != "page"}], "C03: page missing; each claim needs"),
        ([ENTRY | {"colour": "red"}], "C03: colour unknown; allowed are id"),
        ([ENTRY | {"verdict": "true"}], "verdict is 'true'; allowed are holds, qualified, wrong"),
        ([ENTRY | {"words": ""}], "words is empty; quote"),
        ([ENTRY | {"correction": ""}], "correction is empty; say what is true"),
        ([ENTRY | {"sources": "markov1913"}], "sources is 'markov1913'; it must be a list"),
        (
            [ENTRY | {"evidence": {"page": "a"}}],
            "evidence is .* must be null or page, target, kind",
        ),
        (
            [ENTRY | {"evidence": {"page": "a", "target": "b", "kind": "guessed"}}],
            "kind is 'guessed'; allowed are measured, documentary",
        ),
    ],
)
def test_a_fault_says_what_was_given_and_what_is_allowed(entries, message):
    (found,) = faults(entries)
    assert re.search(message, found)


def test_no_faults():
    assert faults([ENTRY, ENTRY | {"id": "C04", "verdict_note": "by half"}]) == []


def test_an_edit_of_the_claims_rebuilds_the_pages_that_show_them(tmp_path):
    build(tmp_path, BOOK)
    edited = BOOK["claims.yml"].replace("It all started", "All of it started")
    made = build(tmp_path, {"claims.yml": edited})
    assert sorted(made.read) == ["notebooks/counting", "verdicts"]
    assert "All of it started" in made.pages["notebooks/counting"]


def test_only_the_opening_words_count():
    from docutils import nodes

    bold = nodes.strong("", "What we saw.")
    assert bold_opening(nodes.paragraph("", "", nodes.Text(""), bold)) == "What we saw."
    assert bold_opening(nodes.paragraph("", "", nodes.Text("No: "), bold)) is None
    assert bold_opening(nodes.paragraph()) is None
