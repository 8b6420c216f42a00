"""Streams of marks without an end: how many steps ago was the last one?"""

import torch
from torch import Tensor

GAPS = (10, 30)  # steps from one mark to the next, fewest and most
UNIT = 20  # counts are asked for in units of this many steps


class MarkStream:
    """Streams of marks, without an end; at each step the count since the last mark is asked for."""

    def __init__(self, n: int, seed: int) -> None:
        self.draws = torch.Generator().manual_seed(seed)
        self.count = torch.zeros(n)
        self.left = self._gap(n)

    def _gap(self, n: int) -> Tensor:
        return torch.randint(GAPS[0], GAPS[1] + 1, (n,), generator=self.draws)

    def next(self, T: int) -> tuple[Tensor, Tensor]:
        """The next T steps: marks (B, T, 1), 0 or 1; counts since a mark over `UNIT`, (B, T)."""
        marks, counts = [], []
        for _ in range(T):
            self.left -= 1
            mark = self.left == 0
            self.left = torch.where(mark, self._gap(len(mark)), self.left)
            self.count = torch.where(mark, 0.0, self.count + 1)
            marks.append(mark.float())
            counts.append(self.count / UNIT)
        return torch.stack(marks, 1)[..., None], torch.stack(counts, 1)
