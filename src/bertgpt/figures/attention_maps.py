"""Maps of attention: who reads whom, and how much, as shades in a square.

What BertViz draws needs JavaScript. A map needs nothing, and stands beside each of its views.
"""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from bertgpt.figures.style import COLOURS, INK, STYLE

FAINT = 0.1  # opacity of a weight of 0 where reading is allowed; what is masked stays empty
DOTS = 12  # a cell's side, the last dot left empty so that cells stand apart


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
    all weights are equal. Up to eight tokens, the numbers stand in the cells.

    Args:
        weights: (T, S), or (H, T, S) for H panels; a boolean mask is drawn as who may read whom.
        tokens: S of them, as they are to be written.
        readers: T of them, for a decoder that reads another text; none means that a text reads
            itself.
        titles: one a panel; "head 0", "head 1", ... where there are several and none is given.
        mask: (T, S) booleans, True where t may read s; None takes each weight above 0.
        columns: panels side by side.
    Raises:
        ValueError: if weights and tokens do not fit.

    >>> figure = draw(torch.eye(3) < 1, ["the", "cat", "sat"])
    """
    w = weights.detach().cpu()[None] if weights.ndim == 2 else weights.detach().cpu()
    T, S = len(readers or tokens), len(tokens)
    if w.ndim != 3 or w.shape[1:] != (T, S):
        raise ValueError(
            f"weights of shape {tuple(weights.shape)} and {S} tokens; give weights (T, S) or "
            "(H, T, S), and one token a position: for one text of a batch, look.weights[0]"
        )
    allowed = (w > 0) if mask is None else mask.cpu().expand(w.shape)
    titles = titles or [f"head {h}" for h in range(len(w))] * (len(w) > 1)
    top = max(w.float().max().item(), 1e-9)
    columns = min(columns, len(w))
    rows, numbers = -(-len(w) // columns), max(T, S) <= 8 and columns < 3 and w.dtype != torch.bool
    size = min(max(1.9 if columns > 1 else 3.2, 0.24 * S), (7.2 - 1.2) / columns)  # inches
    tall = size * T / S
    with mpl.rc_context({**STYLE, "axes.grid": False, "font.size": 10.0}):
        shape = 1.2 + size * columns, (tall + 0.3) * rows + 1.0
        figure = Figure(figsize=shape, layout="constrained")
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for number, axes in enumerate(grid.flat):
            if number >= len(w):
                axes.set_axis_off()
                continue
            shade = torch.empty(T, S, 4)
            shade[..., :3] = torch.tensor(to_rgb(COLOURS[0]))
            deep = (0.6 if numbers else 1.0) - FAINT  # numbers want a paler ground
            shade[..., 3] = (FAINT + deep * w[number].float() / top) * allowed[number]
            dots = shade.repeat_interleave(DOTS, 0).repeat_interleave(DOTS, 1)
            dots[DOTS - 1 :: DOTS, :, 3] = dots[:, DOTS - 1 :: DOTS, 3] = 0
            ends = (-0.5, S - 0.5, T - 0.5, -0.5)
            axes.imshow(dots.numpy(), interpolation="none", extent=ends)  # no dot is blurred
            for t, s in torch.nonzero(allowed[number]).tolist() if numbers else ():
                text = f"{w[number, t, s]:.2f}".removeprefix("0") or "0"
                axes.text(s, t, text, ha="center", va="center", fontsize=9)
            axes.set_xticks(range(S), tokens, rotation=90)
            axes.set_yticks(range(T), readers or tokens)
            axes.set_title(titles[number] if number < len(titles) else "", fontsize=10)
            axes.tick_params(length=0)
            axes.label_outer()
        scale = "" if w.dtype == torch.bool else f" (darkest: {top:.2f})"
        figure.supxlabel(f"is read{scale}", fontsize=10, color=INK)
        figure.supylabel("is written" if readers else "reads", fontsize=10, color=INK)
    return figure


def draw_gates(opened: Mapping[str, Tensor], tokens: Sequence[str], rows: Sequence[str]) -> Figure:
    """Draw what gates did while a text was read: a strip a gate, a row a cell, a column a token.

    Empty is shut (0), filled is open (1).

    Args:
        opened: name -> (T, R) numbers from 0 to 1, for R cells.
        tokens: T of them, as they are to be written.
        rows: names of the R cells.
    Raises:
        ValueError: if the numbers, tokens and rows do not fit.

    >>> figure = draw_gates({"forget": torch.rand(3, 1)}, "cat", ["cell 0"])
    """
    T, R = len(tokens), len(rows)
    for name, values in opened.items():
        if values.shape != (T, R):
            raise ValueError(
                f"{name} has the shape {tuple(values.shape)} for {T} tokens and {R} rows; give "
                "(T, R), such as look.forget[0][:, cells]"
            )
    with mpl.rc_context({**STYLE, "axes.grid": False, "font.size": 10.0}):
        figure = Figure(figsize=(7.6, 0.9 + (0.35 + 0.27 * R) * len(opened)), layout="constrained")
        strips = figure.subplots(len(opened), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, values) in zip(strips, opened.items(), strict=True):
            shade = torch.empty(R, T, 4)
            shade[..., :3] = torch.tensor(to_rgb(COLOURS[0]))
            shade[..., 3] = values.detach().cpu().float().T
            dots = shade.repeat_interleave(DOTS, 0).repeat_interleave(DOTS, 1)
            dots[DOTS - 1 :: DOTS, :, 3] = 0
            ends = (-0.5, T - 0.5, R - 0.5, -0.5)
            axes.imshow(dots.numpy(), interpolation="none", extent=ends, aspect="auto")
            axes.set_yticks(range(R), rows)
            axes.set_title(f"{name} gate (filled: open, empty: shut)", fontsize=10)
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        strips[-1].set_xticks(range(T), tokens)
    return figure
