"""The ladder: embeddings, attention, block, stack, each head, against `transformers` to 1e-5.

`pytest -s` prints both tables; so does `python tests/parity/table.py`.
"""

import pytest
import torch
from ladder import (
    ATOL,
    PAD,
    D,
    F,
    H,
    L,
    P,
    T,
    V,
    differences,
    hf_bert,
    hf_gpt2,
    inputs,
    our_bert,
    our_gpt2,
)
from sharpness import shifts

from bertgpt.config import TransformerConfig, bert_base, gpt2_small
from bertgpt.heads import last_token
from bertgpt.weights.published import GELU

BERT_RUNGS = (
    "embeddings",
    "attention weights",
    "attention",
    "block",
    "stack",
    "head: masked token",
    "head: next sentence",
    "head: sequence",
    "head: token",
    "heads: pre-training, token",
    "heads: pre-training, pair",
    "head: span",
    "head: multiple choice",
)
GPT2_RUNGS = (
    "embeddings",
    "attention weights",
    "attention",
    "block",
    "stack",
    "head: language model",
    "head: sequence (last token)",
    "head: token",
    "head: span",
    "head: multiple choice",
)
RUNGS = [("BERT", name) for name in BERT_RUNGS] + [("GPT-2", name) for name in GPT2_RUNGS]


@pytest.mark.parametrize(("kind", "rung"), RUNGS)
def test_a_rung_gives_the_same_numbers(kind: str, rung: str) -> None:
    difference, largest = differences(kind)[rung]
    print(f"{kind:6s} {rung:30s} {difference:.1e} of {largest:.1f}")
    assert difference <= ATOL
    assert largest > 0.1  # there were numbers to get wrong


def test_no_rung_is_left_out() -> None:
    assert tuple(differences("BERT")) == BERT_RUNGS
    assert tuple(differences("GPT-2")) == GPT2_RUNGS


@pytest.mark.parametrize("kind", ["BERT", "GPT-2"])
def test_the_tolerance_would_notice_each_wrong_variant(kind: str) -> None:
    for name, shift in shifts(kind).items():
        print(f"{kind:6s} {name:42s} {shift:.1e}")
    wrong = {name: shift for name, shift in shifts(kind).items() if not name.startswith("right")}
    assert len(wrong) >= 20
    assert {name for name, shift in wrong.items() if not shift > 2 * ATOL} == set()
    assert all(s <= ATOL for name, s in shifts(kind).items() if name.startswith("right"))


def test_configs_are_read_as_they_are() -> None:
    sizes = {"vocab_size": V, "max_positions": P, "width": D, "n_layers": L, "n_heads": H}
    sizes |= {"ff_width": F, "dropout": 0.1}
    assert our_bert("ForMaskedLM").stack.cfg == TransformerConfig(
        **sizes, n_segments=2, norm="post", gelu="exact", norm_eps=1e-12
    )
    assert our_gpt2("LMHeadModel").stack.cfg == TransformerConfig(
        **sizes, norm="pre", gelu="tanh", norm_eps=1e-5
    )


def test_presets_are_the_published_sizes() -> None:
    """`transformers`' own defaults are BERT_BASE and the smallest GPT-2.

    Its configs do not say where the norm is; the ladder compares that.
    """
    import transformers as hf

    bert, gpt = hf.BertConfig(), hf.GPT2Config()
    ours = bert_base()
    assert (ours.vocab_size, ours.max_positions, ours.width, ours.n_layers, ours.n_heads) == (
        bert.vocab_size, bert.max_position_embeddings, bert.hidden_size, bert.num_hidden_layers,
        bert.num_attention_heads,
    )  # fmt: skip
    assert (ours.ff_width, ours.n_segments) == (bert.intermediate_size, bert.type_vocab_size)
    assert (ours.norm_eps, ours.dropout) == (bert.layer_norm_eps, bert.hidden_dropout_prob)
    assert (ours.norm, ours.gelu) == ("post", GELU[bert.hidden_act])
    assert ours.init_std == bert.initializer_range
    ours = gpt2_small()
    assert (ours.vocab_size, ours.max_positions, ours.width, ours.n_layers, ours.n_heads) == (
        gpt.vocab_size, gpt.n_positions, gpt.n_embd, gpt.n_layer, gpt.n_head,
    )  # fmt: skip
    assert (ours.norm_eps, ours.dropout) == (gpt.layer_norm_epsilon, gpt.resid_pdrop)
    assert (ours.norm, ours.gelu) == ("pre", GELU[gpt.activation_function])
    assert ours.init_std == gpt.initializer_range
    assert TransformerConfig(vocab_size=V, max_positions=P).norm_eps == gpt.layer_norm_epsilon


@torch.inference_mode()
def test_asking_for_the_weights_changes_no_number() -> None:
    """The fused kernel and the formula agree, with padding and without."""
    ids, segments = inputs()
    for model, given in (
        (our_bert("ForMaskedLM"), (ids, segments)),
        (our_gpt2("LMHeadModel"), (ids,)),
    ):
        records: list = []
        fused = model.hidden(*given)
        explicit = model.hidden(*given, records=records)
        torch.testing.assert_close(fused, explicit, rtol=0, atol=ATOL)
        assert [tuple(record.weights.shape) for record in records] == [(len(ids), H, T, T)] * L


@torch.inference_mode()
def test_padding_changes_no_real_token() -> None:
    """A text alone and the same text padded in a batch: the same numbers, in `transformers` too."""
    ids, segments = inputs()
    model, theirs = our_bert("ForMaskedLM"), hf_bert("ForMaskedLM")
    alone = model(ids[1:2, :5], segments[1:2, :5])
    torch.testing.assert_close(model(ids, segments)[1:2, :5], alone, rtol=0, atol=ATOL)
    want = theirs(ids[1:2, :5], token_type_ids=segments[1:2, :5]).logits
    torch.testing.assert_close(alone, want, rtol=0, atol=ATOL)
    assert (ids[1, 5:] == PAD).all()


PADDED = {
    "left": [[0, 0, 0, 7, 8, 9, 10], [0, 11, 12, 13, 14, 15, 16], [17, 18, 19, 20, 21, 22, 23]],
    "right": [[7, 8, 9, 10, 0, 0, 0], [11, 12, 13, 14, 15, 16, 0], [17, 18, 19, 20, 21, 22, 23]],
    "both": [[0, 0, 7, 8, 9, 10, 0], [0, 11, 12, 13, 14, 15, 0], [17, 18, 19, 20, 21, 22, 23]],
    "inside": [[7, 0, 0, 8, 9, 10, 0], [0, 11, 12, 0, 14, 15, 16], [17, 18, 19, 20, 0, 22, 23]],
}


@pytest.mark.parametrize("where", PADDED)
@torch.inference_mode()
def test_gpt_reads_a_padded_text_as_the_text_alone(where: str) -> None:
    """`transformers` does so with attention_mask and the position_ids of its own `generate`."""
    theirs, ours = hf_gpt2("LMHeadModel"), our_gpt2("LMHeadModel")
    ids = torch.tensor(PADDED[where])
    real = ids != PAD
    position_ids = (real.long().cumsum(-1) - 1).masked_fill(~real, 1)
    want = theirs(ids, attention_mask=real.long(), position_ids=position_ids).logits
    found = ours(ids)
    torch.testing.assert_close(found[real], want[real], rtol=0, atol=ATOL)
    assert found.isfinite().all()
    records: list = []
    torch.testing.assert_close(ours.hidden(ids, records=records)[real], ours.hidden(ids)[real])
    losses = []
    for row, keep in zip(ids, real, strict=True):
        text = row[keep][None]
        torch.testing.assert_close(found[len(losses)][keep], ours(text)[0], rtol=0, atol=ATOL)
        losses.append(theirs(text, labels=text).loss * (text.shape[1] - 1))
    if where != "inside":  # there the loss leaves out the tokens on both sides of a gap
        n_targets = real.sum() - len(ids)
        torch.testing.assert_close(ours.loss(ids), sum(losses) / n_targets, rtol=0, atol=ATOL)


@torch.inference_mode()
def test_a_head_reads_the_last_token_wherever_padding_is() -> None:
    theirs, ours = hf_gpt2("ForSequenceClassification"), our_gpt2("ForSequenceClassification")
    for rows in (PADDED["left"], PADDED["right"]):
        ids = torch.tensor(rows)
        real = ids != PAD
        position_ids = (real.long().cumsum(-1) - 1).masked_fill(~real, 1)
        want = theirs(ids, attention_mask=real.long(), position_ids=position_ids).logits
        torch.testing.assert_close(last_token(ours(ids), ids, PAD), want, rtol=0, atol=ATOL)


@pytest.mark.parametrize("where", PADDED)
@torch.inference_mode()
def test_bert_reads_padding_anywhere_as_transformers_does(where: str) -> None:
    """By columns: padding in front of a text moves it to later positions, there as here."""
    theirs, ours = hf_bert("ForMaskedLM"), our_bert("ForMaskedLM")
    ids = torch.tensor(PADDED[where])
    want = theirs(ids, attention_mask=(ids != PAD).long()).logits
    torch.testing.assert_close(ours(ids), want, rtol=0, atol=ATOL)


@torch.inference_mode()
def test_a_text_that_is_all_padding() -> None:
    """GPT gives numbers that nobody uses, as the loss of the others; BERT refuses it."""
    ids = torch.tensor([[7, 8, 9], [0, 0, 0]])
    model = our_gpt2("LMHeadModel")
    assert model(ids).isfinite().all()
    torch.testing.assert_close(model.loss(ids), model.loss(ids[:1]))
    with pytest.raises(ValueError, match="text 1, position 0 may read nothing"):
        our_bert("ForMaskedLM")(ids)
