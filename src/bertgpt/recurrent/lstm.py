"""The LSTM of 1997, which cannot forget, and of 2000, which can.

Shapes: B sequences, T steps, C width of the input, D width of the state.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bertgpt.recurrent.sequences import (
    Lengths,
    after_the_end,
    check_sequence,
    check_widths,
    checked_lengths,
)
from bertgpt.shapes import check_shape

State = tuple[Tensor, Tensor]  # (B, D) what is shown, h; (B, D) what is kept, the cell c


class Gates(NamedTuple):
    """Record of what the gates did, made only on request. Each (B, T, D)."""

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
    is due to Gers, Schmidhuber and Cummins (2000). The paper of 1997 squashes with other sigmoids,
    g to (-2, 2), and cuts some gradients; here the two cells differ only in the forget gate.

    Args:
        in_width: C.
        width: D.
        forget: with the gate of 2000, or without it as in 1997.
        forget_bias: initial value of that gate's bias; with 1 a new net keeps most of its cell.
    Raises:
        ValueError: for a width below 1.
    """

    def __init__(
        self, in_width: int, width: int, *, forget: bool = True, forget_bias: float = 0.0
    ) -> None:
        super().__init__()
        check_widths(in_width, width)
        self.width = width
        self.forget = forget
        n_parts = 4 if forget else 3  # input gate, output gate, forget gate, candidate
        self.inputs = nn.Linear(in_width, n_parts * width)  # W_x and b
        self.recurrent = nn.Linear(width, n_parts * width, bias=False)  # W_h
        for p in self.parameters():
            nn.init.uniform_(p, -(width**-0.5), width**-0.5)
        if forget:
            nn.init.constant_(self.inputs.bias[2 * width : 3 * width], forget_bias)

    def step(self, x: Tensor, state: State) -> State:
        """One step, written as the equations are; `forward` does the same, faster.

        Args:
            x: (B, C).
            state: h and c before the step, each (B, D).
        Returns:
            h and c after it.
        Raises:
            ValueError: if a shape does not fit.
        """
        check_shape("x", x, "B C", C=self.inputs.in_features)
        h, c = self._checked(state, len(x))
        a = self.inputs(x) + self.recurrent(h)  # W_x x + b + W_h h: (B, 4 D)
        D = self.width
        i = torch.sigmoid(a[:, :D])
        o = torch.sigmoid(a[:, D : 2 * D])
        f = torch.sigmoid(a[:, 2 * D : 3 * D]) if self.forget else 1.0
        g = torch.tanh(a[:, -D:])
        c = f * c + i * g
        h = o * torch.tanh(c)
        return h, c

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        lengths: Lengths | None = None,
        records: list[Gates] | None = None,
    ) -> tuple[Tensor, State]:
        """Read sequences, one step after the other.

        Args:
            x: (B, T, C), T at least 1.
            state: h and c before the first step, each (B, D); None is 0.
            lengths: (B,) steps that count in each sequence, a tensor or a list; None means all T.
                What x holds after them, be it nan, reaches neither results nor gradients.
            records: a list to which a `Gates` is appended.
        Returns:
            h (B, T, D) after each step, 0 after a sequence's end; and the last h and c, (B, D).
        Raises:
            ValueError: if a shape or a length does not fit.
        """
        B, T, _ = check_sequence(x, self.inputs.in_features)
        if lengths is not None:
            lengths = checked_lengths(lengths, B, T, x.device)
            # Before the loop: after it, a nan there would still turn all gradients into nan.
            x = x.masked_fill(after_the_end(lengths, T), 0.0)
        if state is None:
            state = x.new_zeros(B, self.width), x.new_zeros(B, self.width)
        h, c = self._checked(state, B)
        shown, kept, opened = [], [], []
        for a in self.inputs(x.transpose(0, 1)).unbind():  # one product for the inputs of all steps
            h, c, gates = self._next(a, h, c)
            shown.append(h)
            kept.append(c)
            if records is not None:
                opened.append(gates)
        out = torch.stack(shown, dim=1)  # (B, T, D)
        if records is not None:
            i, f, o, g = (torch.stack(gate, dim=1).detach() for gate in zip(*opened, strict=True))
            records.append(Gates(i, f, o, g, torch.stack(kept, dim=1).detach()))
        if lengths is None:
            return out, (h, c)
        rows = torch.arange(B, device=x.device)
        last = out[rows, lengths - 1], torch.stack(kept, dim=1)[rows, lengths - 1]
        return out.masked_fill(after_the_end(lengths, T), 0.0), last

    def _next(
        self, a: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor, Tensor, Tensor]]:
        """As `step`, where a = W_x x + b; also the gates i, f, o and the candidate g.

        One product and one sigmoid serve all gates: four of each cost more time than their numbers.
        """
        D = self.width
        a = torch.addmm(a, h, self.recurrent.weight.t())  # (B, 4 D); (B, 3 D) without forget gate
        gates = a[:, :-D].sigmoid()
        i, o = gates[:, :D], gates[:, D : 2 * D]
        f = gates[:, 2 * D :] if self.forget else torch.ones_like(i)
        g = a[:, -D:].tanh()
        c = torch.addcmul(f * c, i, g)
        return o * c.tanh(), c, (i, f, o, g)

    def _checked(self, state: State, B: int) -> State:
        if not isinstance(state, tuple | list) or len(state) != 2:
            raise ValueError(
                f"expected state as the pair (h, c), each (B, D), got {_described(state)}; an LSTM "
                "carries two"
            )
        for name, part in zip(("state h", "state c"), state, strict=True):
            check_shape(name, part, "B D", B=B, D=self.width)
        return state[0], state[1]


def _described(state: object) -> str:
    if isinstance(state, Tensor):
        return f"one tensor {tuple(state.shape)}"
    size = f" of {len(state)}" if isinstance(state, tuple | list) else ""
    return f"a {type(state).__name__}{size}"
