"""The training objectives: which tokens are targets, and the loss on them."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.config import SpecialIds
from bertgpt.shapes import check_shape

IGNORE = -100  # F.cross_entropy's own default: a target on which no loss is taken


def causal_targets(token_ids: Tensor, pad_id: int | None = None) -> Tensor:
    """Each position's target is the next token: GPT.

    Args:
        token_ids: (B, T) int64.
        pad_id: id of the padding token, anywhere in the text; None or -1 where there is none.
    Returns:
        (B, T), the next token; IGNORE at the last position, at padding and just before it.
    Raises:
        ValueError: if token_ids has another shape.

    >>> causal_targets(torch.tensor([[5, 6, 7, 0], [0, 5, 6, 7]]), pad_id=0).tolist()
    [[6, 7, -100, -100], [-100, 6, 7, -100]]
    """
    check_shape("token_ids", token_ids, "B T")
    last = torch.full_like(token_ids[:, :1], IGNORE)
    targets = torch.cat([token_ids[:, 1:], last], dim=1)
    if pad_id is None:
        return targets
    # Nothing is guessed from padding: a text's first token has nothing before it.
    return targets.masked_fill((targets == pad_id) | (token_ids == pad_id), IGNORE)


def mask_tokens(
    token_ids: Tensor,
    special: SpecialIds,
    *,
    vocab_size: int,
    rate: float = 0.15,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """Corrupt a batch for masked language modelling: BERT.  The input is left as it was.

    Of the positions chosen, 80 % become [MASK], 10 % a random ordinary token, 10 % stay; all of
    them are targets (Devlin et al. 2019, 3.1; their draw includes special tokens, ours does not).

    Args:
        token_ids: (B, T) int64, ids in [0, V).
        special: ids that are never chosen and never drawn.
        vocab_size: V.
        rate: probability that an ordinary position is chosen, strictly between 0 and 1.
        generator: source of randomness on any device; its seed fixes the result.
    Returns:
        corrupted (B, T), what the model sees; targets (B, T), the original id where chosen, else
        IGNORE.
    Raises:
        ValueError: if token_ids has another shape, `rate` is outside (0, 1), the vocabulary has no
            [MASK], or no ordinary token exists.

    >>> ids = torch.tensor([[2, 7, 8, 9, 3]])  # [CLS] a b c [SEP]
    >>> from bertgpt.config import SPECIAL_IDS
    >>> g = torch.Generator().manual_seed(0)
    >>> _, want = mask_tokens(ids, SPECIAL_IDS, vocab_size=10, rate=0.99, generator=g)
    >>> want.tolist()
    [[-100, 7, 8, 9, -100]]
    """
    check_shape("token_ids", token_ids, "B T")
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate={rate} must lie strictly between 0 and 1; 0.15 is usual")
    check_special(special, ("mask",), vocab_size)
    shape, device = token_ids.shape, token_ids.device
    special_ids = torch.tensor(special, device=device)
    every_id = torch.arange(vocab_size, device=device)
    ordinary = every_id[~torch.isin(every_id, special_ids)]
    if not len(ordinary):
        raise ValueError(f"vocab_size={vocab_size} leaves no token besides the special ones")

    def draw() -> Tensor:
        return torch.rand(shape, generator=generator, device=generator.device).to(device)

    is_special = torch.isin(token_ids, special_ids)
    chosen = (draw() < rate) & ~is_special
    fate = draw()  # one draw decides all three fates; two draws would give 81/10/9
    which = (draw() * len(ordinary)).long().clamp(max=len(ordinary) - 1)
    random_ids = ordinary[which]
    corrupted = torch.where(chosen & (fate < 0.8), special.mask, token_ids)
    corrupted = torch.where(chosen & (fate >= 0.8) & (fate < 0.9), random_ids, corrupted)
    return corrupted, token_ids.masked_fill(~chosen, IGNORE)


def mask_at_all_rates(
    token_ids: Tensor, special: SpecialIds, *, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Hide from one to all ordinary tokens of each text, every number of them equally often.

    A model that is trained so bounds the probability of a text: with these weights the mean loss is
    the bound's, the surprise of the text's tokens revealed in a random order (Uria, Murray and
    Larochelle 2014; as masked diffusion, Sahoo et al. 2024, whose rate is our number over n). All
    that is hidden becomes [MASK]. Over a batch the rates are spread evenly, which makes the mean
    steadier (Kingma et al. 2021 spread the times of a diffusion so).

    Args:
        token_ids: (B, T) int64.
        special: ids that are never hidden.
        generator: source of randomness; its seed fixes the result.
    Returns:
        hidden (B, T), what the model sees; targets (B, T), the original id where hidden, else
        IGNORE; weights (B, T) float32: n / k where k of a text's n tokens are hidden, else 0.
    Raises:
        ValueError: if token_ids has another shape, the vocabulary has no [MASK], or no text has an
            ordinary token.

    >>> from bertgpt.config import SPECIAL_IDS
    >>> g = torch.Generator().manual_seed(0)
    >>> ids = torch.tensor([[2, 7, 8, 9, 3], [2, 7, 3, 0, 0]])
    >>> _, _, weights = mask_at_all_rates(ids, SPECIAL_IDS, generator=g)
    >>> weights.sum(dim=1).tolist()  # n, whatever was hidden
    [3.0, 1.0]
    """
    check_shape("token_ids", token_ids, "B T")
    check_special(special, ("mask",))
    ordinary = ~torch.isin(token_ids, torch.tensor(special, device=token_ids.device))
    n = ordinary.sum(dim=1, keepdim=True)  # (B, 1)
    if not bool(n.any()):
        raise ValueError("no text has an ordinary token, so nothing can be hidden; give some text")

    def draw(*shape: int) -> Tensor:
        drawn = torch.rand(shape, generator=generator, device=generator.device)
        return drawn.to(token_ids.device)

    B = len(token_ids)
    steps = torch.arange(B, device=token_ids.device) / B
    share = ((draw(1) + steps) % 1)[draw(B).argsort()]  # (B,), one in each of B equal parts
    k = (share[:, None] * n).long() + 1  # 1 to n
    order = draw(*token_ids.shape).masked_fill(~ordinary, 2.0).argsort(dim=1)
    rank = order.argsort(dim=1)  # the place of each position in a random order of the text's tokens
    chosen = (rank < k) & ordinary
    weights = torch.where(chosen, n / k, 0.0)
    hidden = token_ids.masked_fill(chosen, special.mask)
    return hidden, token_ids.masked_fill(~chosen, IGNORE), weights


def token_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean surprise, in nats, at the targets that are not IGNORE.

    Args:
        logits: (B, T, V), or (B, C) for one of C labels per text.
        targets: (B, T), or (B,), of any whole-number type.
    Returns:
        A number, log V where all logits are equal.
    Raises:
        ValueError: if every target is IGNORE.
    """
    if bool((targets == IGNORE).all()):
        raise ValueError(
            "every target is IGNORE, so the mean would be over nothing; give a larger batch, "
            "longer texts, or a higher masking rate"
        )
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten().long(), ignore_index=IGNORE)


class Pairs(NamedTuple):
    """Pairs of segments, [CLS] A [SEP] B [SEP], and whether B follows A."""

    token_ids: Tensor  # (N, T)
    segment_ids: Tensor  # (N, T): 0 up to the first [SEP], then 1; 0 on padding
    labels: Tensor  # (N,): 0 where B follows A, 1 where it is from another document


def next_sentence_pairs(
    documents: Sequence[Sequence[Sequence[int]]],
    special: SpecialIds,
    *,
    length: int,
    generator: torch.Generator,
) -> Pairs:
    """Cut documents into pairs for next sentence prediction (Devlin et al. 2019, 3.1 and A.2).

    A segment is a run of sentences, up to half the room. A fair coin says whether the next one is
    what follows, or begins somewhere in another document.

    Args:
        documents: lists of sentences, which are lists of ids.
        length: T, special tokens included.
        generator: source of randomness; its seed fixes the result.
    Returns:
        the pairs, padded to `length`, in the order of the documents.
    Raises:
        ValueError: if fewer than two documents have a sentence, or none has two, or `length` < 5,
            or the vocabulary has no [CLS], [SEP] or [PAD].

    >>> from bertgpt.config import SPECIAL_IDS
    >>> documents = [[[5, 6], [7], [8, 9]], [[11, 12], [13]]]
    >>> g = torch.Generator().manual_seed(0)
    >>> pairs = next_sentence_pairs(documents, SPECIAL_IDS, length=7, generator=g)
    >>> pairs.token_ids[0].tolist(), pairs.segment_ids[0].tolist()
    ([2, 5, 6, 3, 7, 3, 0], [0, 0, 0, 0, 1, 1, 0])
    >>> pairs.labels[0].item()
    0
    """
    check_special(special, ("cls", "sep", "pad"))
    documents = [[sentence for sentence in d if len(sentence)] for d in documents]
    documents = [d for d in documents if d]
    if len(documents) < 2 or length < 5 or max(map(len, documents)) < 2:
        raise ValueError(
            f"got {len(documents)} documents with text and length={length}; expected at least two "
            "documents, one of them with two sentences, and a length of at least 5, so both "
            "segments have a token; give documents as lists of sentences, each a list of ids"
        )
    room = (length - 3) // 2  # of each segment

    def draw(n: int) -> int:
        return int(torch.randint(n, (), generator=generator, device=generator.device))

    rows, kinds, labels = [], [], []
    for number, document in enumerate(documents):
        a, after = _segment(document, 0, room)
        while after < len(document):
            label = draw(2)
            if label:  # another document, never this one; the text after A begins the next pair
                other = documents[(number + 1 + draw(len(documents) - 1)) % len(documents)]
                b, _ = _segment(other, draw(len(other)), room)
            else:
                b, after = _segment(document, after, room)
            pad = length - len(a) - len(b) - 3
            rows.append([special.cls, *a, special.sep, *b, special.sep] + [special.pad] * pad)
            kinds.append([0] * (len(a) + 2) + [1] * (len(b) + 1) + [0] * pad)
            labels.append(label)
            if after < len(document):
                a, after = _segment(document, after, room)
    return Pairs(torch.tensor(rows), torch.tensor(kinds), torch.tensor(labels))


def _segment(document: Sequence[Sequence[int]], start: int, room: int) -> tuple[list[int], int]:
    """Ids of whole sentences while they fit, a first one that does not fit cut; the next start."""
    ids, end = list(document[start][:room]), start + 1
    while end < len(document) and len(ids) + len(document[end]) <= room:
        ids += document[end]
        end += 1
    return ids, end


def check_special(special: SpecialIds, names: Sequence[str], vocab_size: int | None = None) -> None:
    """Raise ValueError unless the vocabulary has these special tokens.

    Args:
        names: fields of `SpecialIds`.
        vocab_size: V; None leaves the upper end unchecked.
    """
    for name in names:
        i = getattr(special, name)
        if i < 0 or (vocab_size is not None and i >= vocab_size):
            raise ValueError(
                f"special.{name}={i} is not the id of a token (-1 stands for a token that the "
                "vocabulary does not have); give the special ids of a vocabulary that has it, as "
                "`WordPiece.load(folder).special` does"
            )
