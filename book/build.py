"""Build the book: `make book`, `make pdf`, or, from stored outputs alone, `make read`.

First the chapters run, side by side, and what they put out is kept in the execution cache; then
Sphinx writes the pages, with every warning an error. A chapter that fails is not kept, so that it
runs again at the next build, and no pages are written: those of the last good build stay.

The cache knows only the code cells of a notebook, so that a change in the package or in the pins is
noticed by this file: it drops the cache, and the chapters run again.
"""

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
from chapters import Chapter, ChapterError, run_chapters
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.cache.main import JupyterCacheBase
from side_by_side import workers
from sphinx_external_toc.parsing import parse_toc_yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
STAMP = BUILD / ".package-hash"
BEGUN = "begun"  # beside the pages' doctrees while they are written, and after it went wrong
TIMES = BUILD / "seconds.json"
READ = BUILD / "read"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def package_hash() -> str:
    """A digest of all that a notebook's result depends on besides its own cells."""
    # Chapters run on one thread since the third form of this digest; older caches are dropped.
    digest = hashlib.sha256(b"3\0")
    files = [p for p in (ROOT / "src").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    files = [p for p in files if ".egg-info" not in str(p)]
    pins = [ROOT / f"{name}.txt" for name in ("requirements", "constraints", "models")]
    for path in sorted([*files, *pins]):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()


def forget_stale_runs() -> None:
    """Drop the execution cache when the package has changed since it was filled."""
    now = package_hash()
    if CACHE.exists() and (not STAMP.exists() or STAMP.read_text() != now):
        print("==> The package has changed: every chapter will run again", flush=True)
        shutil.rmtree(CACHE)
        # Pages whose source is unchanged would keep their old outputs.
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    STAMP.write_text(now)


def notebooks() -> list[Path]:
    """The chapters of the table of contents that are notebooks, in its order."""
    names = parse_toc_yaml(ROOT / "_toc.yml", encoding="utf-8")
    found = [ROOT / f"{name}.ipynb" for name in names]
    return [path for path in found if path.exists()]


def not_yet_run(cache: JupyterCacheBase) -> list[Path]:
    """The notebooks whose cells, as they now are, have not run with this package."""
    return [path for path in notebooks() if not holds(cache, path)]


def holds(cache: JupyterCacheBase, path: Path) -> bool:
    """Whether the cache holds the outputs of a notebook, whole: an interrupt may tear a file."""
    try:
        record = cache.match_cache_notebook(nbformat.read(path, as_version=4))
        cache.get_cache_bundle(record.pk)
    except (KeyError, ValueError):
        return False
    return True


def run_what_changed() -> list[ChapterError]:
    """Run the chapters that the cache does not hold, and keep the outputs of each that succeeds.

    Returns:
        What failed.
    """
    cache = get_cache(str(CACHE))
    failed: list[ChapterError] = []
    while not failed and (todo := not_yet_run(cache)):  # again, if one was edited while it ran
        at_once = min(workers(), len(todo))
        kept = len(notebooks()) - len(todo)
        unchanged = f" ({kept} have not changed)" if kept else ""
        print(
            f"==> To run: {chapters(len(todo))}{unchanged}, {at_once} at a time. Ctrl-C stops; "
            "what has finished is kept.",
            flush=True,
        )
        for finished in run_chapters(todo, TIMES, at_once):
            if finished.error:
                failed.append(finished.error)
                print(f"\n{finished.error}\n", flush=True)
            else:
                keep(cache, finished.result, finished.seconds)
    return failed


def chapters(number: int) -> str:
    """A number of chapters in words.

    >>> chapters(1)
    '1 chapter'
    """
    return f"{number} chapter{'s' * (number != 1)}"


def keep(cache: JupyterCacheBase, chapter: Chapter, seconds: float) -> None:
    """Put the outputs of a chapter where Sphinx will look for them."""
    _, code = cache.create_hashed_notebook(chapter.notebook)
    shutil.rmtree(CACHE / "executed" / code, ignore_errors=True)  # what an interrupt left of it
    run = CacheBundleIn(chapter.notebook, str(chapter.path), data={"execution_seconds": seconds})
    cache.cache_notebook_bundle(run, check_validity=False, overwrite=True)
    # A page without it is read again.
    doctree = BUILD / ".doctrees" / chapter.path.relative_to(ROOT).with_suffix(".doctree")
    doctree.unlink(missing_ok=True)


def last_good() -> str:
    """What a reader finds when there is no new book."""
    pages = BUILD / "html" / "index.html"
    begun = BUILD / BEGUN
    if begun.exists() and begun.read_text() == "html":
        return "The pages in _build/html are those of a build that failed: do not rely on them."
    if not pages.exists():
        return "There are no pages yet; `make read` makes them from the stored outputs."
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(pages.stat().st_mtime))
    return f"The pages in _build/html are still those of the last good build, {when}."


def told(failed: Sequence[ChapterError]) -> str:
    """The last words of a build in which chapters failed."""
    every = len(notebooks())
    where = "\n".join("  * " + error.short() for error in failed)
    return (
        f"\n==> The book was NOT built: {len(failed)} of {chapters(every)} failed\n{where}\n"
        f"What ran is kept ({chapters(every - len(failed))}). Mend the cell, or what stood in its "
        f"way, and give the same command:\nit runs only what failed. {last_good()}"
    )


def forget_unfinished(folder: Path, builder: str) -> None:
    """Drop what Sphinx left of a build that failed or was interrupted.

    Otherwise it would take its pages for finished: what was wrong with them is said only when they
    are read, and a build that repeats nothing would report success.
    """
    begun = folder / BEGUN
    if begun.exists():
        shutil.rmtree(folder / ".doctrees", ignore_errors=True)
        shutil.rmtree(folder / begun.read_text(), ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    begun.write_text(builder)


def for_print(page: str) -> str:
    """The book's one page with links that stay inside it.

    Each link names the page itself by its place in the build, and citations repeat the ids of
    bibliography entries, so that in a PDF links would lead out of it or to the wrong place.
    """
    page = re.sub(r'(<span class="bibtex-citation") id="[^"]*"', r"\1", page)
    return page.replace('href="book/intro.html#', 'href="#')


def print_pdf() -> int:
    """Print the single-page build with the first Chromium found."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(f"No browser to print with: install one of {', '.join(BROWSERS)}")
        return 1
    # With the first page in a folder, Sphinx writes asset paths as seen from the folder above it.
    page = BUILD / "singlehtml" / "print.html"
    whole = (BUILD / "singlehtml" / "book" / "intro.html").read_text(encoding="utf-8")
    page.write_text(for_print(whole), encoding="utf-8")
    target = BUILD / "why-bert-is-not-gpt.pdf"
    target.unlink(missing_ok=True)  # of an earlier print
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += ["--generate-pdf-document-outline", "--virtual-time-budget=20000"]
    command += [f"--print-to-pdf={target}", page.as_uri()]
    status = subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode
    if not target.exists():
        print(f"{browser} printed nothing; run it with `--version` to see whether it starts")
        return status or 1
    print(f"\n==> The book as a PDF: {target}")
    return status


def write_pages(folder: Path, builder: str, *options: str) -> int:
    """Let Sphinx write the pages; what it leaves when it fails is dropped by the next build."""
    forget_unfinished(folder, builder)
    print("==> Writing the pages", flush=True)
    command = [sys.executable, str(HERE / "pages.py"), builder, str(folder), *options]
    status = subprocess.run(command, check=False).returncode
    if not status:
        (folder / BEGUN).unlink()
    return status


def read() -> int:
    """Make the pages from the outputs that the notebooks store, in a folder of their own."""
    began = time.monotonic()
    print("==> The pages from stored outputs: nothing is run", flush=True)
    status = write_pages(READ, "html", "--stored")
    if status:
        print("\n==> The pages have faults: the warnings above name them")
    else:
        page = (READ / "html" / "index.html").as_uri()
        print(
            f"\n==> Written in {time.monotonic() - began:.0f} s from stored outputs: nothing was "
            "run, and the views of attention are\nmissing. `make book` runs the chapters and draws "
            f"them. Open {page}"
        )
    return status


def build(*, pdf: bool) -> int:
    """Run what changed, then write the pages."""
    began = time.monotonic()
    forget_stale_runs()
    if failed := run_what_changed():
        print(told(failed))
        return 1
    ran = time.monotonic()
    status = write_pages(BUILD, "singlehtml" if pdf else "html")
    if status:
        print(
            "\n==> The book was NOT built: the warnings above say why. The chapters that ran are "
            "kept: the next build writes the pages alone."
        )
    elif pdf:
        status = print_pdf()
    else:
        end = time.monotonic()
        print(
            f"\n==> Built in {end - began:.0f} s (chapters {ran - began:.0f} s, pages "
            f"{end - ran:.0f} s). Open {(BUILD / 'html' / 'index.html').as_uri()}"
        )
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the book.")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--pdf", action="store_true", help="print it as one PDF, with Chromium")
    way.add_argument("--read", action="store_true", help="from stored outputs; nothing is run")
    given = parser.parse_args()
    try:
        return read() if given.read else build(pdf=given.pdf)
    except KeyboardInterrupt:
        print("\n==> Stopped. Chapters that finished are kept; the same command goes on.")
        return 130
    except ValueError as error:
        print(error)
        return 1


if __name__ == "__main__":
    sys.exit(main())
