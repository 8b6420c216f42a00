"""Every built page, in both themes, on a wide screen and on a phone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import AXE, SCREENSHOTS, STRIP, TALLY, WIDTHS, Watch, built_pages, settle
from playwright.sync_api import BrowserContext, Page

# All rules but those of colour look at the whole page. These two take axe ten times as long as the
# rest together, so they look at three pieces of each kind of text (a colour, a size and a weight on
# a ground) and at three links of each kind (by all that can tell a link from the words around it).
RUN_AXE = """async () => {
    const kinds = new Map(), grounds = new Map(), clear = /^rgba\\(.*, 0\\)$/;
    const ground = element => {
        if (!element) return '';
        if (!grounds.has(element)) {
            const style = getComputedStyle(element);
            const own = `${style.backgroundColor} ${style.backgroundImage} ${style.opacity}`;
            const through = clear.test(style.backgroundColor) && style.backgroundImage === 'none';
            const below = through || style.opacity !== '1' ? ground(element.parentElement) : '';
            grounds.set(element, through && style.opacity === '1' ? below : `${own} / ${below}`);
        }
        return grounds.get(element);
    };
    const add = (kind, element) => {
        const size = element.querySelectorAll('*').length;
        const name = kind.join(' | ');
        kinds.set(name, [...(kinds.get(name) ?? []), {element, size}]);
    };
    const look = element => {
        const style = getComputedStyle(element);
        return [style.color, style.fontSize, style.fontWeight, style.textShadow, ground(element)];
    };
    const apart = element => {
        const style = getComputedStyle(element);
        return [...look(element), style.display, style.fontFamily, style.fontStyle,
                style.textDecoration, style.border, style.outline, style.boxShadow];
    };
    const seen = {checkOpacity: true, checkVisibilityCSS: true};
    for (const element of document.body.querySelectorAll('*')) {
        const own = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim());
        // Of a single letter axe will not judge; and it looks at all that an element holds.
        if (!element.matches('input, select, textarea') && own.join('').length < 2) continue;
        if (element.closest('svg') || !element.checkVisibility(seen)) continue;
        add(look(element), element);
    }
    for (const link of document.body.querySelectorAll('a[href], [role="link"]')) {
        if (!link.checkVisibility(seen)) continue;
        let kind = apart(link), around = link;  // up to the block whose words stand around it
        do kind.push(...apart(around = around.parentElement));
        while (getComputedStyle(around).display.startsWith('inline') && around !== document.body);
        add(kind, link);
    }
    const few = same => same.toSorted((a, b) => a.size - b.size).slice(0, 3);
    const options = {resultTypes: ['violations'], iframes: false, preload: false};
    const colours = ['color-contrast', 'link-in-text-block'];
    const rules = Object.fromEntries(colours.map(name => [name, {enabled: false}]));
    const include = [...kinds.values()].flatMap(few).map(one => one.element);
    const violations = [
        ...(await axe.run(document, {...options, rules})).violations,
        ...(include.length
            ? (await axe.run({include}, {...options, runOnly: colours})).violations : []),
    ];
    return violations.flatMap(v => v.nodes.map(n =>
        ({rule: v.id, impact: v.impact, where: n.target.join(' '), why: n.failureSummary})));
}"""
LOOK = r"""() => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth)
        found.push(`pages that scroll sideways: ${root.scrollWidth} > ${root.clientWidth} px`);
    const article = document.querySelector('.bd-article') ?? document.body;
    for (const element of article.querySelectorAll('*')) {
        if (element.getBoundingClientRect().right <= root.clientWidth + 1) continue;
        if (!element.checkVisibility() || element.closest('svg, .visually-hidden')) continue;
        let box = element, scrolls = false;
        while ((box = box.parentElement) && box !== article)
            scrolls ||= ['auto', 'scroll', 'hidden'].includes(getComputedStyle(box).overflowX);
        const style = getComputedStyle(element);
        if (!scrolls && !['auto', 'scroll'].includes(style.overflowX) && style.position !== 'fixed')
            found.push(`sticks out: <${element.tagName} class="${element.className}">`);
    }
    for (const image of document.images) {
        if (!image.complete || !image.naturalWidth) found.push(`broken images: ${image.src}`);
        const alt = image.getAttribute('alt');
        if (alt === null || (article.contains(image) && (!alt || /\.(png|svg|jpe?g)$/.test(alt))))
            found.push(`image without alt text: ${image.src}, alt=${alt}`);
    }
    for (const svg of article.querySelectorAll('svg')) {
        if (svg.closest('mjx-container, [aria-hidden="true"], button, a, summary')) continue;
        const title = svg.querySelector(':scope > title')?.textContent;
        if (!(svg.getAttribute('aria-label') || title)?.trim())
            found.push(`figure without a text: ${svg.outerHTML.slice(0, 120)}`);
    }
    // MathJax draws an error as such a node, and a command that it does not know in red.
    const wrong = '[data-mml-node="merror"], [data-mml-node="mtext"][fill="red"], mjx-merror';
    for (const error of document.querySelectorAll(wrong)) {
        const formula = error.closest('.math') ?? error;
        found.push(`formula with an error: ${formula.textContent.slice(0, 80)}`);
    }
    for (const formula of article.querySelectorAll('.math'))
        if (!formula.querySelector('mjx-container'))
            found.push(`formula left as it is: ${formula.textContent.slice(0, 60)}`);
    return found;
}"""

# Blocks that a reader would have to push sideways, those in folds and hidden solutions as well. All
# is left as it was found.
SIDEWAYS = """() => {
    const article = document.querySelector('.bd-article') ?? document.body;
    const folds = [...article.querySelectorAll('details:not([open])')];
    const hidden = [...article.querySelectorAll('.toggle-hidden')];
    folds.forEach(fold => fold.open = true);
    hidden.forEach(box => box.classList.remove('toggle-hidden'));
    const found = [...article.querySelectorAll('*')].filter(element =>
        ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)
        && element.checkVisibility() && element.textContent.trim()
        && element.scrollWidth > element.clientWidth + 1
    ).map(element => `blocks that scroll sideways: ${element.scrollWidth} > `
        + `${element.clientWidth} px, ${element.textContent.trim().slice(0, 60)}`);
    folds.forEach(fold => fold.open = false);
    hidden.forEach(box => box.classList.add('toggle-hidden'));
    return found;
}"""

# What waits to be scrolled near is loaded at once.
WAKE = "document.querySelectorAll('[loading=lazy]').forEach(e => e.loading = 'eager')"
KINDS = ("pages that scroll sideways", "blocks that scroll sideways", "broken images")


# Pictures are for people: of a page that fails, or of all when they are asked for.
PHOTOGRAPHS = bool(os.environ.get("PHOTOGRAPHS"))


def photograph(page: Page, path: Path) -> None:
    """The whole page as one picture, by a window as tall as the page.

    (`full_page=True` leaves parts of the sidebar blank.)
    """
    size = page.viewport_size
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(max(height, 900), 16_000)})
    settle(page)
    page.screenshot(path=path, type="jpeg", quality=80)  # in half the time of a PNG
    TALLY["photographs"] += 1
    page.set_viewport_size(size)


def serious_findings(page: Page) -> list[str]:
    """What axe finds serious or critical on the page as it now stands, one line each."""
    found = []
    for violation in page.evaluate(RUN_AXE):
        if violation["impact"] not in ("serious", "critical"):
            TALLY[f"axe findings, {violation['impact']}: {violation['rule']}"] += 1
        else:
            TALLY["axe findings, serious or critical"] += 1
            why = " ".join(violation["why"].split())
            found.append(f"{violation['rule']} at {violation['where']}: {why}")
    return found


@pytest.fixture
def faultless(base: str, tab: Page) -> Iterator[Page]:
    """A page in which axe finds nothing; what a test does to it is not counted as the book's."""
    before = TALLY.copy()
    name = next(name for name in built_pages() if name.startswith("book/"))
    tab.goto(f"{base}/{name}")
    tab.evaluate(AXE)
    settle(tab)
    assert not serious_findings(tab)
    yield tab
    TALLY.clear()
    TALLY.update(before)


def test_a_pale_word_is_found(faultless: Page) -> None:
    """Though axe looks at few pieces of each kind of text: a pale word is a kind of its own."""
    faultless.evaluate(
        """() => {
            const word = document.createElement('em');
            word.textContent = 'pale';
            word.style.color = 'rgb(200, 200, 200)';
            [...document.querySelectorAll('.bd-article p')].at(-1).append(word);
        }"""
    )
    (finding,) = serious_findings(faultless)
    assert finding.startswith("color-contrast at ")
    assert "#c8c8c8" in finding


def test_a_link_that_only_its_colour_tells_is_found(faultless: Page) -> None:
    """Though axe looks at few links of each kind: such a link is a kind of its own."""
    faultless.evaluate(
        """() => {
            const text = [...document.querySelectorAll('.bd-article p')].at(-1);
            text.innerHTML = 'Words around <a href="#here">a link</a> and after it.';
            const link = text.querySelector('a');
            link.style.textDecoration = 'none';
            link.style.color = 'rgb(30, 30, 60)';
        }"""
    )
    (finding,) = serious_findings(faultless)
    assert finding.startswith("link-in-text-block at ")


@pytest.mark.parametrize("folded", [False, True])
def test_a_line_that_is_cut_is_found(folded: bool, base: str, tab: Page) -> None:
    tab.set_viewport_size({"width": WIDTHS["wide"], "height": 900})
    tab.goto(f"{base}/book/notation.html")
    settle(tab)
    assert not tab.evaluate(SIDEWAYS)
    tab.evaluate(
        """folded => {
            const box = document.createElement(folded ? 'details' : 'div');
            box.innerHTML = '<pre style="overflow-x: auto">' + 'x'.repeat(200) + '</pre>';
            document.querySelector('.bd-article section').append(box);
        }""",
        folded,
    )
    (finding,) = tab.evaluate(SIDEWAYS)
    assert finding.startswith("blocks that scroll sideways: ")
    assert not tab.evaluate("!!document.querySelector('.bd-article section details[open]')")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page(
    theme: str, page_name: str, base: str, site: Path, themed: dict[str, BrowserContext]
) -> None:
    """Both widths; in the light theme from a server, in the dark one as a file."""
    page = themed[theme].new_page()
    try:
        served = theme == "light"
        watch = Watch(page, base if served else "file://")
        address = f"{base}/{page_name}" if served else f"{(site / page_name).as_uri()}?q=model"
        picture = f"{page_name.removesuffix('.html').replace('/', '-')}-{theme}"
        # One theme arrives on the phone, the other on the wide screen: both ways are loaded once.
        order = ["wide", "phone"] if theme == "light" else ["phone", "wide"]
        page.set_viewport_size({"width": WIDTHS[order[0]], "height": 900})
        page.goto(address, wait_until="load")
        page.evaluate(AXE)
        page.evaluate(WAKE)
        faults = []
        for size in order:
            page.set_viewport_size({"width": WIDTHS[size], "height": 900})
            settle(page)
            TALLY["views of a page (theme x width)"] += 1
            if PHOTOGRAPHS:
                photograph(page, SCREENSHOTS / f"{picture}-{WIDTHS[size]}.jpg")
            seen = page.evaluate(LOOK)
            if size == "wide":  # on a phone code has to scroll
                seen += page.evaluate(SIDEWAYS)
            for kind in KINDS:
                TALLY[kind] += sum(fault.startswith(kind) for fault in seen)
            faults += [f"{theme} {WIDTHS[size]} px: {fault}" for fault in seen]
        page.evaluate(STRIP)
        for size in reversed(order):
            page.set_viewport_size({"width": WIDTHS[size], "height": 900})
            settle(page)
            faults += [f"{theme} {WIDTHS[size]} px: {fault}" for fault in serious_findings(page)]
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        TALLY["page loads"] += 1
        TALLY["pages opened as a file"] += not served
        faults += watch.faults
        if faults and not PHOTOGRAPHS:
            page.reload()  # its drawings have been emptied
            for size in order:
                page.set_viewport_size({"width": WIDTHS[size], "height": 900})
                settle(page)
                photograph(page, SCREENSHOTS / f"{picture}-{WIDTHS[size]}.jpg")
        assert not faults, "\n".join([page_name, *faults])
    finally:
        page.close()


def test_listing(listing: str, themed: dict[str, BrowserContext], site: Path) -> None:
    """A listing of source is opened once, as a file, in one of the themes, at both widths.

    There is one for each file of the package, and Sphinx makes all of them alike.
    """
    theme = ("light", "dark")[sum(listing.encode()) % 2]
    page = themed[theme].new_page()
    try:
        watch = Watch(page, "file://")
        page.goto((site / listing).as_uri(), wait_until="load")
        page.evaluate(AXE)
        faults = []
        for width in WIDTHS.values():
            page.set_viewport_size({"width": width, "height": 900})
            settle(page)
            faults += [f"{theme} {width} px: {fault}" for fault in page.evaluate(LOOK)]
        page.evaluate(STRIP)
        faults += serious_findings(page) + watch.faults
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        TALLY["listings of source"] += 1
        assert not faults, "\n".join([listing, *faults])
    finally:
        page.close()
