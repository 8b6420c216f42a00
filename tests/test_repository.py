"""Things that stand in several places must agree, and every notebook keeps to the page's rules."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from bertgpt.weights.minilm import PACKAGE

ROOT = Path(__file__).resolve().parent.parent
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text())
URL = CONFIG["repository"]["url"]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def cells(path: Path, kind: str = "") -> list[dict]:
    return [c for c in json.loads(path.read_text())["cells"] if kind in ("", c["cell_type"])]


def text(cell: dict) -> str:
    return "".join(cell["source"])


def test_the_repository_has_one_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["urls"]["Repository"] == URL
    places = [ROOT / "README.md", ROOT / "CITATION.cff", *NOTEBOOKS]
    for path in places:
        owner = URL.removeprefix("https://github.com/").split("/")[0]
        found = set(re.findall(rf"github\.com/{owner}/[\w-]+", path.read_text()))
        assert found <= {URL.removeprefix("https://")}, path.name


def test_there_are_notebooks_and_all_are_in_the_book() -> None:
    contents = (ROOT / "_toc.yml").read_text()
    assert len(NOTEBOOKS) >= 3
    for path in NOTEBOOKS:
        assert f"file: notebooks/{path.stem}\n" in contents


def test_the_first_cell_is_the_same_everywhere() -> None:
    firsts = {text(cells(path, "code")[0]) for path in NOTEBOOKS}
    assert len(firsts) == 1
    (first,) = firsts
    assert f'"bertgpt[views] @ git+{URL}"' in first
    assert '"google.colab" in sys.modules' in first
    for path in NOTEBOOKS:
        assert "remove-cell" in cells(path, "code")[0]["metadata"]["tags"]


@by_name
def test_every_cell_was_run_without_a_warning(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell["execution_count"], f"never run: {text(cell)[:60]}"
        for output in cell["outputs"]:
            assert output["output_type"] != "error", text(cell)[:60]
            assert output.get("name") != "stderr", text(cell)[:60]


@by_name
def test_cells_are_short_and_ids_are_unique(path: Path) -> None:
    for cell in cells(path, "code"):
        lines = [line for line in text(cell).splitlines() if line.strip()]
        assert len(lines) <= 15, text(cell)[:80]
    ids = [cell["id"] for cell in cells(path)]
    assert len(ids) == len(set(ids))


@by_name
def test_a_notebook_leans_on_the_package_alone(path: Path) -> None:
    code = "\n".join(text(cell) for cell in cells(path, "code")[1:])
    for trick in ("sys.path", "!pip", "%pip", "../", "/home/", "tqdm"):
        assert trick not in code, trick


@by_name
def test_every_figure_has_a_name_and_a_caption(path: Path) -> None:
    drawn = [cell for cell in cells(path, "code") if "page.show(" in text(cell)]
    assert drawn
    for cell in drawn:
        figure = cell["metadata"].get("mystnb", {}).get("figure", {})
        assert figure.get("name", "").startswith("fig-"), text(cell)[:80]
        assert len(figure.get("caption", "").split()) >= 5, text(cell)[:80]


@by_name
def test_glued_numbers_exist(path: Path) -> None:
    """Each name that the prose quotes is stored by a cell of the same page."""
    stored = {
        output["metadata"]["scrapbook"]["name"]
        for cell in cells(path, "code")
        for output in cell["outputs"]
        if "scrapbook" in output.get("metadata", {})
    }
    prose = "\n".join(text(cell) for cell in cells(path, "markdown"))
    quoted = set(re.findall(r"\{glue:[a-z]*\}`([\w-]+)", prose))
    assert quoted
    assert quoted <= stored, quoted - stored


def test_no_page_names_another_host_for_a_script() -> None:
    """Third-party JavaScript comes from packages at build time, never by address."""
    pages = [p for p in (ROOT / "book").rglob("*") if p.suffix in {".md", ".js", ".css", ".svg"}]
    for path in [*pages, *NOTEBOOKS]:
        content = path.read_text(encoding="utf8")
        assert not re.search(r"<script[^>]+src=.?.?https?:", content), path.name
        assert not re.search(r"@import|url\(['\"]?https?:", content), path.name


def test_pins_are_exact_and_held() -> None:
    for name in ("requirements.txt", "constraints.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                assert re.fullmatch(r"[\w.\[\]-]+==[\w.]+", line), f"{name}: {line}"
    direct, below = (
        {
            line.split("==")[0].lower().replace("_", "-")
            for line in (ROOT / n).read_text().split("\n")
        }
        for n in ("requirements.txt", "constraints.txt")
    )
    assert not {d for d in direct if not d.startswith("#") and d} & below


def test_published_models_are_pinned_by_their_hash_and_explained() -> None:
    reasons = (ROOT / "CONTRIBUTING.md").read_text()
    lines = [line for line in (ROOT / "models.txt").read_text().splitlines() if line[0] != "#"]
    for line in lines:
        name = re.fullmatch(r"([\w-]+)==[\w.]+ --hash=sha256:[0-9a-f]{64}", line)
        assert name, line
        assert name[1] in reasons, f"CONTRIBUTING.md does not say why {name[1]}"
    assert PACKAGE in {line.split()[0] for line in lines}, "the package reads another version"


def test_every_dependency_has_its_reason() -> None:
    reasons = (ROOT / "CONTRIBUTING.md").read_text().lower()
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if "==" in line:
            name = line.split("==")[0].lower()
            assert f"\n| {name} | " in reasons, f"CONTRIBUTING.md does not say why {name}"
