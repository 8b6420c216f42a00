"""The article's claims and their verdicts, told once in ``claims.yml`` and shown wherever needed.

* ``{claim} C03`` shows one claim: its words, the verdict, what is true instead, the sources and a
  link to the cell or paragraph that settled it.
* ``{verdicts}`` shows every claim with counts, and a filter that needs no server.
* ``{claims-count}`wrong` `` in a sentence is the number of claims with that verdict or state;
  ``{claims-count}`all` `` that of all claims.

Whatever is missing or contradictory in the file is a warning that names the claim, what was given
and what is allowed; a strict build therefore fails.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from boxes import block
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.nodes import make_refnode

Claim: TypeAlias = dict[str, Any]

LOGGER = logging.getLogger(__name__)
VERDICTS = {
    "holds": "Holds",
    "qualified": "Needs qualifying",
    "wrong": "Wrong",
    "undecided": "Not decided here",
    "opinion": "Opinion",
}
STATES = {"measured": "Measured", "documentary": "Documented", "open": "Not yet measured"}
FIELDS = ("id", "part", "words", "verdict", "correction", "sources", "page", "evidence")
OPTIONAL = ("verdict_note", "words_from")
EVIDENCE = ("page", "target", "kind")
KINDS = ("measured", "documentary")


class evidence_link(nodes.Inline, nodes.TextElement):  # type: ignore[misc]  # noqa: N801
    """Stands for a link that can be made only when every page has been read."""


def _file(env: BuildEnvironment) -> Path:
    return Path(env.srcdir, env.config.claims_file)


def _document(env: BuildEnvironment, page: str) -> str | None:
    """The document that a claim's short page name (``01_counting``) means, if the book has it."""
    return next((doc for doc in sorted(env.found_docs) if doc.rpartition("/")[2] == page), None)


def _list(values: Any) -> str:
    return ", ".join(str(value) for value in values)


def faults(entries: Any) -> list[str]:
    """Check the contents of ``claims.yml``; one sentence per fault, none when all is well.

    Args:
        entries: what the YAML file holds; a list of mappings with the fields in `FIELDS`.
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return [f"it must hold a list of claims, and holds a {type(entries).__name__}"]
    found: list[str] = []
    ids = Counter(str(entry.get("id")) for entry in entries)
    found += [f"{name} appears {n} times; ids must be unique" for name, n in ids.items() if n > 1]
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id") or f"claim number {number}"
        found += [f"{name}: {fault}" for fault in (*_faults_of(entry), *_faults_of_evidence(entry))]
    return found


def _faults_of(entry: Claim) -> Iterator[str]:
    """Faults of one claim's fields, all but its evidence."""
    if not re.fullmatch(r"C\d\d", str(entry.get("id"))):
        yield f"id is {entry.get('id')!r}; allowed are C01, C02, ..."
    if missing := [field for field in FIELDS if field not in entry]:
        yield f"{_list(missing)} missing; each claim needs {_list(FIELDS)}"
    if extra := [field for field in entry if field not in FIELDS + OPTIONAL]:
        yield f"{_list(extra)} unknown; allowed are {_list(FIELDS + OPTIONAL)}"
    verdict = entry.get("verdict")
    if verdict not in VERDICTS:
        yield f"verdict is {verdict!r}; allowed are {_list(VERDICTS)}"
    if not entry.get("words"):
        yield "words is empty; quote what the article says"
    if verdict in ("qualified", "wrong") and not entry.get("correction"):
        yield "correction is empty; say what is true instead"
    if not isinstance(entry.get("sources", []), list):
        yield f"sources is {entry['sources']!r}; it must be a list of keys"


def _faults_of_evidence(entry: Claim) -> Iterator[str]:
    """Faults of where a claim is settled; null says that it is not yet."""
    evidence = entry.get("evidence")
    if evidence is None:
        return
    if not isinstance(evidence, dict) or any(not evidence.get(key) for key in EVIDENCE):
        yield f"evidence is {evidence!r}; it must be null or {_list(EVIDENCE)}"
    elif evidence["kind"] not in KINDS:
        yield f"kind is {evidence['kind']!r}; allowed are {_list(KINDS)}"


@cache
def _read(path: Path, _changed: int) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def read_claims(path: Path) -> dict[str, Claim]:
    """The claims of the file by their id, in the file's order; those with faults left out."""
    entries = _read(path, path.stat().st_mtime_ns) if path.is_file() else []
    if not isinstance(entries, list):
        return {}
    return {
        entry["id"]: entry for entry in entries if isinstance(entry, dict) and not faults([entry])
    }


def state_of(claim: Claim) -> str:
    """How far a claim is settled: a key of `STATES`."""
    return claim["evidence"]["kind"] if claim["evidence"] else "open"


def _check_file(app: Sphinx, env: BuildEnvironment, _docnames: list[str]) -> None:
    path = _file(env)
    if not path.is_file():
        LOGGER.warning("%s: there is no such file; it holds the claims", path, type="claims")
        return
    entries = _read(path, path.stat().st_mtime_ns)
    found = faults(entries)
    if isinstance(entries, list) and "sphinxcontrib.bibtex" in app.extensions:
        known = env.get_domain("cite").bibdata.data.entries  # type: ignore[attr-defined]
        for entry in filter(lambda entry: isinstance(entry, dict), entries):
            unknown = [key for key in entry.get("sources") or [] if key not in known]
            if unknown:
                where = _list(env.config.bibtex_bibfiles)
                found.append(f"{entry.get('id')}: sources {_list(unknown)} are not in {where}")
    for text in found:
        LOGGER.warning("%s: %s", env.config.claims_file, text, type="claims")


def _check_evidence(app: Sphinx, env: BuildEnvironment) -> None:
    labels = env.get_domain("std").anonlabels  # type: ignore[attr-defined]
    for name, claim in read_claims(_file(env)).items():
        if not claim["evidence"]:
            continue
        page, target = claim["evidence"]["page"], claim["evidence"]["target"]
        here = labels.get(target, (None, ""))[0]
        if here == page:
            continue
        near = sorted(
            label for label, (doc, _) in labels.items()
            if doc == page and label.startswith("evidence-")
        )  # fmt: skip
        problem = f"is on {here}" if here else "does not exist"
        LOGGER.warning(
            "%s: %s: the evidence target %r on page %r %s; that page %s",
            env.config.claims_file, name, target, page, problem,
            f"has {_list(near)}" if near
            else "has no target that begins with evidence-" if page in env.found_docs
            else f"is none of this book's: {_list(sorted(env.found_docs))}", type="claims",
        )  # fmt: skip


class _ClaimDirective(SphinxDirective):
    """Base of both directives."""

    def _line(self, css: str, *children: nodes.Node) -> nodes.paragraph:
        return nodes.paragraph("", "", *children, classes=[css])

    def _text(self, text: str) -> list[nodes.Node]:
        found, messages = self.parse_inline(str(text).strip())
        return [*found, *messages]

    def _link(self, kind: str, claim: Claim) -> nodes.Node:
        return evidence_link("", "", kind=kind, claim=claim["id"])

    def box(self, claim: Claim, *, everywhere: bool) -> nodes.Node:
        """One claim; `everywhere` marks the page of all verdicts, which owns the anchors."""
        verdict, state, name = claim["verdict"], state_of(claim), claim["id"]
        anchor = f"claim-{name.lower()}"
        data = {"data-verdict": verdict, "data-state": state, "data-page": str(claim["page"])}
        label = f"Claim {name}: {VERDICTS[verdict].lower()}"
        box = block(tag="article", html={"aria-label": label, **data}, ids=[anchor])
        box["classes"] += ["claim", f"claim-{verdict}"]
        if everywhere:
            box["names"].append(anchor)
            self.state.document.note_explicit_target(box)
        number: nodes.Node = nodes.inline("", name)
        head = self._line(
            "claim-head",
            nodes.inline(
                "", "", number if everywhere else self._link("number", claim), classes=["claim-id"]
            ),
            nodes.Text(" "),
            nodes.inline("", VERDICTS[verdict], classes=["verdict"]),
        )
        if claim.get("verdict_note"):
            head += [nodes.Text(" "), nodes.inline("", "", *self._text(claim["verdict_note"]))]
        if everywhere:
            head += [nodes.Text(" "), nodes.inline("", str(claim["part"]), classes=["claim-part"])]
        box += head
        box += self._line("claim-words", nodes.Text(f"“{str(claim['words']).strip()}”"))
        if claim["correction"]:
            box += self._line("claim-correction", *self._text(claim["correction"]))
        foot = self._line("claim-foot")
        if claim["sources"]:
            foot += nodes.inline("", "Sources: ")
            for number_, key in enumerate(claim["sources"]):
                foot += nodes.Text(", " if number_ else "")
                foot += self._text(f"{{cite:t}}`{key}`")
            foot += nodes.Text(". ")
        if claim.get("words_from"):
            foot += [nodes.Text("Words from "), *self._text(claim["words_from"]), nodes.Text(". ")]
        foot += self._link(state, claim)
        box += foot
        return box


class ClaimDirective(_ClaimDirective):
    """``{claim} C03``: one claim, where its evidence has just been seen."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(_file(self.env)))
        claims = read_claims(_file(self.env))
        name = self.arguments[0]
        if name in claims:
            return [self.box(claims[name], everywhere=False)]
        LOGGER.warning(
            "there is no claim %r in %s; it has %s",
            name, self.config.claims_file, _list(claims) or "no sound claim",
            location=self.get_location(), type="claims",
        )  # fmt: skip
        return []


class VerdictsDirective(_ClaimDirective):
    """``{verdicts}``: every claim, counted and filterable."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(_file(self.env)))
        self.env.metadata[self.env.docname]["verdicts"] = "yes"
        claims = list(read_claims(_file(self.env)).values())
        form = nodes.raw("", _form(claims), format="html")
        boxes = block(tag="div", ids=["verdicts-list"], classes=["verdicts"])
        boxes += [self.box(claim, everywhere=True) for claim in claims]
        return [_counts(claims), form, boxes]


class ClaimsCountRole(SphinxRole):
    """``{claims-count}`wrong` ``: how many claims there are of one kind."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        self.env.note_dependency(str(_file(self.env)))
        claims = list(read_claims(_file(self.env)).values())
        counted = Counter(claim["verdict"] for claim in claims) + Counter(map(state_of, claims))
        kinds = {"all": len(claims)} | {kind: counted[kind] for kind in (*VERDICTS, *STATES)}
        if self.text in kinds:
            return [nodes.Text(str(kinds[self.text]))], []
        LOGGER.warning(
            "claims-count is %r; allowed are %s",
            self.text, _list(kinds), location=self.get_location(), type="claims",
        )  # fmt: skip
        return [], []


def _counts(claims: list[Claim]) -> nodes.table:
    """A table of verdicts (rows) by state (columns)."""
    counted = Counter((claim["verdict"], state_of(claim)) for claim in claims)
    rows = [["Verdict", *STATES.values(), "All"]]
    for verdict, words in VERDICTS.items():
        numbers = [counted[verdict, state] for state in STATES]
        rows.append([words, *map(str, numbers), str(sum(numbers))])
    totals = [sum(counted[verdict, state] for verdict in VERDICTS) for state in STATES]
    rows.append(["All", *map(str, totals), str(len(claims))])
    group = nodes.tgroup("", cols=len(rows[0]))
    group += [nodes.colspec(colwidth=16) for _ in rows[0]]
    built = [
        nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in row)) for row in rows
    ]
    group += [nodes.thead("", built[0]), nodes.tbody("", *built[1:])]
    return nodes.table("", group, classes=["verdict-counts"])


def _form(claims: list[Claim]) -> str:
    """The filter; hidden until the page's script wakes it, since without it it does nothing."""

    def select(name: str, label: str, options: dict[str, str]) -> str:
        inner = "".join(
            f'<option value="{escape(value)}">{escape(text)}</option>'
            for value, text in {"": "all", **options}.items()
        )
        return f'<label>{label} <select name="{name}">{inner}</select></label>'

    pages = {str(claim["page"]): str(claim["page"]).replace("_", " ") for claim in claims}
    return (
        '<form class="verdict-filter" role="search" aria-label="Filter the claims" hidden>'
        '<label>Words <input type="search" name="words" autocomplete="off"></label>'
        + select("verdict", "Verdict", VERDICTS)
        + select("state", "State", STATES)
        + select("page", "Page", pages)
        + '<button type="reset">Show all</button>'
        '<p class="verdict-count" role="status" aria-live="polite"></p></form>'
    )


class EvidenceLinks(SphinxPostTransform):
    """Makes the links between a claim, the page of all verdicts and its evidence."""

    default_priority = 8

    def run(self, **_: Any) -> None:
        for node in list(self.document.findall(evidence_link)):
            claim = read_claims(_file(self.env)).get(node["claim"])
            if claim:
                node.replace_self(self._resolved(node["kind"], claim))

    def _to(self, page: str, target: str, *text: nodes.Node) -> nodes.Node:
        content = nodes.inline("", "", *text)
        return make_refnode(self.app.builder, self.env.docname, page, target, content)

    def _resolved(self, kind: str, claim: Claim) -> nodes.Node:
        labels = self.env.get_domain("std").anonlabels  # type: ignore[attr-defined]
        if kind == "number":
            text = nodes.Text(claim["id"])
            page, target = labels.get(f"claim-{claim['id'].lower()}", (None, ""))
            return self._to(page, target, text) if page else nodes.inline("", "", text)
        if kind != "open":
            words = f"{STATES[kind]} in "
            page, target = labels.get(claim["evidence"]["target"], (None, ""))
        else:
            words, target = f"{STATES['open']}; its place is ", ""
            page = _document(self.env, str(claim["page"]))
        if page in self.env.titles:
            title = self.env.titles[page].astext()
            link = self._to(page, target, nodes.Text(title))
            return nodes.inline("", "", nodes.Text(words), link, nodes.Text("."))
        rest = f"{STATES['open']}: the page “{_title_to_come(claim['page'])}” is still to come."
        rest = rest if kind == "open" else f"{STATES[kind]}."
        return nodes.inline("", rest)


def _title_to_come(page: str) -> str:
    """Title of a page that is not written yet, from the name of its file.

    >>> _title_to_come("14_bert_is_not_gpt")
    'BERT is not GPT'
    """
    name = re.sub(r"^[0-9]+_", "", page).replace("_", " ")
    name = re.sub("bert|gpt", lambda model: model[0].upper(), name)
    return name[:1].upper() + name[1:]


def _filter_script(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "verdicts" in app.env.metadata.get(page, {}):
        app.add_js_file("verdicts.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.setup_extension("boxes")
    app.add_config_value("claims_file", "book/claims.yml", "env", str)
    app.add_node(evidence_link)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("verdicts", VerdictsDirective)
    app.add_role("claims-count", ClaimsCountRole())
    app.add_post_transform(EvidenceLinks)
    app.connect("env-before-read-docs", _check_file)
    app.connect("env-check-consistency", _check_evidence)
    app.connect("html-page-context", _filter_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
