"""Maps of attention: who reads whom, and how much, as shades in a square.

What BertViz draws needs JavaScript. A map needs nothing, and goes with each of its views.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from bertgpt.figures.style import COLOURS, INK, STYLE

FAINT = 0.1  # opacity of a weight of 0 where reading is allowed; what is masked stays empty
DOTS = 12  # a cell's side, the last dot left empty so that cells stay apart


def draw(
    weights: Tensor,
    tokens: Sequence[str],
    *,
    readers: Sequence[str] = (),
    titles: Sequence[str] = (),
    mask: Tensor | None = None,
    columns: int = 3,
) -> Figure:
    """Draw the weights of one or more heads: rows read, columns are read, darker is more.

    One colour in many opacities, so that hue says nothing and the page's ground shows through, in
    light and in dark. A cell that may not be read is empty; where none is darker than the others,
    all weights are equal. Up to eight tokens, the numbers are written in the cells.

    Args:
        weights: (T, S), or (H, T, S) for H panels; a boolean mask is drawn as who may read whom.
        tokens: S tokens, as they should appear; a dollar sign is a dollar sign.
        readers: T tokens, for a decoder that reads another text; none means that a text reads
            itself.
        titles: one per panel; "head 0", "head 1", ... where there are several and none is given.
        mask: (T, S) booleans, True where t may read s; None takes each weight above 0.
        columns: panels side by side.
    Raises:
        ValueError: if weights, tokens and mask do not fit, or a weight is nan or infinite.

    >>> figure = draw(torch.eye(3) < 1, ["the", "cat", "sat"])
    """
    w = weights.detach().cpu()[None] if weights.ndim == 2 else weights.detach().cpu()
    T, S = len(readers or tokens), len(tokens)
    if w.ndim != 3 or w.shape[1:] != (T, S):
        raise ValueError(
            f"weights of shape {tuple(weights.shape)} and {S} tokens; give weights (T, S) or "
            "(H, T, S), and one token per position: for one text of a batch, record.weights[0]"
        )
    _check_finite("weights", w)
    allowed = (w > 0) if mask is None else _checked_mask(mask, w)
    if not titles and len(w) > 1:
        titles = [f"head {h}" for h in range(len(w))]
    top = max(w.float().max().item(), 1e-9)
    columns = min(columns, len(w))
    numbered = max(T, S) <= 8 and columns < 3 and w.dtype != torch.bool
    strongest = 0.6 if numbered else 1.0  # numbers want a paler ground
    with mpl.rc_context({**STYLE, "axes.grid": False, "font.size": 10.0}):
        figure, panels = _panels(len(w), columns, T, S)
        for number, axes in enumerate(panels[: len(w)]):
            opacity = FAINT + (strongest - FAINT) * w[number].float() / top
            _draw_cells(axes, opacity * allowed[number])
            if numbered:
                _write_numbers(axes, w[number], allowed[number])
            _name_cells(axes, tokens, readers or tokens, titles[number : number + 1])
        scale = "" if w.dtype == torch.bool else f" (largest weight: {top:.2f})"
        figure.supxlabel(f"is read{scale}", fontsize=10, color=INK)
        figure.supylabel("is written" if readers else "reads", fontsize=10, color=INK)
    return figure


def _name_cells(
    axes: Axes, tokens: Sequence[str], readers: Sequence[str], titles: Sequence[str]
) -> None:
    """Write tokens along a panel, and above it its title where there is one."""
    axes.set_xticks(range(len(tokens)), tokens, rotation=90, parse_math=False)
    axes.set_yticks(range(len(readers)), readers, parse_math=False)
    for title in titles:
        axes.set_title(title, fontsize=10, parse_math=False)
    axes.label_outer()


def draw_gates(opened: Mapping[str, Tensor], tokens: Sequence[str], rows: Sequence[str]) -> Figure:
    """Draw what gates did while a text was read: a strip for each gate.

    Each row is a cell, each column is a token. Empty is shut (0), filled is open (1).

    Args:
        opened: name -> (T, R) numbers from 0 to 1, for R cells.
        tokens: T tokens, as they should appear; a dollar sign is a dollar sign.
        rows: names of the R cells.
    Raises:
        ValueError: if the numbers, tokens and rows do not fit, or a number is nan or infinite.

    >>> figure = draw_gates({"forget": torch.rand(3, 1)}, "cat", ["cell 0"])
    """
    T, R = len(tokens), len(rows)
    for name, values in opened.items():
        if values.shape != (T, R):
            raise ValueError(
                f"{name} has the shape {tuple(values.shape)} for {T} tokens and {R} rows; give "
                "(T, R), such as record.forget[0][:, cells]"
            )
        _check_finite(name, values)
    with mpl.rc_context({**STYLE, "axes.grid": False, "font.size": 10.0}):
        figure = Figure(figsize=(7.6, 0.9 + (0.35 + 0.27 * R) * len(opened)), layout="constrained")
        strips = figure.subplots(len(opened), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, values) in zip(strips, opened.items(), strict=True):
            _draw_cells(axes, values.detach().cpu().float().T, columns_touch=True)
            axes.set_yticks(range(R), rows, parse_math=False)
            title = f"{name} gate (filled: open, empty: shut)"
            axes.set_title(title, fontsize=10, parse_math=False)
            axes.spines[:].set_visible(False)
        strips[-1].set_xticks(range(T), tokens, parse_math=False)
    return figure


def _check_finite(name: str, values: Tensor) -> None:
    """Raise ValueError where a number is none: its cell would be drawn empty."""
    if wrong := int((~values.isfinite()).sum()):
        raise ValueError(
            f"{name}: {wrong} of {values.numel()} numbers are nan or infinite, and an empty cell "
            "would say masked or shut; leave them out, or put a number in their place"
        )


def _checked_mask(mask: Tensor, weights: Tensor) -> Tensor:
    """The mask as (H, T, S); it may be another one for each head."""
    _, T, S = weights.shape
    if mask.dtype != torch.bool or mask.shape not in ((T, S), weights.shape):
        raise ValueError(
            f"mask holds {mask.dtype} in the shape {tuple(mask.shape)}; give booleans ({T}, {S}), "
            "True where t may read s"
        )
    return mask.cpu().expand(weights.shape)


def _panels(n: int, columns: int, T: int, S: int) -> tuple[Figure, list[Axes]]:
    """A figure with n panels of T rows and S columns, as wide as a page at most."""
    rows = -(-n // columns)
    wide = max(1.9 if columns > 1 else 3.2, 0.24 * S)  # inches
    wide = min(wide, (7.2 - 1.2) / columns)
    tall = wide * T / S
    shape = 1.2 + wide * columns, (tall + 0.3) * rows + 1.0
    figure = Figure(figsize=shape, layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels = list(grid.flat)
    for unused in panels[n:]:
        unused.set_axis_off()
    return figure, panels


def _draw_cells(axes: Axes, opacity: Tensor, columns_touch: bool = False) -> None:
    """Fill the cells of a table with one colour, each as opaque as its number from 0 to 1."""
    rows, columns = opacity.shape
    shade = torch.empty(rows, columns, 4)
    shade[..., :3] = torch.tensor(to_rgb(COLOURS[0]))
    shade[..., 3] = opacity
    dots = shade.repeat_interleave(DOTS, 0).repeat_interleave(DOTS, 1)
    dots[DOTS - 1 :: DOTS, :, 3] = 0
    if not columns_touch:
        dots[:, DOTS - 1 :: DOTS, 3] = 0
    ends = (-0.5, columns - 0.5, rows - 0.5, -0.5)
    aspect: Literal["auto", "equal"] = "auto" if columns_touch else "equal"
    # No interpolation: it would blur the cells into each other.
    axes.imshow(dots.numpy(), interpolation="none", extent=ends, aspect=aspect)
    axes.tick_params(length=0)


def _write_numbers(axes: Axes, weights: Tensor, allowed: Tensor) -> None:
    """Write each weight that may be above 0 into its cell: .25, or 1.00."""
    for t, s in torch.nonzero(allowed).tolist():
        text = f"{weights[t, s]:.2f}".removeprefix("0") or "0"
        axes.text(s, t, text, ha="center", va="center", fontsize=9)
