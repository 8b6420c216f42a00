"""Fine-tuning: what learns and what stays, which weights are kept, and every wrong input."""

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from bertgpt.bert import BERT
from bertgpt.config import TransformerConfig
from bertgpt.gpt import GPT
from bertgpt.heads import SpanHead
from bertgpt.objectives import IGNORE
from bertgpt.training import finetune as tuning
from bertgpt.training.finetune import Prepared, evaluate, finetune, prepare, with_head
from bertgpt.training.readouts import Example, Readout, Span, TextLabel, WordLabels
from bertgpt.training.train import TrainConfig

CFG = TransformerConfig(vocab_size=20, max_positions=12, width=16, n_layers=1, n_heads=2)
LAST, FIRST = TextLabel(2, "last"), TextLabel(2, "first")


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def labelled(n: int, seed: int = 0) -> list[Example]:
    """Three words each; the label is whether the second of them is an even id."""
    words = torch.randint(5, 20, (n, 3), generator=seeded(seed)).tolist()
    return [Example((text,), (text[1] % 2,)) for text in words]


def start(kind: type[BERT] | type[GPT] = GPT) -> BERT | GPT:
    torch.manual_seed(3)
    return kind(CFG)


def run(
    model: BERT | GPT,
    readout: Readout,
    examples: Sequence[Example],
    steps: int = 60,
    frozen: bool = False,
    rate: float = 1e-2,
    lm_weight: float = 0.0,
) -> tuple[tuning.Outcome, Prepared]:
    texts = prepare(model, readout, examples, frozen=frozen)
    cfg = TrainConfig(steps=steps, learning_rate=rate)
    outcome = finetune(
        model, readout, texts, texts, cfg, generator=seeded(1), looks=3, lm_weight=lm_weight
    )
    return outcome, texts


@pytest.mark.parametrize(
    ("kind", "unmask", "readout"), [(BERT, False, FIRST), (GPT, False, LAST), (GPT, True, LAST)]
)
def test_a_label_is_learned_and_holds_for_other_texts(
    kind: type[BERT] | type[GPT], unmask: bool, readout: Readout
) -> None:
    model = with_head(start(kind), readout, unmask=unmask)
    before = evaluate(model, readout, prepare(model, readout, labelled(200, 9)))
    run(model, readout, labelled(300), steps=80)
    after = evaluate(model, readout, prepare(model, readout, labelled(200, 9)))
    assert before.accuracy < 0.7
    assert after.accuracy > 0.9


def test_a_span_and_a_words_label_are_learned() -> None:
    """The answer is the word 7, wherever it stands; asked for by the second text, which is 6."""
    orders = [torch.randperm(4, generator=seeded(i)).tolist() for i in range(60)]
    texts = [[(7, 8, 9, 10)[i] for i in order] for order in orders]
    spans = [Example((text, [6]), (text.index(7),) * 2) for text in texts]
    for readout in (Span("each"), Span("last")):
        model = with_head(start(), readout)
        run(model, readout, spans, steps=80)
        assert evaluate(model, readout, prepare(model, readout, spans)).accuracy > 0.9
    tags = [Example((t,), tuple(int(t[0] == 8) if w == 7 else IGNORE for w in t)) for t in texts]
    model = with_head(start(), words := WordLabels(2))
    run(model, words, tags, steps=80)
    assert evaluate(model, words, prepare(model, words, tags)).accuracy > 0.9


def test_the_mask_comes_off_and_nothing_else_changes() -> None:
    gpt = start()
    on, off = with_head(gpt, LAST), with_head(gpt, LAST, unmask=True)
    assert (type(on), type(off)) == (GPT, BERT)
    for (name, a), b in zip(on.stack.named_parameters(), off.stack.parameters(), strict=True):
        assert torch.equal(a, b), name
        assert a.data_ptr() != b.data_ptr()
    ids, changed = torch.tensor([[2, 7, 8, 3]]), torch.tensor([[2, 7, 9, 3]])
    felt = [not torch.equal(m.hidden(ids)[0, 1], m.hidden(changed)[0, 1]) for m in (on, off)]
    assert felt == [False, True]


def test_the_model_that_it_starts_from_stays_as_it_is() -> None:
    gpt = start()
    before = [p.clone() for p in gpt.parameters()]
    run(with_head(gpt, LAST), LAST, labelled(40))
    assert all(torch.equal(a, b) for a, b in zip(before, gpt.parameters(), strict=True))


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_means_that_the_head_alone_learns(frozen: bool) -> None:
    model = with_head(start(), LAST)
    stack = [p.clone() for p in model.stack.parameters()]
    head = [p.clone() for p in model.head.parameters()]
    outcome, _ = run(model, LAST, labelled(40), frozen=frozen)
    assert outcome.chosen > 0
    same = [torch.equal(a, b) for a, b in zip(stack, model.stack.parameters(), strict=True)]
    assert all(same) if frozen else not any(same[1:3])
    assert not any(torch.equal(a, b) for a, b in zip(head, model.head.parameters(), strict=True))


def test_states_that_are_kept_are_those_that_the_stack_computes() -> None:
    model = with_head(start(BERT), FIRST)
    examples = [Example((list(range(5, 6 + i)),), (0,)) for i in range(6)]  # of six lengths
    kept, computed = (prepare(model, FIRST, examples, frozen=f) for f in (True, False))
    assert evaluate(model, FIRST, kept).loss == pytest.approx(
        evaluate(model, FIRST, computed).loss, abs=1e-6
    )


def test_the_weights_with_the_lowest_development_loss_are_kept() -> None:
    """The development labels are wrong on purpose, so that each update makes it worse."""
    model = with_head(start(), LAST)
    texts = prepare(model, LAST, labelled(40))
    wrong = [Example(e.parts, (1 - e.answer[0],)) for e in labelled(40)]
    development = prepare(model, LAST, wrong)
    before = [p.clone() for p in model.parameters()]
    cfg = TrainConfig(steps=30, learning_rate=1e-2)
    outcome = finetune(model, LAST, texts, development, cfg, generator=seeded(), looks=3)
    assert list(outcome.development) == [0, 10, 20, 30]
    assert outcome.chosen == 0
    assert outcome.loss == outcome.development[0] < outcome.development[30]
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


def test_the_same_generator_learns_the_same() -> None:
    losses = []
    for seed in (1, 1, 2):
        torch.manual_seed(0)
        model = with_head(start(), LAST)
        texts = prepare(model, LAST, labelled(40))
        cfg = TrainConfig(steps=5, learning_rate=1e-2)
        outcome = finetune(
            model, LAST, texts, texts, cfg, generator=seeded(seed), batch_size=4, looks=1
        )
        losses.append(outcome.development[5])
    assert losses[0] == losses[1] != losses[2]


def test_the_language_models_loss_is_added_with_its_weight() -> None:
    """Words that follow a fixed order: with the loss added, the stack goes on to predict them."""
    examples = [Example(([5 + i, 6 + i, 7 + i],), (i % 2,)) for i in range(8)]
    nats = []
    for weight in (0.0, 2.0):
        model = with_head(start(), LAST)
        run(model, LAST, examples, steps=60, lm_weight=weight)
        ids = torch.tensor([[2, *e.parts[0], 3] for e in examples])
        with torch.no_grad():
            nats.append(tuning.next_token_loss(model, model.hidden(ids), ids).item())
    assert nats[1] < nats[0] / 2
    gpt = start()
    ids = torch.tensor([[2, 5, 6, 3, 0]])
    ours = tuning.next_token_loss(gpt, gpt.hidden(ids), ids)
    torch.testing.assert_close(ours, gpt.loss(ids), rtol=0, atol=1e-6)


def test_each_text_comes_once_before_any_comes_again() -> None:
    ids = [torch.zeros(n) for n in (3, 9, 4, 3, 8, 5, 3)]
    rows = tuning.rows_by_length(ids, 3, seeded())
    first = [next(rows) for _ in range(3)]
    assert sorted(i for row in first for i in row) == list(range(7))
    assert sorted(map(len, first)) == [1, 3, 3]
    lengths = sorted(sorted(len(ids[i]) for i in row) for row in first)
    assert lengths == [[3, 3, 3], [4, 5, 8], [9]]
    with pytest.raises(ValueError, match="batch_size=0 must be at least 1"):
        next(tuning.rows_by_length(ids, 0, seeded()))


def test_a_part_of_the_labels() -> None:
    model = with_head(start(), LAST)
    texts = prepare(model, LAST, labelled(9), frozen=True)
    few = texts.first(4)
    assert (len(few), few.examples, len(few.states or ())) == (4, texts.examples[:4], 4)
    for n in (10, 0):
        message = f"{n} labelled texts were asked for, and there are 9; ask for 1 to 9, or label"
        with pytest.raises(ValueError, match=message):
            texts.first(n)


@pytest.mark.parametrize(
    ("readout", "example", "message"),
    [
        (LAST, Example(([5, 6],), (2,)), "example 1 has the label 2, where 0 to 1 are allowed"),
        (LAST, Example(([5, 6],), (-1,)), "example 1 has the label -1, where 0 to 1 are allowed"),
        (LAST, Example(([5, 6],), (0, 1)), "example 1 has 2 labels, where a text has one"),
        (LAST, Example(([],), (0,)), "example 1 has an empty text; leave it out"),
        (LAST, Example(([5], []), (0,)), "example 1 has an empty text; leave it out"),
        (LAST, Example((), (0,)), "example 1 has an empty text; leave it out"),
        (
            LAST,
            Example(([5] * 11,), (0,)),
            r"example 1 has 13 tokens with its special tokens, this model reads at most 12 "
            r"\(max_positions\); shorten it",
        ),
        (LAST, Example(([5] * 5, [6] * 5), (0,)), "example 1 has 13 tokens"),
        (WordLabels(2), Example(([5, 6],), (0,)), "example 1 has 1 labels for 2 words"),
        (WordLabels(2), Example(([5],), (7,)), "example 1 has the label 7, where 0 to 1"),
        (WordLabels(2), Example(([5],), (IGNORE,)), "example 1 has no word with a label"),
        (Span("each"), Example(([5, 6], [7]), (1, 0)), r"has the span \(1, 0\), where its first"),
        (Span("each"), Example(([5, 6], [7]), (0, 2)), "first text has positions 0 to 1"),
        (Span("each"), Example(([5, 6], [7]), (0,)), r"example 1 has the span \(0,\)"),
    ],
)
def test_an_example_that_cannot_be_is_refused(
    readout: Readout, example: Example, message: str
) -> None:
    good = {
        TextLabel: Example(([5],), (0,)),
        WordLabels: Example(([5],), (0,)),
        Span: Example(([5], [6]), (0, 0)),
    }[type(readout)]
    model = with_head(start(), readout)
    prepare(model, readout, [good])
    with pytest.raises(ValueError, match=message):
        prepare(model, readout, [good, example])


def test_no_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="no labelled texts were given; give at least one"):
        prepare(with_head(start(), LAST), LAST, [])


def test_a_head_for_another_task_is_refused_and_no_draw_is_used_up() -> None:
    model = BERT(CFG, head=SpanHead)
    with pytest.raises(ValueError, match=r"TextLabel.* is read by a SequenceHead of its size, and"):
        prepare(model, FIRST, labelled(2))
    three = with_head(start(BERT), TextLabel(3, "first"))
    with pytest.raises(ValueError, match=r"this model has a SequenceHead; make the model with"):
        prepare(three, FIRST, labelled(2))
    right = with_head(start(BERT), FIRST)
    state = torch.get_rng_state()
    prepare(right, FIRST, labelled(2))
    assert torch.equal(state, torch.get_rng_state())


def test_settings_that_cannot_be_are_refused() -> None:
    model = with_head(start(), LAST)
    texts, frozen = (prepare(model, LAST, labelled(4), frozen=f) for f in (False, True))
    cfg = TrainConfig(steps=4)
    with pytest.raises(ValueError, match="looks=5 must be at least 1 and at most steps=4"):
        finetune(model, LAST, texts, texts, cfg, generator=seeded(), looks=5)
    with pytest.raises(ValueError, match="one part was prepared with frozen=True and the other"):
        finetune(model, LAST, frozen, texts, cfg, generator=seeded(), looks=1)
    for learner, part, weight in (
        (model, texts, -0.5),
        (model, frozen, 0.5),
        (with_head(start(), LAST, unmask=True), texts, 0.5),
    ):
        with pytest.raises(ValueError, match=f"lm_weight={weight:g} must be 0, or above 0 for"):
            finetune(learner, LAST, part, part, cfg, generator=seeded(), looks=1, lm_weight=weight)


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    model = with_head(start(), LAST)
    assert isinstance(model.head, nn.Module)
    texts = prepare(model, LAST, labelled(4))
    with torch.no_grad():
        next(model.head.parameters()).fill_(torch.nan)
    cfg = TrainConfig(steps=4)
    with pytest.raises(ValueError, match="step 1: loss=nan"):
        finetune(model, LAST, texts, texts, cfg, generator=seeded(), looks=1)
