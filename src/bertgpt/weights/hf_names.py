"""The names that `transformers` gives to our layers: the whole list, for BERT and for GPT-2.

A layer has a `.weight`, and most have a `.bias`. The heads bring their own names (`hf_layers`), so
this list knows no class of ours by its name.
"""

import re

from torch import Tensor, nn

from bertgpt import heads

# Parts of a stack that was saved without a head, whose names then have no prefix.
BERT_PARTS = {"embeddings", "encoder", "pooler"}
GPT2_PARTS = {"wte", "wpe", "h", "ln_f"}
# Not weights: numbers of positions, and causal masks.
BERT_BUFFERS = r"bert\.embeddings\.(position|token_type)_ids"
GPT2_BUFFERS = r"transformer\.h\.\d+\.attn\.(masked_)?bias"
# Tied weights that some files hold twice: copy -> original.
BERT_COPIES = {
    "cls.predictions.decoder.weight": "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}
GPT2_COPIES = {"lm_head.weight": "transformer.wte.weight"}


def bert(n_layers: int) -> dict[str, str]:
    """Layers of our stack -> layers of `transformers`' BERT.

    >>> bert(1)["stack.blocks.0.attn.out"]
    'bert.encoder.layer.0.attention.output.dense'
    """
    layers = {
        "stack.tokens": "bert.embeddings.word_embeddings",
        "stack.positions": "bert.embeddings.position_embeddings",
        "stack.segments": "bert.embeddings.token_type_embeddings",
        "stack.embed_norm": "bert.embeddings.LayerNorm",
    }
    for i in range(n_layers):
        ours, theirs = f"stack.blocks.{i}", f"bert.encoder.layer.{i}"
        layers |= {
            f"{ours}.attn.query": f"{theirs}.attention.self.query",
            f"{ours}.attn.key": f"{theirs}.attention.self.key",
            f"{ours}.attn.value": f"{theirs}.attention.self.value",
            f"{ours}.attn.out": f"{theirs}.attention.output.dense",
            f"{ours}.norm_attn": f"{theirs}.attention.output.LayerNorm",
            f"{ours}.ff.up": f"{theirs}.intermediate.dense",
            f"{ours}.ff.down": f"{theirs}.output.dense",
            f"{ours}.norm_ff": f"{theirs}.output.LayerNorm",
        }
    return layers


def gpt2(n_layers: int) -> dict[str, str]:
    """Layers of our stack -> layers of `transformers`' GPT-2, as `gpt2_tensors` names them.

    >>> gpt2(1)["stack.blocks.0.attn.out"]
    'transformer.h.0.attn.c_proj'
    """
    layers = {"stack.tokens": "transformer.wte", "stack.positions": "transformer.wpe"}
    for i in range(n_layers):
        ours, theirs = f"stack.blocks.{i}", f"transformer.h.{i}"
        layers |= {
            f"{ours}.norm_attn": f"{theirs}.ln_1",
            f"{ours}.attn.query": f"{theirs}.attn.c_attn.query",  # a third of c_attn
            f"{ours}.attn.key": f"{theirs}.attn.c_attn.key",
            f"{ours}.attn.value": f"{theirs}.attn.c_attn.value",
            f"{ours}.attn.out": f"{theirs}.attn.c_proj",
            f"{ours}.norm_ff": f"{theirs}.ln_2",
            f"{ours}.ff.up": f"{theirs}.mlp.c_fc",
            f"{ours}.ff.down": f"{theirs}.mlp.c_proj",
        }
    return layers | {"stack.final_norm": "transformer.ln_f"}


def head_layers(head: nn.Module) -> dict[str, tuple[str, ...]]:
    """Layers of a head, those of heads inside it too -> the names that files may have for them.

    >>> from bertgpt.config import tiny
    >>> from bertgpt.transformer import Transformer
    >>> head_layers(heads.NextSentenceHead(Transformer(tiny(61))))["head.labels"]
    ('cls.seq_relationship',)
    """
    layers: dict[str, tuple[str, ...]] = {}
    for part, module in head.named_modules(prefix="head"):
        for layer, names in getattr(module, "hf_layers", {}).items():
            layers[f"{part}.{layer}" if layer else part] = names
    return layers


def all_head_layers() -> set[str]:
    """Names of the layers of all heads, which may be in a file beside the one that is read."""
    kinds = [kind for kind in vars(heads).values() if isinstance(kind, type)]
    tables = [getattr(kind, "hf_layers", {}) for kind in kinds]
    return {name for table in tables for names in table.values() for name in names}


def bert_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a BERT file under their full names of today."""
    full = {}
    for name, x in tensors.items():
        if name.split(".")[0] in BERT_PARTS:
            name = "bert." + name
        name = re.sub("LayerNorm.gamma$", "LayerNorm.weight", name)  # the file of 2018
        full[re.sub("LayerNorm.beta$", "LayerNorm.bias", name)] = x
    return full


def gpt2_tensors(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a GPT-2 file under their full names, each linear layer as PyTorch has it."""
    full = {}
    for name, x in tensors.items():
        if name.split(".")[0] in GPT2_PARTS:
            name = "transformer." + name
        if ".c_" in name and x.ndim == 2:
            x = x.T  # GPT-2's own kind of linear layer keeps the matrix transposed
        layer, is_attention, what = name.partition(".c_attn.")
        if is_attention:  # query, key and value in one
            for part, third in zip(("query", "key", "value"), x.tensor_split(3), strict=True):
                full[f"{layer}.c_attn.{part}.{what}"] = third
        else:
            full[name] = x
    return full
