"""Texts of digits with one of them marked: which one is it?"""

import torch
from torch import Tensor

ITEMS, DIGITS = 12, 10
ASK = 2 * DIGITS  # the token, after the items, at which the answer is read out


def pointer_texts(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Texts of digits, one of them marked, and a question: which digit is marked?

    Returns:
        ids (n, ITEMS + 1), 0 to 9 for a digit, 10 to 19 for a marked one, ASK at the end; the
        answers (n,); where the mark is (n, ITEMS), True at the relevant position of each text.
    """
    digits = torch.randint(DIGITS, (n, ITEMS), generator=generator)
    where = torch.randint(ITEMS, (n, 1), generator=generator)
    marked = torch.zeros(n, ITEMS, dtype=torch.bool).scatter(1, where, True)
    ids = torch.cat([digits + DIGITS * marked, torch.full((n, 1), ASK)], dim=1)
    return ids, digits.gather(1, where)[:, 0], marked
