"""The LSTM of 1997, which cannot forget, and of 2000, which can.

Shapes: B sequences, T steps, C width of the input, D width of the state.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.recurrent.sequences import after_the_end, check_lengths, check_sequence
from bertgpt.shapes import check_shape

State = tuple[Tensor, Tensor]  # (B, D) what is shown, h; (B, D) what is kept, the cell c


class Gates(NamedTuple):
    """What the gates did: kept only for a caller who asks. Each (B, T, D)."""

    input: Tensor  # in (0, 1): how much of the candidate is let in
    forget: Tensor  # in (0, 1): how much of the cell is kept; 1 where there is no such gate
    output: Tensor  # in (0, 1): how much of the cell is shown
    candidate: Tensor  # in (-1, 1): what would be written
    cell: Tensor  # what is kept, after the step


class LSTM(nn.Module):
    """Long short-term memory: a cell that is added to, behind gates.

    With a = W_x x_t + b + W_h h_{t-1}, cut into one part for each gate:

        c_t = f * c_{t-1} + i * g     i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o)
        h_t = o * tanh(c_t)           g = tanh(a_g)

    Hochreiter and Schmidhuber (1997, section 4) have f = 1: the cell only adds up. The forget gate
    is of Gers, Schmidhuber and Cummins (2000). The paper of 1997 squashes with other sigmoids,
    g to (-2, 2), and cuts some gradients; here both cells differ in the forget gate alone.

    Args:
        in_width: C.
        width: D.
        forget: with the gate of 2000, or without it as in 1997.
        forget_bias: what that gate's bias starts at; with 1 a new net keeps most of its cell.
    """

    def __init__(
        self, in_width: int, width: int, *, forget: bool = True, forget_bias: float = 0.0
    ) -> None:
        super().__init__()
        self.width = width
        self.forget = forget
        n_parts = 4 if forget else 3  # input, output, forget; the candidate comes last
        self.inputs = nn.Linear(in_width, n_parts * width)  # W_x and b
        self.recurrent = nn.Linear(width, n_parts * width, bias=False)  # W_h
        for p in self.parameters():
            nn.init.uniform_(p, -(width**-0.5), width**-0.5)
        if forget:
            nn.init.constant_(self.inputs.bias[2 * width : 3 * width], forget_bias)

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        records: list[Gates] | None = None,
    ) -> tuple[Tensor, State]:
        """Read sequences, one step after the other.

        Args:
            x: (B, T, C), T at least 1.
            state: h and c before the first step, each (B, D); None is 0.
            lengths: (B,) steps that count in each sequence; None means all T.
            records: a list to which a `Gates` is appended.
        Returns:
            h (B, T, D) after each step, 0 after a sequence's end; and the last h and c, (B, D).
        Raises:
            ValueError: if a shape or a length does not fit.
        """
        B, T, _ = check_sequence(x, self.inputs.in_features)
        h, c = (x.new_zeros(B, self.width),) * 2 if state is None else state
        for name, part in (("state h", h), ("state c", c)):
            check_shape(name, part, "B D", B=B, D=self.width)
        shown, kept, opened = [], [], []
        for a in self.inputs(x.transpose(0, 1)).unbind():  # one product for the inputs of all steps
            h, c, gates = self._next(a, h, c)
            shown.append(h)
            kept.append(c)
            if records is not None:
                opened.append(gates)
        out = torch.stack(shown, dim=1)  # (B, T, D)
        if records is not None:
            records.append(self._gates(opened, kept))
        if lengths is None:
            return out, (h, c)
        check_lengths(lengths, B, T)
        rows = torch.arange(B, device=x.device)
        last = out[rows, lengths - 1], torch.stack(kept, dim=1)[rows, lengths - 1]
        return out.masked_fill(after_the_end(lengths, T), 0.0), last

    def step(self, x: Tensor, state: State) -> State:
        """One step: (B, C) and the state, h and c of (B, D), make the next state."""
        check_shape("x", x, "B C", C=self.inputs.in_features)
        for name, part in zip(("state h", "state c"), state, strict=True):
            check_shape(name, part, "B D", B=len(x), D=self.width)
        h, c, _ = self._next(self.inputs(x), *state)
        return h, c

    def _next(self, a: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """The state after one step, where a = W_x x + b; and what gates and candidate were."""
        a = torch.addmm(a, h, self.recurrent.weight.t())  # (B, 4 D); (B, 3 D) without forget gate
        sigmoids, g = a[:, : -self.width].sigmoid(), a[:, -self.width :].tanh()
        i, o, *f = sigmoids.split(self.width, dim=1)
        c = torch.addcmul(f[0] * c, i, g) if f else torch.addcmul(c, i, g)
        return o * c.tanh(), c, (i, o, *f, g)

    def _gates(self, opened: list[tuple[Tensor, ...]], kept: list[Tensor]) -> Gates:
        i, o, *f, g = (torch.stack(part, dim=1).detach() for part in zip(*opened, strict=True))
        return Gates(i, f[0] if f else torch.ones_like(i), o, g, torch.stack(kept, 1).detach())
