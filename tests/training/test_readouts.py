"""Where answers are read: each place, what is right, and what moves what."""

import pytest
import torch

from bertgpt.bert import BERT
from bertgpt.config import SPECIAL_IDS, TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import SequenceHead, SpanHead, TokenHead
from bertgpt.objectives import IGNORE
from bertgpt.training.readouts import (
    Example,
    PointerHead,
    Readout,
    Span,
    TextLabel,
    WordLabels,
    encode_example,
)

PAD = SPECIAL_IDS.pad
CFG = TransformerConfig(vocab_size=20, max_positions=12, width=8, n_layers=2, n_heads=2)


def batch(*texts: list[int]) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence([torch.tensor(t) for t in texts], True, PAD)


def test_both_models_read_the_same_input() -> None:
    pair = Example(([7, 8], [9]), (1,))
    assert encode_example(pair, SPECIAL_IDS).tolist() == [2, 7, 8, 3, 9, 3]
    assert encode_example(Example(([7, 8],), (1,)), SPECIAL_IDS).tolist() == [2, 7, 8, 3]


@pytest.mark.parametrize(
    ("readout", "head"),
    [
        (TextLabel(3, "first"), SequenceHead),
        (TextLabel(3, "last"), TokenHead),
        (WordLabels(3), TokenHead),
        (Span("each"), SpanHead),
        (Span("last"), PointerHead),
    ],
)
def test_each_readout_has_its_head_and_scores(readout: Readout, head: type) -> None:
    torch.manual_seed(0)
    model = GPT(CFG, head=readout.make_head)
    assert type(model.head) is head
    ids = batch([2, 7, 8, 3], [2, 7, 3])
    scores = readout.scores(model.head, model.hidden(ids), ids, PAD)
    examples = [Example(([7, 8],), (0,)), Example(([7],), (0,))]
    if isinstance(readout, WordLabels):
        examples = [Example(([7, 8],), (1, IGNORE)), Example(([7],), (2,))]
    if isinstance(readout, Span):
        examples = [Example(([7, 8],), (1, 1)), Example(([7],), (0, 0))]
    targets = readout.targets(examples, ids.shape[1])
    assert readout.loss(scores, targets).isfinite()
    assert len(readout.right(scores, targets)) == 2


def test_a_label_at_the_last_token_hears_all_of_a_text_and_one_at_the_first_does_not() -> None:
    """Under GPT's mask; so GPT reads its label at the end."""
    torch.manual_seed(0)
    texts, changed = batch([2, 7, 8, 3]), batch([2, 7, 9, 3])
    for place, heard in (("last", True), ("first", False)):
        readout = TextLabel(2, place)  # type: ignore[arg-type]
        model = GPT(CFG, head=readout.make_head)
        a, b = (readout.scores(model.head, model.hidden(x), x, PAD) for x in (texts, changed))
        assert torch.equal(a, b) != heard


def test_words_without_a_label_count_for_nothing() -> None:
    readout = WordLabels(3)
    targets = readout.targets([Example(([7, 8, 9],), (IGNORE, 2, IGNORE))], 5)
    assert targets.tolist() == [[IGNORE, IGNORE, 2, IGNORE, IGNORE]]
    scores = torch.zeros(1, 5, 3)
    scores[0, 2, 2] = 9.0  # right at the one word that is asked about, whatever the others say
    scores[0, 1, 0] = 9.0
    assert readout.right(scores, targets).tolist() == [True]
    assert readout.loss(scores, targets).item() < 0.01


def test_a_span_counts_positions_from_the_first_word() -> None:
    readout = Span("each")
    targets = readout.targets([Example(([7, 8, 9], [6]), (1, 2))], 7)
    assert targets.tolist() == [[2, 3]]
    scores = torch.zeros(1, 7, 2)
    scores[0, 2, 0] = scores[0, 3, 1] = 5.0
    assert readout.right(scores, targets).tolist() == [True]


def test_a_span_does_not_end_before_it_begins() -> None:
    """The best begin is behind the best end: the best pair in order is another."""
    scores = torch.zeros(1, 4, 2)
    scores[0, 3, 0], scores[0, 1, 1], scores[0, 1, 0] = 5.0, 5.0, 4.0
    assert Span("each").right(scores, torch.tensor([[1, 1]])).tolist() == [True]


def test_no_span_lies_in_the_padding() -> None:
    torch.manual_seed(0)
    for place in ("each", "last"):
        readout = Span(place)  # type: ignore[arg-type]
        model = BERT(CFG, head=readout.make_head)
        ids = batch([2, 7, 8, 9, 3], [2, 7, 3])
        scores = readout.scores(model.head, model.hidden(ids), ids, PAD)
        assert (scores[1, 3:] == -torch.inf).all()
        assert scores[1, :3].isfinite().all()


def test_the_pointer_is_asked_by_the_last_token() -> None:
    """Under GPT's mask a question after the story moves the scores of the story's positions."""
    torch.manual_seed(0)
    story_first = [batch([2, 7, 8, 9, 3, question, 3]) for question in (10, 11)]
    for place, moved in (("last", True), ("each", False)):
        readout = Span(place)  # type: ignore[arg-type]
        model = GPT(CFG, head=readout.make_head)
        a, b = (readout.scores(model.head, model.hidden(x), x, PAD)[:, :5] for x in story_first)
        assert torch.equal(a, b) != moved


def test_a_text_that_is_all_padding_is_refused() -> None:
    readout = TextLabel(2, "last")
    gpt = GPT(CFG, head=readout.make_head)
    ids = torch.tensor([[2, 7, 3], [PAD, PAD, PAD]])
    with pytest.raises(ValueError, match="text 1 is all padding and has no last token"):
        readout.scores(gpt.head, gpt.hidden(ids), ids, PAD)
    with pytest.raises(ValueError, match="text 1, position 0 may read nothing"):
        BERT(CFG, head=TextLabel(2, "first").make_head).hidden(ids)
