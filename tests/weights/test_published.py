"""Published BERT and GPT-2: each field and tensor of a folder is obeyed, or refused by name."""

import json
import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf
from folders import WEIGHTS, D, L, P, V, configure, edit, published
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers.activations import ACT2FN

from bertgpt import heads
from bertgpt.config import BERT_SPECIAL_IDS, SpecialIds
from bertgpt.heads import (
    LanguageModelHead,
    MaskedTokenHead,
    NextSentenceHead,
    Pooler,
    PretrainingHead,
    SequenceHead,
    SpanHead,
    TokenHead,
)
from bertgpt.objectives import mask_tokens
from bertgpt.tokens.bpe import BPE
from bertgpt.tokens.wordpiece import WordPiece
from bertgpt.weights import hf_names
from bertgpt.weights.published import GELU, load_bert, load_gpt2

IDS = torch.tensor([[5, 9, 17, 33]])
ATOL = 1e-5


def close(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=ATOL)
    assert theirs.abs().max() > 0.01


def test_a_model_in_parts_is_the_same(gpt2: Path, tmp_path: Path) -> None:
    theirs = hf.GPT2LMHeadModel.from_pretrained(gpt2)
    theirs.save_pretrained(tmp_path / "parts", max_shard_size="20KB")
    assert not (tmp_path / "parts" / WEIGHTS).exists()
    whole, parts = load_gpt2(gpt2), load_gpt2(tmp_path / "parts")
    assert all(a.equal(b) for a, b in zip(whole.parameters(), parts.parameters(), strict=True))


def test_tensors_that_do_not_fit_are_named(bert: Path, gpt2: Path) -> None:
    gone = "bert.encoder.layer.1.output.dense.bias"
    edit(bert, lambda t: t.pop(gone))
    with pytest.raises(ValueError, match=r"missing: bert\.encoder\.layer\.1\.output\.dense\.bias"):
        load_bert(bert)
    edit(bert, lambda t: t.update({gone: torch.zeros(D), "bert.encoder.layer.2.odd": IDS.float()}))
    with pytest.raises(ValueError, match=r"unknown: bert\.encoder\.layer\.2\.odd"):
        load_bert(bert)
    edit(gpt2, lambda t: t.update({"transformer.wpe.weight": torch.zeros(P + 1, D)}))
    with pytest.raises(ValueError, match=r"misshapen: transformer\.wpe\.weight is \(12, 24\)"):
        load_gpt2(gpt2)


def test_a_tensor_whose_name_only_begins_like_a_buffers(gpt2: Path) -> None:
    edit(gpt2, lambda t: t.update({"transformer.h.0.attn.bias_k": torch.zeros(D)}))
    with pytest.raises(ValueError, match=r"unknown: transformer\.h\.0\.attn\.bias_k"):
        load_gpt2(gpt2)


def test_another_architecture_is_refused(bert: Path, gpt2: Path) -> None:
    with pytest.raises(ValueError, match="type 'gpt2', expected 'bert'; load_bert reads 'bert'"):
        load_bert(gpt2)
    with pytest.raises(ValueError, match="type 'bert', expected 'gpt2'"):
        load_gpt2(bert)


def test_a_head_without_weights_is_not_made_up(bert: Path) -> None:
    with pytest.raises(ValueError, match=r"has no weights for SpanHead \(qa_outputs.*new_head"):
        load_bert(bert, SpanHead)
    fresh = load_bert(bert, SpanHead, new_head=True)
    assert fresh.stack.tokens.weight.equal(load_bert(bert).stack.tokens.weight)


def test_a_stack_saved_without_a_head_has_no_prefix(tmp_path: Path) -> None:
    bare, whole = (published(k, tmp_path / k) for k in ("GPT2Model", "GPT2LMHeadModel"))
    assert "wte.weight" in load_file(bare / "model.safetensors")
    assert not load_gpt2(bare).training
    assert load_gpt2(bare)(IDS).shape == load_gpt2(whole)(IDS).shape == (1, 4, V)
    bare = published("BertModel", tmp_path / "bert")
    table = load_file(bare / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert torch.equal(load_bert(bare, new_head=True).stack.tokens.weight, table)


def test_names_of_2018(bert: Path) -> None:
    """The published BERT calls a norm's weights gamma and beta."""

    def old(tensors: dict[str, Tensor]) -> None:
        for name in [n for n in tensors if "LayerNorm" in n]:
            new = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            tensors[new.replace("LayerNorm.bias", "LayerNorm.beta")] = tensors.pop(name)

    want = load_bert(bert)(IDS)
    edit(bert, old)
    assert "bert.embeddings.LayerNorm.gamma" in load_file(bert / "model.safetensors")
    assert torch.equal(load_bert(bert)(IDS), want)


def test_buffers_and_second_copies_are_no_weights(bert: Path, gpt2: Path) -> None:
    want = load_bert(bert)(IDS), load_gpt2(gpt2)(IDS)
    edit(bert, lambda t: t.update({"bert.embeddings.position_ids": torch.arange(P)[None]}))
    edit(bert, lambda t: t.update({"bert.embeddings.token_type_ids": torch.zeros(1, P).long()}))
    table = "bert.embeddings.word_embeddings.weight"
    edit(bert, lambda t: t.update({"cls.predictions.decoder.weight": t[table]}))
    edit(bert, lambda t: t.update({"cls.predictions.decoder.bias": t["cls.predictions.bias"]}))
    for block in range(L):
        name = f"transformer.h.{block}.attn."
        edit(gpt2, lambda t, n=name: t.update({n + "bias": torch.ones(1, 1, P, P)}))
        edit(gpt2, lambda t, n=name: t.update({n + "masked_bias": torch.tensor(-1e4)}))
    edit(gpt2, lambda t: t.update({"lm_head.weight": t["transformer.wte.weight"]}))
    assert torch.equal(load_bert(bert)(IDS), want[0])
    assert torch.equal(load_gpt2(gpt2)(IDS), want[1])
    edit(gpt2, lambda t: t.update({"lm_head.weight": t["lm_head.weight"] + 1}))
    with pytest.raises(ValueError, match=r"lm_head\.weight differs from transformer\.wte\.weight"):
        load_gpt2(gpt2)


def test_half_precision_becomes_single_and_integers_are_refused(bert: Path) -> None:
    edit(bert, lambda t: t.update({n: x.half() for n, x in t.items()}))
    assert {p.dtype for p in load_bert(bert).parameters()} == {torch.float32}
    query = "bert.encoder.layer.1.attention.self.query.weight"
    edit(bert, lambda t: t.update({query: torch.zeros(D, D, dtype=torch.int8)}))
    with pytest.raises(ValueError, match=r"query\.weight is \(24, 24\) of torch\.int8, not"):
        load_bert(bert)


@pytest.mark.parametrize("head", [MaskedTokenHead, NextSentenceHead, PretrainingHead])
def test_a_pretrained_bert_has_three_heads(bert: Path, head: type[nn.Module]) -> None:
    assert type(load_bert(bert, head).head) is head


def test_a_new_head_keeps_what_was_pretrained(bert: Path, gpt2: Path) -> None:
    """To fine-tune: the pooler comes from the checkpoint, the labels are fresh."""
    pooler = load_file(bert / "model.safetensors")["bert.pooler.dense.weight"]
    model = load_bert(bert, partial(SequenceHead, n_labels=2), new_head=True)
    assert torch.equal(model.head.pooler.dense.weight, pooler)
    assert 0.01 < model.head.labels.weight.std() < 0.03
    with pytest.raises(ValueError, match=r"no weights for TokenHead \(classifier\.weight"):
        load_gpt2(gpt2, partial(TokenHead, n_labels=2))


def test_a_third_of_gpt2s_attention_that_does_not_fit(gpt2: Path) -> None:
    bias = "transformer.h.0.attn.c_attn.bias"
    edit(gpt2, lambda t: t.pop(bias))
    want = r"missing: transformer\.h\.0\.attn\.c_attn\.query\.bias, .*key\.bias, .*value\.bias"
    with pytest.raises(ValueError, match=want):
        load_gpt2(gpt2)
    edit(gpt2, lambda t: t.update({bias: torch.zeros(3 * D - 1)}))
    with pytest.raises(ValueError, match=r"misshapen: .*c_attn\.value\.bias is \(23,\)"):
        load_gpt2(gpt2)


def test_a_config_that_says_bert_over_other_tensors(bert: Path, gpt2: Path) -> None:
    shutil.copy(gpt2 / "model.safetensors", bert / "model.safetensors")
    with pytest.raises(ValueError, match="no weights for MaskedTokenHead"):
        load_bert(bert)
    with pytest.raises(ValueError, match=r"missing: bert\.embeddings.*unknown: transformer\.h\.0"):
        load_bert(bert, new_head=True)
    with pytest.raises(ValueError, match=r"type 'roberta', .* nothing reads others"):
        load_bert(configure(bert, model_type="roberta"))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("position_embedding_type", "relative_key", "made with position_embedding_type='relative"),
        ("is_decoder", True, "made with is_decoder=True, which our stack"),  # its mask is causal
        (
            "hidden_size",
            None,
            r"json is missing 'hidden_size' or has an invalid one \(None",
        ),
        (
            "hidden_size",
            "wide",
            r"'hidden_size' or has an invalid one \('wide'\); download",
        ),
        ("num_hidden_layers", True, r"'num_hidden_layers' or has an invalid one \(True\)"),
        ("hidden_size", 30, r"bert/config\.json: width=30 does not divide into n_heads=4"),
        ("num_attention_heads", 5, r"bert/config\.json: width=24 does not divide into n_heads=5"),
        ("hidden_dropout_prob", "0.1", r"'hidden_dropout_prob' or has an invalid one \('0.1'\)"),
        ("classifier_dropout", [0.1], r"'classifier_dropout' or has an invalid one \(\[0.1\]\)"),
        ("hidden_act", ["gelu"], r"made with hidden_act=\['gelu'\], which our stack cannot do"),
        ("hidden_act", {"a": 1}, r"made with hidden_act=\{'a': 1\}, which our stack cannot do"),
    ],
)
def test_configs_of_bert_that_cannot_be(bert: Path, key: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_bert(configure(bert, **{key: value}))


@pytest.mark.parametrize(
    ("key", "value"), [("scale_attn_weights", False), ("scale_attn_by_inverse_layer_idx", True)]
)
def test_configs_of_gpt2_that_cannot_be(gpt2: Path, key: str, value: bool) -> None:
    with pytest.raises(ValueError, match=f"made with {key}={value}, which our stack cannot do"):
        load_gpt2(configure(gpt2, **{key: value}))
    with pytest.raises(ValueError, match="is missing 'n_embd' or has an invalid"):
        load_gpt2(configure(gpt2, **{key: not value, "n_embd": None}))


@torch.inference_mode()
@pytest.mark.parametrize("head", [LanguageModelHead, nn.Identity], ids=["usual", "none"])
@pytest.mark.parametrize(
    "kind",
    [
        "GPT2Model", "GPT2LMHeadModel", "GPT2ForSequenceClassification",
        "GPT2ForTokenClassification", "GPT2DoubleHeadsModel", "GPT2ForQuestionAnswering",
    ],
)  # fmt: skip
def test_heads_that_were_not_asked_for_are_left_alone_gpt2(
    kind: str, head: type[nn.Module], tmp_path: Path
) -> None:
    folder = published(kind, tmp_path / kind, {"num_labels": 1, "pad_token_id": 0})
    theirs = hf.GPT2Model.from_pretrained(folder).eval()
    ours = load_gpt2(folder, (lambda stack: nn.Identity()) if head is nn.Identity else head)
    close(ours.hidden(IDS), theirs(IDS).last_hidden_state)


@torch.inference_mode()
@pytest.mark.parametrize(
    "kind",
    [
        "BertModel", "BertForPreTraining", "BertForMaskedLM", "BertForNextSentencePrediction",
        "BertForSequenceClassification", "BertForTokenClassification", "BertForQuestionAnswering",
        "BertForMultipleChoice",
    ],
)  # fmt: skip
def test_heads_that_were_not_asked_for_are_left_alone_bert(kind: str, tmp_path: Path) -> None:
    folder = published(kind, tmp_path / kind)
    theirs = hf.BertModel.from_pretrained(folder).eval()
    ours = load_bert(folder, lambda stack: nn.Identity())
    close(ours.hidden(IDS), theirs(IDS).last_hidden_state)


def test_an_output_matrix_of_its_own(tmp_path: Path) -> None:
    """Refused by a head that reads with the token table, left alone by others."""
    untied = {"tie_word_embeddings": False}
    bert = published("BertForMaskedLM", tmp_path / "bert", untied)
    gpt2 = published("GPT2LMHeadModel", tmp_path / "gpt2", untied)
    with pytest.raises(ValueError, match=r"predictions\.decoder\.weight differs from bert\.emb"):
        load_bert(bert)
    with pytest.raises(ValueError, match=r"lm_head\.weight differs from transformer\.wte\.weight"):
        load_gpt2(gpt2)
    load_bert(bert, SpanHead, new_head=True)
    load_gpt2(gpt2, SpanHead, new_head=True)


def test_a_bias_that_is_there_under_its_other_name(bert: Path) -> None:
    want = load_bert(bert)(IDS)
    names = "cls.predictions.bias", "cls.predictions.decoder.bias"
    edit(bert, lambda t: t.update({names[1]: t.pop(names[0])}))
    assert load_bert(bert)(IDS).equal(want)


def test_an_output_matrix_beside_a_stack_without_prefix(tmp_path: Path) -> None:
    folder = published("GPT2Model", tmp_path / "bare")
    want = load_gpt2(folder)(IDS)
    edit(folder, lambda t: t.update({"lm_head.weight": t["wte.weight"]}))
    assert load_gpt2(folder)(IDS).equal(want)
    edit(folder, lambda t: t.update({"lm_head.weight": t["wte.weight"] + 1}))
    with pytest.raises(ValueError, match=r": lm_head\.weight differs from transformer\.wte"):
        load_gpt2(folder)


@torch.inference_mode()
@pytest.mark.parametrize("new_head", [False, True])
@pytest.mark.parametrize(
    "kind", ["BertModel", "BertForPreTraining", "BertForSequenceClassification"]
)
def test_the_trained_pooler_is_found(kind: str, new_head: bool, tmp_path: Path) -> None:
    """Also where a missing one would be made up."""
    folder = published(kind, tmp_path / kind)
    theirs = hf.BertModel.from_pretrained(folder).eval()
    ours = load_bert(folder, Pooler, new_head=new_head)
    close(ours(IDS), theirs(IDS).pooler_output)


class Twice(nn.Module):
    """A head of somebody else, with one of ours inside."""

    def __init__(self, stack: nn.Module) -> None:
        super().__init__()
        self.summary = Pooler(stack)
        self.double = nn.Linear(D, 2 * D)

    def forward(self, h: Tensor) -> Tensor:
        return self.double(self.summary(h))


def test_a_head_of_ones_own(bert: Path) -> None:
    with pytest.raises(ValueError, match=r"no weights for Twice \(head\.double\.weight"):
        load_bert(bert, Twice)
    ours = load_bert(bert, Twice, new_head=True)
    want = load_file(bert / WEIGHTS)["bert.pooler.dense.weight"]
    assert ours.head.summary.dense.weight.equal(want)


def test_names_belong_to_the_class_and_not_to_its_name(bert: Path) -> None:
    class Renamed(MaskedTokenHead):
        pass

    assert load_bert(bert, Renamed)(IDS).equal(load_bert(bert)(IDS))
    every = [kind for kind in vars(heads).values() if isinstance(kind, type)]
    every = [k for k in every if issubclass(k, nn.Module) and k.__module__ == heads.__name__]
    whole = {"MultipleChoiceHead", "PretrainingHead", "LanguageModelHead"}  # made of the others
    assert {k.__name__ for k in every if not hasattr(k, "hf_layers")} == whole
    assert "cls.seq_relationship" in hf_names.all_head_layers()


def test_a_pooler_where_there_is_none_is_not_made_up(tmp_path: Path) -> None:
    folder = published("BertForMaskedLM", tmp_path / "masked")
    with pytest.raises(ValueError, match=r"no weights for Pooler \(bert\.pooler\.dense\.weight"):
        load_bert(folder, Pooler)


@torch.inference_mode()
@pytest.mark.parametrize("name", GELU)
def test_activations_that_are_gelu(name: str, tmp_path: Path) -> None:
    bert = published("BertForMaskedLM", tmp_path / "bert", {"hidden_act": name})
    gpt2 = published("GPT2LMHeadModel", tmp_path / "gpt2", {"activation_function": name})
    theirs = (
        hf.BertForMaskedLM.from_pretrained(bert).eval(),
        hf.GPT2LMHeadModel.from_pretrained(gpt2),
    )
    close(load_bert(bert)(IDS), theirs[0](IDS).logits)
    close(load_gpt2(gpt2)(IDS), theirs[1].eval()(IDS).logits)


@pytest.mark.parametrize("name", sorted(set(ACT2FN) - set(GELU)))
def test_activations_that_are_not(name: str, bert: Path, gpt2: Path) -> None:
    for load, folder, key in (
        (load_bert, configure(bert, hidden_act=name), "hidden_act"),
        (load_gpt2, configure(gpt2, activation_function=name), "activation_function"),
    ):
        message = rf"made with {key}='{name}', which our stack .* one of gelu, .*gelu_new"
        with pytest.raises(ValueError, match=message):
            load(folder)


GERMAN = [
    "[PAD]",
    "[unused]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *(f"w{i}" for i in range(V - 6)),
]


def test_special_ids_are_those_of_the_vocabulary_in_the_folder(bert: Path) -> None:
    (bert / "vocab.txt").write_text("\n".join(GERMAN) + "\n")
    german = SpecialIds(pad=0, unk=2, cls=3, sep=4, mask=5)
    model = load_bert(bert)
    assert model.special == WordPiece.load(bert).special == german
    g = torch.Generator().manual_seed(0)
    seen, _ = mask_tokens(torch.full((4, 50), 60), model.special, vocab_size=V, generator=g)
    assert (seen == 5).sum() > 10
    assert load_bert(bert, special=german).special == german
    with pytest.raises(ValueError, match=r"has mask=5, and special\.mask=4 was given; leave"):
        load_bert(bert, special=german._replace(mask=4))
    theirs = hf.BertTokenizer.from_pretrained(bert)
    (bert / "vocab.txt").unlink()
    theirs.save_pretrained(bert)
    assert load_bert(bert).special == german  # from tokenizer.json
    with pytest.raises(ValueError, match=r"config\.json has pad_token_id=7, and special\.pad=0"):
        load_bert(configure(bert, pad_token_id=7))


def test_special_ids_without_a_vocabulary(bert: Path, tmp_path: Path) -> None:
    """The English ones, as far as they are tokens of the model: [MASK] is then refused, not 103."""
    small = load_bert(bert).special
    assert small == SpecialIds(pad=0, unk=-1, cls=-1, sep=-1, mask=-1)
    with pytest.raises(ValueError, match=r"special\.mask=-1 is not the id of a token .*vocabulary"):
        load_bert(bert).loss(IDS, torch.Generator())
    large = published("BertForMaskedLM", tmp_path / "large", {"vocab_size": 120})
    assert load_bert(large).special == BERT_SPECIAL_IDS
    with pytest.raises(ValueError, match=r"pad_token_id=0, and special\.pad=5 was given"):
        load_bert(bert, special=SpecialIds(pad=5))


def test_a_vocabulary_that_cannot_be_read(bert: Path) -> None:
    (bert / "vocab.txt").write_text("\n".join(GERMAN) + "\n")
    (bert / "tokenizer_config.json").write_text('{"mask_token": "<mask>"}')
    with pytest.raises(ValueError, match=r"mask_token <mask>.* or give special=SpecialIds"):
        load_bert(bert)
    special = SpecialIds(0, 2, 3, 4, 9)
    assert load_bert(bert, special=special).special == special


def test_special_ids_of_gpt2(gpt2: Path, tmp_path: Path) -> None:
    """Padding that also begins or ends a text stays -1: such a token is read, not hidden."""
    assert load_gpt2(gpt2).special == SpecialIds(pad=-1, unk=-1, cls=1, sep=2, mask=-1)
    assert load_gpt2(configure(gpt2, pad_token_id=1)).special.pad == -1
    assert load_gpt2(configure(gpt2, pad_token_id=2)).special.pad == -1
    assert load_gpt2(configure(gpt2, pad_token_id=7)).special.pad == 7
    assert load_gpt2(configure(gpt2, eos_token_id=50256)).special.sep == -1  # no token here
    given = SpecialIds(-1, -1, 3, 3, -1)
    assert load_gpt2(gpt2, special=given).special == given
    bpe = BPE.train("low low", 300)
    folder = published("GPT2LMHeadModel", tmp_path / "bpe", {"vocab_size": len(bpe)})
    bpe.save(folder)
    assert load_gpt2(folder).special == bpe.special == SpecialIds(-1, -1, 0, 0, -1)


@torch.inference_mode()
def test_the_published_end_of_text_is_not_padding(gpt2: Path) -> None:
    """GPT-2's users pad with <|endoftext|>; as a token it is read like others."""
    theirs = hf.GPT2LMHeadModel.from_pretrained(gpt2).eval()
    ids = torch.tensor([[2, 9, 17, 2, 33]])  # begins with the end of another text
    ours = load_gpt2(configure(gpt2, pad_token_id=2))
    close(ours(ids), theirs(ids).logits)
    close(ours.loss(ids), theirs(ids, labels=ids).loss)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("BertForMaskedLM", "attention_probs_dropout_prob"),
        ("BertForMaskedLM", "classifier_dropout"),
        ("GPT2LMHeadModel", "attn_pdrop"),
        ("GPT2LMHeadModel", "embd_pdrop"),
    ],
)
def test_several_rates_of_dropout(kind: str, key: str, tmp_path: Path) -> None:
    load = load_bert if kind.startswith("Bert") else load_gpt2
    folder = published(kind, tmp_path / kind, {key: 0.3})
    with pytest.raises(ValueError, match=rf"{key}=0.3.*, and our stack has one rate for all"):
        load(folder)
    model = load(folder, dropout=0.2)
    assert {m.p for m in model.modules() if isinstance(m, nn.Dropout)} == {0.2}
    assert load(configure(folder, **{key: 0.1})).stack.cfg.dropout == 0.1


def test_a_folder_is_obeyed_in_what_new_weights_are(bert: Path) -> None:
    folder = configure(bert, initializer_range=0.5)
    model = load_bert(folder, partial(SequenceHead, n_labels=40), new_head=True)
    assert 0.4 < model.head.labels.weight.std() < 0.6


@pytest.mark.parametrize("value", [None, "0.02", True, [0.02]])
def test_a_deviation_of_new_weights_that_cannot_be(bert: Path, gpt2: Path, value: Any) -> None:
    for load, folder in ((load_bert, bert), (load_gpt2, gpt2)):
        config = json.loads((folder / "config.json").read_text()) | {"initializer_range": value}
        (folder / "config.json").write_text(json.dumps(config))
        told = (
            rf"config\.json is missing 'initializer_range' or .* \({re.escape(repr(value))}\); down"
        )
        with pytest.raises(ValueError, match=told):
            load(folder)
        assert load(configure(folder, initializer_range=None)).stack.cfg.init_std == 0.02


def test_a_rate_of_dropout_that_cannot_be(bert: Path, gpt2: Path) -> None:
    for load, folder, key in (
        (load_bert, bert, "hidden_dropout_prob"),
        (load_gpt2, gpt2, "embd_pdrop"),
    ):
        with pytest.raises(ValueError, match=r"^dropout=1\.5 must be a probability"):
            load(folder, dropout=1.5)  # the caller's fault, not the file's
        configure(folder, **{key: "0.1"})
        with pytest.raises(ValueError, match=rf"config\.json is missing '{key}' or has an invalid"):
            load(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("summary_activation", "tanh"), ("summary_type", "last"), ("summary_use_proj", False)],
)
def test_a_summary_that_is_not_ours(key: str, value: Any, tmp_path: Path) -> None:
    folder = published("GPT2DoubleHeadsModel", tmp_path / "double", {"num_labels": 1})
    with pytest.raises(ValueError, match=f"made with {key}={value!r}, which our stack"):
        load_gpt2(configure(folder, **{key: value}), partial(TokenHead, n_labels=1))
    load_gpt2(configure(folder, **{key: None}), partial(TokenHead, n_labels=1))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("auto_map", {"AutoModel": "modeling.Mine"}),
        ("add_cross_attention", True),
        ("pruned_heads", {"0": [1]}),
    ],
)
def test_what_neither_can_be(bert: Path, gpt2: Path, key: str, value: Any) -> None:
    for load, folder in ((load_bert, bert), (load_gpt2, gpt2)):
        with pytest.raises(ValueError, match=rf"made with {key}=.*which our stack cannot do; give"):
            load(configure(folder, **{key: value}))
