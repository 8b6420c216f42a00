"""Many steps of word2vec at once: blocks of neighbouring centres that share their negatives.

Centres that follow one another see the same words and can share negatives, so all their scores are
one product of two small matrices: about 600 times as many pairs per second as by `word2vec.step`
(`benchmarks/word2vec.py`, one thread).

Shapes: V words, D dimension, B blocks per step, M centres per block, W = M + 2C words that the
centres of a block can see, N negatives per block, K words that a block is scored with.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.words import training_pairs

BLOCK = 16  # centres, M
NEGATIVES_A_BLOCK = 16  # of skip-gram, whose centres have many pairs each; CBOW takes k


def update_skip_gram(
    inputs: Tensor,
    outputs: Tensor,
    in_ids: Tensor,
    out_ids: Tensor,
    weight: Tensor,
    label: Tensor,
    rate: float,
) -> Tensor:
    """Change the vectors by one step of gradient descent, in place: `word2vec.step`, many at once.

    The loss of one score s = x . y is -log sigmoid(s) for a true pair and -log sigmoid(-s) for a
    negative (Mikolov et al. 2013b, eq. 4); its derivative by s is sigmoid(s) - label.

    Args:
        inputs, outputs: (V, D) the two vectors of each word.
        in_ids: (B, M) centres.
        out_ids: (B, K) words that the centres can see, then the negatives.
        weight: (B, M, K) how often each pair counts; 0 where the two do not meet.
        label: (M, K) 1 for true pairs, 0 for negatives.
        rate: learning rate.
    Returns:
        (B, M, K) label - sigmoid(score), before the change.
    """
    x = F.embedding(in_ids, inputs)  # (B, M, D)
    y = F.embedding(out_ids, outputs)  # (B, K, D)
    scores = torch.bmm(x, y.transpose(1, 2))  # (B, M, K)
    error = label - scores.sigmoid()
    change = (error * weight).mul_(rate)  # (B, M, K)
    dx = torch.bmm(change, y)  # (B, M, D)
    dy = torch.bmm(change.transpose(1, 2), x)  # (B, K, D)
    _add(inputs, in_ids, dx)
    _add(outputs, out_ids, dy)
    return error


def update_cbow(
    inputs: Tensor,
    outputs: Tensor,
    in_ids: Tensor,
    out_ids: Tensor,
    weight: Tensor,
    label: Tensor,
    rate: float,
    near: Tensor,
) -> Tensor:
    """As `update_skip_gram`, where x is the mean of the words in a window.

    Each word of a window takes the window's whole change, not its share of it, as the authors'
    program and gensim do.

    Args:
        inputs, outputs: (V, D) the two vectors of each word.
        in_ids: (B, W) words that the windows hold.
        out_ids: (B, M + N) the word in the middle of each window, which is scored only with its own
            window, then negatives for all windows; so K is 1 + N.
        weight, label, rate: as there.
        near: (B, M, W) 1 where a word belongs to the window of a centre.
    Returns:
        (B, M, K) label - sigmoid(score), before the change.
    """
    M = near.shape[1]
    words = F.embedding(in_ids, inputs)  # (B, W, D)
    y = F.embedding(out_ids, outputs)  # (B, M + N, D)
    middle, negative = y[:, :M], y[:, M:]  # (B, M, D), (B, N, D)
    size = near.sum(-1, keepdim=True).clamp_(min=1)  # (B, M, 1)
    x = torch.bmm(near, words).div_(size)  # (B, M, D)
    true = (x * middle).sum(-1, keepdim=True)  # (B, M, 1)
    false = torch.bmm(x, negative.transpose(1, 2))  # (B, M, N)
    error = label - torch.cat((true, false), dim=-1).sigmoid()  # (B, M, K)
    change = (error * weight).mul_(rate)
    for_true, for_false = change[..., :1], change[..., 1:]  # (B, M, 1), (B, M, N)
    dx = torch.bmm(for_false, negative).addcmul_(for_true, middle)  # (B, M, D)
    dmiddle = x * for_true  # (B, M, D)
    dnegative = torch.bmm(for_false.transpose(1, 2), x)  # (B, N, D)
    _add(inputs, in_ids, torch.bmm(near.transpose(1, 2), dx))
    _add(outputs, out_ids, torch.cat((dmiddle, dnegative), dim=1))
    return error


def _add(vectors: Tensor, ids: Tensor, change: Tensor) -> None:
    """Add a change (B, K, D) to the vectors (V, D) of these words (B, K), repeated ones too."""
    vectors.index_add_(0, ids.flatten(), change.view(-1, vectors.shape[1]))


class Pass(NamedTuple):
    """One pass over a text, cut into blocks in random order."""

    in_ids: Tensor  # (blocks, M) centres; of CBOW (blocks, W) the words around them
    out_ids: Tensor  # (blocks, W + N); of CBOW (blocks, M + N)
    code: Tensor  # (blocks, M) which window each centre has: see `Blocks`


class Blocks:
    """Draws passes over a text.

    The window of a centre follows from three numbers: its place in the block, how many words it
    sees to the left, and how many to the right. The pairs in which it counts follow from them too,
    so a pass holds one *code* for the three, and three tables turn codes into what a step needs:

        near[code]    (W,) 1 for the words of a block that belong to the window
        weight[code]  (K,) how often the centre's pair with each word scored counts
        label         (M, K) 1 for true pairs, 0 for negatives, whatever the code

    Args:
        ids, sentence: (n,) each, as `training_pairs.flatten` makes them.
        keep: (n,) probability that each word of the text survives the thinning.
        noise: (V,) the distribution that negatives are drawn from.
        cbow: whether a window is one input, the mean of its words.
        window: C.
        negatives: k, for each true pair.
    """

    def __init__(
        self,
        ids: Tensor,
        sentence: Tensor,
        keep: Tensor,
        noise: Tensor,
        *,
        cbow: bool,
        window: int,
        negatives: int,
    ) -> None:
        self.ids, self.sentence = ids, sentence
        self.keep, self.noise = keep, noise
        self.cbow = cbow
        self.window = window
        self.n_shared = negatives if cbow else NEGATIVES_A_BLOCK  # N
        self.near, self.weight, self.label = self._tables(negatives)

    def draw(self, seed: int, multiple: int) -> Pass:
        """One pass: thin the text, draw windows and negatives, cut it, shuffle the blocks.

        Args:
            seed: fixes all draws.
            multiple: the number of blocks is rounded up to a multiple of this; the centres that
                are missing in the last ones have no pairs.
        """
        generator = torch.Generator().manual_seed(seed)
        C, M = self.window, BLOCK
        kept = torch.rand(len(self.ids), generator=generator) < self.keep
        ids, sentence = self.ids[kept], self.sentence[kept]
        radii = training_pairs.dynamic_windows(len(ids), C, generator=generator)
        code = self._code(radii, sentence)
        n_blocks = max(1, -(-len(ids) // (M * multiple))) * multiple
        missing = n_blocks * M - len(ids)
        visible = F.pad(ids, (C, missing + C)).unfold(0, M + 2 * C, M)  # (blocks, W)
        centres = F.pad(ids, (0, missing)).view(-1, M)  # (blocks, M)
        code = F.pad(code, (0, missing)).view(-1, M)  # code 0 is a window of no words
        shape = (n_blocks, self.n_shared)
        negatives = training_pairs.draw_negatives(self.noise, shape, generator=generator)
        # A text repeats its words in bursts; shuffled, one step does not meet a burst all at once.
        order = torch.randperm(n_blocks, generator=generator)
        reads, scored = (visible, centres) if self.cbow else (centres, visible)
        out_ids = torch.cat((scored, negatives), dim=1)
        return Pass(reads[order], out_ids[order], code[order])

    def _code(self, radii: Tensor, sentence: Tensor) -> Tensor:
        """(n,) the code of each centre, its three numbers as digits, the last two to base C + 1."""
        n, base = len(sentence), self.window + 1
        position = torch.arange(n)
        first = torch.searchsorted(sentence, sentence)  # of the centre's sentence
        last = torch.searchsorted(sentence, sentence, right=True) - 1
        left = torch.minimum(radii, position - first)
        right = torch.minimum(radii, last - position)
        return (position % BLOCK * base + left) * base + right

    def _tables(self, k: int) -> tuple[Tensor, Tensor, Tensor]:
        """`near` (codes, W), `weight` (codes, K) and `label` (M, K)."""
        C, M, N = self.window, BLOCK, self.n_shared
        reach = torch.arange(C + 1)
        digits = torch.meshgrid(torch.arange(M), reach, reach, indexing="ij")
        place, left, right = (digit.reshape(-1, 1) for digit in digits)  # (codes, 1)
        gap = torch.arange(M + 2 * C) - C - place  # (codes, W): from the centre to each word
        near = ((gap >= -left) & (gap <= right) & (gap != 0)).float()
        pairs = near.sum(1, keepdim=True)  # (codes, 1)
        if self.cbow:  # one score per window, none for a window of no words
            true = pairs = pairs.clamp(max=1)
        else:
            true = near
        # The N negatives of a block are shared by its centres; weighted, they count as k per pair.
        negative = (pairs * k / N).expand(-1, N)
        n_true = 1 if self.cbow else M + 2 * C
        label = torch.cat((torch.ones(M, n_true), torch.zeros(M, N)), dim=1)
        return near, torch.cat((true, negative), dim=1), label
