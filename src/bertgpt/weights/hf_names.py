"""What `transformers` calls our layers: the whole list, for BERT and for GPT-2."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Names(NamedTuple):
    """Ours and theirs, layer by layer. A "*" is the number of a block."""

    kind: str  # "model_type" in config.json
    fixed: Mapping[str, Any]  # what config.json must not say otherwise
    prefix: str  # before the names of the stack; left out where it was saved without a head
    stack: Mapping[str, str]  # ours -> theirs; each layer has a .weight, and most have a .bias
    heads: Mapping[str, Mapping[str, str]]  # class of a head -> the same; "|": either name
    copies: Mapping[str, str]  # tied weights that some files hold twice: again -> first
    buffers: str  # what else files hold (a pattern): numbers of positions, and masks


BERT_NAMES = Names(
    kind="bert",
    fixed={"is_decoder": False, "position_embedding_type": "absolute"},
    prefix="bert.",
    stack={
        "stack.tokens": "bert.embeddings.word_embeddings",
        "stack.positions": "bert.embeddings.position_embeddings",
        "stack.segments": "bert.embeddings.token_type_embeddings",
        "stack.norm": "bert.embeddings.LayerNorm",
        "stack.blocks.*.attn.query": "bert.encoder.layer.*.attention.self.query",
        "stack.blocks.*.attn.key": "bert.encoder.layer.*.attention.self.key",
        "stack.blocks.*.attn.value": "bert.encoder.layer.*.attention.self.value",
        "stack.blocks.*.attn.out": "bert.encoder.layer.*.attention.output.dense",
        "stack.blocks.*.norm_attn": "bert.encoder.layer.*.attention.output.LayerNorm",
        "stack.blocks.*.ff.up": "bert.encoder.layer.*.intermediate.dense",
        "stack.blocks.*.ff.down": "bert.encoder.layer.*.output.dense",
        "stack.blocks.*.norm_ff": "bert.encoder.layer.*.output.LayerNorm",
    },
    heads={
        "MaskedTokenHead": {
            "head.dense": "cls.predictions.transform.dense",
            "head.norm": "cls.predictions.transform.LayerNorm",
            "head": "cls.predictions",  # the bias of each token
        },
        "NextSentenceHead": {
            "head.pooler.dense": "bert.pooler.dense",
            "head.labels": "cls.seq_relationship",
        },
        "PretrainingHead": {
            "head.token.dense": "cls.predictions.transform.dense",
            "head.token.norm": "cls.predictions.transform.LayerNorm",
            "head.token": "cls.predictions",
            "head.pair.pooler.dense": "bert.pooler.dense",
            "head.pair.labels": "cls.seq_relationship",
        },
        "SequenceHead": {
            "head.pooler.dense": "bert.pooler.dense",
            "head.labels": "classifier",
        },
        "MultipleChoiceHead": {
            "head.score.pooler.dense": "bert.pooler.dense",
            "head.score.labels": "classifier",
        },
        "TokenHead": {"head.labels": "classifier"},
        "SpanHead": {"head.labels": "qa_outputs"},
    },
    copies={
        "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
        "cls.predictions.decoder.bias": "cls.predictions.bias",
    },
    buffers=r"(bert\.)?embeddings\.(position|token_type)_ids",
)
GPT2_NAMES = Names(
    kind="gpt2",
    fixed={"scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False},
    prefix="transformer.",
    stack={
        "stack.tokens": "transformer.wte",
        "stack.positions": "transformer.wpe",
        "stack.norm": "transformer.ln_f",
        "stack.blocks.*.norm_attn": "transformer.h.*.ln_1",
        "stack.blocks.*.attn.query": "transformer.h.*.attn.c_attn.query",  # a third of c_attn
        "stack.blocks.*.attn.key": "transformer.h.*.attn.c_attn.key",
        "stack.blocks.*.attn.value": "transformer.h.*.attn.c_attn.value",
        "stack.blocks.*.attn.out": "transformer.h.*.attn.c_proj",
        "stack.blocks.*.norm_ff": "transformer.h.*.ln_2",
        "stack.blocks.*.ff.up": "transformer.h.*.mlp.c_fc",
        "stack.blocks.*.ff.down": "transformer.h.*.mlp.c_proj",
    },
    heads={
        "LanguageModelHead": {},
        "TokenHead": {"head.labels": "score|classifier|multiple_choice_head.summary"},
        "SpanHead": {"head.labels": "qa_outputs"},
    },
    copies={"lm_head.weight": "transformer.wte.weight"},
    buffers=r"transformer\.h\.\d+\.attn\.(masked_)?bias",
)
