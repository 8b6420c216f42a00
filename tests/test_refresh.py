"""Notebooks are stored without the views of BertViz, which weigh a third of a megabyte each."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
from nbformat import v4

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
spec = importlib.util.spec_from_file_location("refresh", FOLDER / "refresh.py")
assert spec
assert spec.loader
refresh = importlib.util.module_from_spec(spec)
spec.loader.exec_module(refresh)


def test_a_view_is_left_out_and_all_else_stays() -> None:
    cell = v4.new_code_cell("views.head_view(model, tokens, ids)")
    frame = '<div class="bertviz-frame"><iframe srcdoc="..."></iframe></div>'
    data = {"text/html": frame, "text/plain": "<IPython.core.display.HTML object>"}
    cell.outputs = [
        v4.new_output("stream", name="stdout", text="bertviz-frame"),
        v4.new_output("execute_result", data, execution_count=1),
        v4.new_output("display_data", {"text/html": "<svg>a map</svg>"}),
    ]
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell("BertViz"), cell])
    nbformat.validate(refresh.without_views(notebook))
    text, view, map_ = cell.outputs
    assert text.text == "bertviz-frame"
    assert view.data == {"text/plain": refresh.INSTEAD}
    assert map_.data == {"text/html": "<svg>a map</svg>"}


def test_refresh_stores_no_view(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    source = (
        "import torch\nfrom bertgpt.attention import AttentionRecord\n"
        "from bertgpt.figures import views\n"
        "record = AttentionRecord(*[torch.ones(1, 1, 1, 1)] * 3)\n"
        "views.head_view([record], ['alone'])"
    )
    nbformat.write(
        v4.new_notebook(cells=[v4.new_code_cell(source), v4.new_code_cell("1 + 1")]), path
    )
    refresh.refresh(path)
    text = path.read_text(encoding="utf-8")
    assert "bertviz-frame" not in text
    assert all(line in text for line in refresh.INSTEAD.splitlines())
    assert '"2"' in text


def edits_itself(path: Path, edit: str) -> None:
    """A notebook whose second cell is an editor that saves the file while it runs."""
    code = (
        f"import nbformat\npath = {str(path)!r}\n"
        f"notebook = nbformat.read(path, as_version=4)\n{edit}\nnbformat.write(notebook, path)"
    )
    cells = [v4.new_markdown_cell("old text"), v4.new_code_cell("1 + 1"), v4.new_code_cell(code)]
    nbformat.write(v4.new_notebook(cells=cells), path)


def test_text_edited_while_it_ran_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "page.ipynb"
    edits_itself(path, "notebook.cells[0].source = 'new text'; notebook.cells.append("
                       "nbformat.v4.new_markdown_cell('more'))")  # fmt: skip
    refresh.refresh(path)
    after = nbformat.read(path, as_version=4)
    assert [c.source for c in after.cells if c.cell_type == "markdown"] == ["new text", "more"]
    assert after.cells[1].outputs[0].data["text/plain"] == "2"
    assert [c.execution_count for c in after.cells if c.cell_type == "code"] == [1, 2]


def test_code_edited_while_it_ran_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.ipynb"
    edits_itself(path, "notebook.cells[1].source = '2 + 2'")
    monkeypatch.setattr(refresh, "FOLDER", tmp_path)
    monkeypatch.setattr(refresh, "TIMES", tmp_path / "seconds.json")
    monkeypatch.setattr(refresh.sys, "argv", ["refresh.py"])
    assert refresh.main() == 1
    said = capsys.readouterr().out
    assert "1 of 1 were left as they were:\n  * page.ipynb" in said
    assert "edited while the notebook ran" in said
    after = nbformat.read(path, as_version=4)
    assert after.cells[1].source == "2 + 2"
    assert not any(c.get("outputs") for c in after.cells)
    assert [p.name for p in tmp_path.iterdir()] == ["page.ipynb"]


def test_a_wrong_number_of_workers_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORKERS", "0")
    monkeypatch.setattr(refresh.sys, "argv", ["refresh.py"])
    assert refresh.main() == 1
    assert capsys.readouterr().out == (
        "WORKERS=0 must be a whole number from 1, for example WORKERS=1\n"
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
def test_no_stored_notebook_holds_a_view(path: Path) -> None:
    held = 'class=\\"bertviz-frame' in path.read_text(encoding="utf-8")
    assert not held, f"store it anew: python notebooks/refresh.py {path.stem}"


def test_results_are_found_in_the_code() -> None:
    code = "a = load_result('wordsim')\nb = [load_result(f\"word_{kind}\") for kind in ('pairs',)]"
    notebook = v4.new_notebook(cells=[v4.new_code_cell(code), v4.new_markdown_cell("copy")])
    assert sorted(refresh.results_read(notebook)) == ["word_pairs", "wordsim"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda p: p.stem)
def test_numbers_in_the_text_are_those_of_the_files(path: Path) -> None:
    """The text shows what the stored run glued (test_readable); that run read these very files."""
    notebook = nbformat.read(path, as_version=4)
    now, then = refresh.results_read(notebook), notebook.metadata.get("results", {})
    changed = sorted(name for name in now | then if now.get(name) != then.get(name))
    assert not changed, f"{changed} changed since: make notebooks NOTEBOOK={path.stem[:2]}"
