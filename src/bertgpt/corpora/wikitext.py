"""Plain prose out of wiki markup, and sentences out of prose.

Not a parser of the whole language: it knows what the course's excerpt of Wikipedia holds.
"""

import html
import re
import unicodedata
from collections.abc import Iterator

LOST = "\ufffc"  # stands for what has no words; a sentence with it is left out

_FLAGS = re.DOTALL | re.IGNORECASE | re.MULTILINE
_ENCLOSED = "gallery|timeline|pre|source|syntaxhighlight|table|imagemap|poem|score|ref"
_HIDDEN = re.compile(rf"<!--.*?-->|<ref[^<>]*/>|<({_ENCLOSED})\b[^<>]*>.*?</\1\s*>", _FLAGS)
_FORMULA = re.compile(r"<(math|code|nowiki)\b[^<>]*>.*?</\1\s*>", _FLAGS)
_BREAK = re.compile(r"<br\s*/?>|</?blockquote>", _FLAGS)
_TAG = re.compile(r"</?[a-z][^<>]*>|__[A-Z]+__", _FLAGS)
_BACK_MATTER = re.compile(
    r"^(={2,6})\s*(?:references|external links|see also|further reading|notes|footnotes|sources|"
    r"(?:\w+ )?bibliography|citations|(?:selected )?works|books|filmography)\s*\1\s*$"
    r".*?(?=^==[^=]|\Z)",
    _FLAGS,
)
_TEMPLATE = re.compile(r"\{\{([^{}]*)\}\}")
_TABLE = re.compile(r"\{\|(?:(?!\{\|).)*?\|\}", _FLAGS)
_LINK = re.compile(r"\[\[([^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]\]")
_WEB_LINK = re.compile(r"\[(?:https?:|ftp:)?//[^\s\]]*\s*([^\[\]]*)\]")
_NOT_SAID = re.compile(r":?(?:file|image|category|[a-z]{2,3}(?:-[a-z]+)?):", _FLAGS)
_ORPHAN = re.compile(r"'{2,5}|\[\[|\]\]")  # bold and italics; brackets that never had a partner

# What a template says in its sentence: one of its arguments, or these characters. Others say
# nothing (most are notes to editors), or something that has no words.
_SAID: dict[str, int | str] = {
    "lang": -1, "transl": -1, "nowrap": 0, "small": 0, "smaller": 0, "quote": 0, "sc": 0, "val": 0,
    "nihongo": 0, "angbr": 0, "vr": 0, "'s": "'s", "'": "'", "' \"": "'\"", '-"': '"', "nbsp": " ",
    "spaces": " ", "ndash": "-", "snd": " - ", "spaced ndash": " - ", "mdash": " - ",
    "mdashb": " - ",
}  # fmt: skip
_WORDLESS = re.compile(
    r"(?:s?frac|ipa|coord|hms|uss|railgauge|e|inflation|formatnum.*|age|carbon|hydrogen|music|eqm|"
    r"dentalformula|us\$|linktext|us patent|pop density|bibleref|format price|su)$"
)
_KEYBOARD = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2012\u2013\u2212", "''\"\"-----")

_GAP = re.compile(r"""(?:(?<=[.!?])|(?<=[.!?]["')\]]))\s+(?=["'(\[]*[A-Z0-9])""")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'\[])(?:[A-Z]|[A-Z]\.[A-Z]|Mrs?|Ms|Drs?|St|Jr|Sr|Gen|Col|Lt|Sgt|Capt|Maj|Brig|Prof"
    r"|Rev|Hon|Gov|Sen|Rep|Mt|Ft|Nos?|[Vv]ol|vs?|cf|ca?|pp?|e\.g|i\.e|approx|lit|[Ff]ig|[Oo]p)\.$"
)


def prose(source: str) -> str:
    """Prose of an article in wiki markup, paragraphs an empty line apart.

    >>> markup = "'''Fog''' is [[cloud|a cloud]]{{sfn|Ash|1999}} {{convert|2|m}} deep."
    >>> prose(markup)
    'Fog is a cloud 2 m deep.'
    """
    text = _FORMULA.sub(LOST, _HIDDEN.sub("", source))
    for pattern, replacement in ((_TEMPLATE, _template), (_TABLE, lambda _: ""), (_LINK, _link)):
        found = 1
        while found:  # from the innermost outwards
            text, found = pattern.subn(replacement, text)
        if pattern is _TABLE:
            text = _WEB_LINK.sub(r"\1", _BACK_MATTER.sub("", text))
    text = _ORPHAN.sub("", _TAG.sub("", _BREAK.sub("\n", text)))
    text = unicodedata.normalize("NFC", html.unescape(text)).translate(_KEYBOARD)
    return "\n\n".join(filter(None, map(_tidy, _paragraphs(text))))


def split_sentences(paragraph: str) -> list[str]:
    """Cut after . ! ? (and a quote or bracket) where a space and a capital or a digit follow.

    >>> split_sentences('Dr. Ash asked "Why?" No one knew. 3 of us left.')
    ['Dr. Ash asked "Why?"', 'No one knew.', '3 of us left.']
    """
    parts: list[str] = []
    for part in _GAP.split(paragraph):
        if parts and _ABBREVIATION.search(parts[-1]):
            parts[-1] += f" {part}"
        else:
            parts.append(part)
    return parts


def _template(match: re.Match[str]) -> str:
    name, *given = (part.strip() for part in match[1].split("|"))
    name, late = name.lower(), "lc=y" in given
    given = [part.removeprefix("1=") for part in given if not re.match(r"[a-z_-]+\d?\s*=", part)]
    if name in ("convert", "cvt"):  # |3|km|mi or |3|to|5|km or |5|ft|10|in
        several = len(given) > 3 and given[2][:1].isdigit()
        return " ".join(given[: 4 if several else 2]).replace("(-)", "")
    if name == "as of" and given:
        return f"{'as' if late else 'As'} of {given[0]}"
    said = _SAID.get(name, 0 if name.startswith("lang-") else LOST if _WORDLESS.match(name) else "")
    if isinstance(said, str):
        return said
    return given[said] if given else ""


def _link(match: re.Match[str]) -> str:
    return "" if _NOT_SAID.match(match[1]) else match[1].rpartition("|")[2]


def _paragraphs(text: str) -> Iterator[str]:
    """Join lines as MediaWiki does: not with an item of a list, nor across an empty line."""
    paragraph: list[str] = []
    for line in [*text.splitlines(), ""]:
        separate = line[:1] in tuple("*#:;=|!{")
        if paragraph and (separate or not line.strip()):
            yield " ".join(paragraph)
            paragraph = []
        if separate:  # headings, too: they do not end as a sentence does
            yield line.lstrip("*#:; ")
        elif line.strip() and not separate:
            paragraph.append(line)


def _tidy(paragraph: str) -> str:
    """Close gaps; keep six words or more that end as a sentence does or announce a list."""
    text = " ".join(paragraph.replace("\u2014", " - ").split())
    text = re.sub(r"\([\s,;:]+", "(", re.sub(r"[\s,;]+\)", ")", text))
    text = re.sub(r"\s*\(\)|\s+(?=[,.;:](?:\s|$))", "", text)
    text = re.sub(r",(?:\s*,)+", ",", text).strip()
    text = " ".join(part for part in split_sentences(text) if LOST not in part)
    whole = len(text.split()) > 5 and re.search(r"[.!?:][\"')\]]*$", text)
    return text if whole and "ISBN" not in text else ""
