"""The ``{timeline}`` directive: a picture and a table, both drawn from ``timeline.yml``.

The picture is an inline SVG in the colour of the text around it. On the left every event has its
place in time; a thin line leads to its label, for the labels are evenly spaced. Where the article
gives another date, a dashed bow leads from the true date to that one.
"""

import math
import re
from html import escape
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

Event: TypeAlias = dict[str, Any]

LOGGER = logging.getLogger(__name__)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NEEDED = ("date", "short", "text", "sources")
OPTIONAL = ("article", "claim")
LONGEST = 34  # characters of a label

# The picture, in units of its view box; a phone shows it at nearly this width.
WIDTH, AXIS, LABELS, SHORT, ROW, TOP = 400, 84, 116, 178, 27, 22
STRETCH = 8  # years: from here on back, a step of time takes less and less room
SOLID = 'fill="currentColor" stroke="none"'


def year_of(date: str) -> float:
    """The date as a number of years; a year alone means its middle.

    >>> year_of("2014-09")
    2014.7083333333333
    """
    year, *rest = (int(part) for part in date.split("-"))
    if not rest:
        return year + 0.5
    day = rest[1] - 1 if len(rest) > 1 else 15
    return year + (rest[0] - 1 + day / 30) / 12


def in_words(date: str) -> str:
    """The date as a reader writes it: 1948, Sep 2014, 11 Oct 2018."""
    year, *rest = date.split("-")
    month = [MONTHS[int(rest[0]) - 1]] if rest else []
    day = [str(int(rest[1]))] if len(rest) > 1 else []
    return " ".join([*day, *month, year])


def faults(events: Any) -> list[str]:
    """Check the contents of ``timeline.yml``; one sentence per fault."""
    if not isinstance(events, list) or not events:
        return ["it must hold a list of events"]
    found: list[str] = []
    before = ""
    for number, event in enumerate(events, start=1):
        name = f"event {number} ({event.get('short', 'no label')})"
        if missing := [field for field in NEEDED if not event.get(field)]:
            found.append(f"{name}: {', '.join(missing)} missing; needed are {', '.join(NEEDED)}")
            continue
        if extra := [field for field in event if field not in NEEDED + OPTIONAL]:
            allowed = ", ".join(NEEDED + OPTIONAL)
            found.append(f"{name}: {', '.join(extra)} unknown; allowed are {allowed}")
        for date in (event["date"], event.get("article", "1900")):
            if not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2])(-[0-3]\d)?)?", str(date)):
                found.append(f'{name}: date is {date!r}; write "YYYY", "YYYY-MM" or "YYYY-MM-DD"')
        if len(event["short"]) > LONGEST:
            found.append(f"{name}: its label has {len(event['short'])} letters of {LONGEST}")
        if bool(event.get("article")) != bool(event.get("claim")):
            found.append(f"{name}: article and claim go together; give both or neither")
        if str(event["date"]) < before:
            found.append(f"{name}: {event['date']} comes after {before}; the oldest goes first")
        before = str(event["date"])
    return found


def picture(events: list[Event]) -> str:
    """The events as an SVG that follows the colour of the text around it."""
    first, last = year_of(events[0]["date"]), year_of(events[-1]["date"])
    bottom = TOP + ROW * (len(events) - 1)

    def height(date: str) -> float:
        """Logarithmic in the years before the last event, so that the crowded end has room."""
        ago = math.log((last - year_of(date)) / STRETCH + 1)
        return round(bottom - ago / math.log((last - first) / STRETCH + 1) * (bottom - TOP), 1)

    parts = [
        f'<path d="M{AXIS} {TOP}V{bottom}" stroke-width="2"/>',
        *(_decade(year, height(f"{year}-01-01")) for year in range(1920, 2030, 10)),
    ]
    for row, event in enumerate(events):
        level, label = height(event["date"]), TOP + ROW * row
        parts += [
            f'<path d="M{AXIS} {level}L{LABELS - 4} {label}" opacity=".45"/>',
            f'<circle cx="{AXIS}" cy="{level}" r="3.5" {SOLID}/>',
            _words(LABELS, label, in_words(event["date"][:7])),
            _words(SHORT, label, event["short"]),
        ]
        if event.get("article"):
            other = height(event["article"])
            bow = 12 + 38 * abs(other - level) / (bottom - TOP)
            parts += [
                f'<path d="M{AXIS - 4} {level}Q{AXIS - 2 * bow:.1f} {(level + other) / 2:.1f} '
                f'{AXIS - 5} {other}" stroke-dasharray="4 3"/>',
                f'<rect x="{AXIS - 5}" y="{other - 5}" width="10" height="10"/>',
            ]
    about = (
        f"{len(events)} events from {events[0]['date'][:4]} to {events[-1]['date'][:4]} on a line "
        "of time that stretches towards its end. Dashed bows lead to the dates that the article "
        "gives instead. The table below holds the same data."
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {bottom + 18}" style="width: 100%; max-width: 36rem" '
        'font-size="13" fill="none" stroke="currentColor" '
        'role="img" aria-labelledby="timeline-title timeline-about">'
        '<title id="timeline-title">From counting letters to BERT and GPT</title>'
        f'<desc id="timeline-about">{about}</desc>{"".join(parts)}</svg>'
    )


def _words(x: int, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y + 4.5}" {SOLID}>{escape(text)}</text>'


def _decade(year: int, level: float) -> str:
    if year % 20 and year < 2000:
        return f'<path d="M{AXIS - 3} {level}h6"/>'
    return f'<path d="M{AXIS - 5} {level}h10"/>' + _words(0, level, str(year))


class TimelineDirective(SphinxDirective):
    """``{timeline}``: the picture, then the same data as a table."""

    def run(self) -> list[nodes.Node]:
        path = Path(self.env.srcdir, self.config.timeline_file)
        self.env.note_dependency(str(path))
        events: Any = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
        if found := faults(events):
            for text in found:
                where = self.config.timeline_file
                LOGGER.warning("%s: %s", where, text, location=self.get_location(), type="timeline")
            return []
        figure = f'<figure class="timeline">{picture(events)}</figure>'
        return [nodes.raw("", figure, format="html"), self.table(events)]

    def table(self, events: list[Event]) -> nodes.table:
        """A row an event: when, what and who says so."""
        group = nodes.tgroup("", cols=3)
        group += [nodes.colspec(colwidth=width) for width in (2, 7, 4)]
        heads = [nodes.entry("", nodes.paragraph("", head)) for head in ("When", "What", "Source")]
        rows = [nodes.row("", *map(self._cell, self._texts(event))) for event in events]
        group += [nodes.thead("", nodes.row("", *heads)), nodes.tbody("", *rows)]
        return nodes.table("", group)

    def _texts(self, event: Event) -> tuple[str, str, str]:
        text = event["text"]
        if event.get("article"):
            label = f"claim-{event['claim'].lower()}"
            text += f" The article says {event['article']} ({{ref}}`{event['claim']} <{label}>`)."
        sources = ", ".join(f"{{cite:t}}`{key}`" for key in event["sources"])
        return in_words(event["date"]), text, sources

    def _cell(self, text: str) -> nodes.entry:
        found, messages = self.parse_inline(text)
        return nodes.entry("", nodes.paragraph("", "", *found, *messages))


def setup(app: Sphinx) -> dict[str, Any]:
    """Registers the extension."""
    app.add_config_value("timeline_file", "book/timeline.yml", "env", str)
    app.add_directive("timeline", TimelineDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
