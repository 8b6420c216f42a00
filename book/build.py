"""Build the book: `make book` (HTML) or `make pdf`.

Strict: every warning is an error, and a notebook that fails prints its traceback here. The
execution cache knows only the code cells of a notebook, so that a change in the package or in the
pins is noticed by this file: it drops the cache, and the chapters run again.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
HTML = BUILD / "html"
CACHE = BUILD / ".jupyter_cache"
STAMP = BUILD / ".package-hash"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def package_hash() -> str:
    """A digest of all that a notebook's result depends on besides its own cells."""
    digest = hashlib.sha256()
    files = [p for p in (ROOT / "src").rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    files = [p for p in files if ".egg-info" not in str(p)]
    for path in sorted([*files, ROOT / "requirements.txt", ROOT / "constraints.txt"]):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
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


def build(builder: str) -> int:
    """Run Jupyter Book strictly and show the traceback of each notebook that failed."""
    reports = BUILD / "html" / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    tool = Path(sys.executable).with_name("jupyter-book")
    command = [str(tool), "build", str(ROOT), "-W", "-n", "--keep-going", "--builder", builder]
    status = subprocess.run(command, check=False).returncode
    for report in sorted(BUILD.glob("*/reports/**/*.err.log")):
        print(f"\n==> {report.stem} failed:\n{report.read_text()}", flush=True)
    return status


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
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += ["--generate-pdf-document-outline", "--virtual-time-budget=20000"]
    command += [f"--print-to-pdf={target}", page.as_uri()]
    status = subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode
    if not target.exists():
        print(f"{browser} printed nothing; run it with `--version` to see whether it starts")
        return status or 1
    print(f"\n==> The book as a PDF: {target}")
    return status


def main() -> int:
    began = time.monotonic()
    pdf = "--pdf" in sys.argv[1:]
    forget_stale_runs()
    print("==> Building the book (chapters that changed are run first)", flush=True)
    status = build("singlehtml" if pdf else "html")
    if status:
        print("\n==> The book was NOT built; the warnings and tracebacks above say why")
    elif pdf:
        status = print_pdf()
    else:
        seconds = time.monotonic() - began
        print(f"\n==> Built in {seconds:.0f} s. Open {(HTML / 'index.html').as_uri()}")
    return status


if __name__ == "__main__":
    sys.exit(main())
