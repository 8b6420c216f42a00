"""Every built page, in both themes, on a wide screen and on a phone."""

from pathlib import Path

import pytest
from browsing import AXE, SCREENSHOTS, STRIP, TALLY, WIDTHS, Watch, built_pages, opened, settle
from playwright.sync_api import Browser, BrowserContext, Page

RUN_AXE = """async () => {
    const options = {resultTypes: ['violations'], iframes: false, preload: false};
    const {violations} = await axe.run(document, options);
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


def photograph(page: Page, path: Path) -> None:
    """The whole page as one picture, by a window as tall as the page.

    (`full_page=True` leaves parts of the sidebar blank.)
    """
    size = page.viewport_size
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": min(max(height, 900), 16_000)})
    page.screenshot(path=path)
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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page(theme: str, page_name: str, base: str, themed: dict[str, BrowserContext]) -> None:
    page = themed[theme].new_page()
    try:
        watch = Watch(page, base)
        # One theme arrives on the phone, the other on the wide screen: both ways are loaded once.
        order = ["wide", "phone"] if theme == "light" else ["phone", "wide"]
        page.set_viewport_size({"width": WIDTHS[order[0]], "height": 900})
        page.goto(f"{base}/{page_name}", wait_until="load")
        page.evaluate(AXE)
        faults = []
        for size in order:
            page.set_viewport_size({"width": WIDTHS[size], "height": 900})
            settle(page)
            TALLY["views of a page (theme x width)"] += 1
            shot = f"{page_name.removesuffix('.html').replace('/', '-')}-{theme}-{WIDTHS[size]}.png"
            photograph(page, SCREENSHOTS / shot)
            seen = page.evaluate(LOOK)
            for kind in ("pages that scroll sideways", "broken images"):
                TALLY[kind] += sum(fault.startswith(kind) for fault in seen)
            faults += [f"{theme} {WIDTHS[size]} px: {fault}" for fault in seen]
        page.evaluate(STRIP)
        for size in reversed(order):
            page.set_viewport_size({"width": WIDTHS[size], "height": 900})
            settle(page)
            faults += [f"{theme} {WIDTHS[size]} px: {fault}" for fault in serious_findings(page)]
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        TALLY["page loads"] += 1
        faults += watch.faults
        assert not faults, "\n".join([page_name, *faults])
    finally:
        page.close()


def test_every_page_opens_as_a_file(browser: Browser, site: Path) -> None:
    faults = []
    with opened(browser) as context:
        for name in built_pages():
            page = context.new_page()
            watch = Watch(page, "file://")
            page.goto(f"{(site / name).as_uri()}?q=model", wait_until="load")
            settle(page)
            TALLY["pages opened as a file"] += 1
            faults += [f"{name}: {fault}" for fault in watch.faults]
            page.close()
    assert not faults, "\n".join(faults)
