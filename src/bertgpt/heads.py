"""The heads, which turn hidden states of the stack into answers.

A head is made from the stack it reads: `BERT(cfg, head=SpanHead)`, or with a number of labels
`BERT(cfg, head=partial(SequenceHead, n_labels=3))`. Where the stack has dropout, the hidden states
that a layer of new weights reads are dropped out at the same rate. `hf_layers` are the names that
published files have for the layers of a head; "" is the head itself.

Shapes: B texts, T positions, D width, V tokens, C labels. "..." is (B, T), or any choice of
positions: these heads read each position by itself.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bertgpt.transformer import Transformer, init_weights

Layers = dict[str, tuple[str, ...]]  # ours -> theirs, the first that a file has


class LanguageModelHead(nn.Module):
    """GPT's: a score for each token, by the token table itself (no weights of its own)."""

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.table = stack.tokens

    def forward(self, h: Tensor) -> Tensor:
        return F.linear(h, self.table.weight)  # (..., D) @ (D, V) -> (..., V)


class MaskedTokenHead(nn.Module):
    """BERT's: one more layer, GELU and norm, then the token table and a bias for each token."""

    hf_layers: ClassVar[Layers] = {
        "dense": ("cls.predictions.transform.dense",),
        "norm": ("cls.predictions.transform.LayerNorm",),
        "": ("cls.predictions",),
    }

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        cfg = stack.cfg
        self.dense = nn.Linear(cfg.width, cfg.width)
        self.act = nn.GELU(approximate="tanh" if cfg.gelu == "tanh" else "none")
        self.norm = nn.LayerNorm(cfg.width, eps=cfg.norm_eps)
        init_weights(self, cfg)
        self.table = stack.tokens
        self.bias = nn.Parameter(torch.zeros(cfg.vocab_size))

    def forward(self, h: Tensor) -> Tensor:
        h = self.norm(self.act(self.dense(h)))  # (..., D)
        return F.linear(h, self.table.weight, self.bias)  # (..., V)


class TokenHead(nn.Module):
    """Scores of labels at each position (BERT: Devlin et al. 2019, 5.3).

    With GPT's mask only the last position has read the whole text, so its scores are the text's
    (Radford et al. 2018, 3.2, without a bias): `last_token(model(token_ids), token_ids, pad_id)`.
    With one label they are the score of a text among others, as for multiple choice.
    """

    hf_layers: ClassVar[Layers] = {
        "labels": ("classifier", "score", "multiple_choice_head.summary")
    }

    def __init__(self, stack: Transformer, n_labels: int, bias: bool = True) -> None:
        super().__init__()
        self.drop = nn.Dropout(stack.cfg.dropout)
        self.labels = label_layer(stack, n_labels, bias)

    def forward(self, h: Tensor) -> Tensor:
        return self.labels(self.drop(h))  # (..., D) -> (..., C)


class SpanHead(nn.Module):
    """Where an answer begins and ends: two scores at each position (Devlin et al. 2019, 4.2)."""

    hf_layers: ClassVar[Layers] = {"labels": ("qa_outputs",)}

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.labels = label_layer(stack, 2)

    def forward(self, h: Tensor) -> Tensor:
        return self.labels(h)  # (..., D) -> (..., 2): start, end


class Pooler(nn.Module):
    """BERT's summary of a text: one more layer and tanh over the first position, [CLS].

    It reads the first column, so padding has to come after the text.
    """

    hf_layers: ClassVar[Layers] = {"dense": ("bert.pooler.dense",)}

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.dense = nn.Linear(stack.cfg.width, stack.cfg.width)
        init_weights(self, stack.cfg)

    def forward(self, h: Tensor) -> Tensor:
        return torch.tanh(self.dense(h[:, 0]))  # (B, T, D) -> (B, D)


class SequenceHead(nn.Module):
    """BERT's scores of labels for a text, or a pair of texts (Devlin et al. 2019, 4.1)."""

    hf_layers: ClassVar[Layers] = {"labels": ("classifier",)}

    def __init__(self, stack: Transformer, n_labels: int) -> None:
        super().__init__()
        self.pooler = Pooler(stack)
        self.drop = nn.Dropout(stack.cfg.dropout)
        self.labels = label_layer(stack, n_labels)

    def forward(self, h: Tensor) -> Tensor:
        return self.labels(self.drop(self.pooler(h)))  # (B, T, D) -> (B, C)


class MultipleChoiceHead(nn.Module):
    """BERT's score of each of some answers (Devlin et al. 2019, 4.4).

    A text is a question with one answer; the texts of one question follow each other.

    Args:
        n_choices: answers of each question, 1 or more.
    Raises:
        ValueError: if there is no answer.
    """

    def __init__(self, stack: Transformer, n_choices: int) -> None:
        super().__init__()
        if n_choices < 1:
            raise ValueError(
                f"n_choices={n_choices} must be at least 1: it counts the answers of each question"
            )
        self.n_choices = n_choices
        self.score = SequenceHead(stack, n_labels=1)

    def forward(self, h: Tensor) -> Tensor:
        """Scores of the answers of each question.

        Args:
            h: (B, T, D) of B / n_choices questions.
        Raises:
            ValueError: if an answer of a question is missing.
        """
        if len(h) % self.n_choices:
            raise ValueError(
                f"{len(h)} texts do not divide into questions with n_choices={self.n_choices} "
                "answers each; give a question's texts one after the other, and all of them"
            )
        return self.score(h).view(-1, self.n_choices)  # (B, T, D) -> (B / n_choices, n_choices)


class NextSentenceHead(nn.Module):
    """BERT's two scores for a pair of texts: does the second follow? (Devlin et al. 2019, 3.1)"""

    hf_layers: ClassVar[Layers] = {"labels": ("cls.seq_relationship",)}

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.pooler = Pooler(stack)
        self.labels = label_layer(stack, 2)

    def forward(self, h: Tensor) -> Tensor:
        return self.labels(self.pooler(h))  # (B, T, D) -> (B, 2): it does, it does not


class PretrainingHead(nn.Module):
    """Both heads with which BERT was pre-trained."""

    def __init__(self, stack: Transformer) -> None:
        super().__init__()
        self.token = MaskedTokenHead(stack)
        self.pair = NextSentenceHead(stack)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.token(h), self.pair(h)  # (B, T, D) -> (B, T, V), (B, 2)


def label_layer(stack: Transformer, n_labels: int, bias: bool = True) -> nn.Linear:
    """New weights that score labels, (..., D) -> (..., n_labels).

    Raises:
        ValueError: if there is no label.
    """
    if n_labels < 1:
        raise ValueError(f"n_labels={n_labels} must be at least 1: one score for each label")
    layer = nn.Linear(stack.cfg.width, n_labels, bias=bias)
    init_weights(layer, stack.cfg)
    return layer


def last_token(x: Tensor, token_ids: Tensor, pad_id: int) -> Tensor:
    """Hidden state or scores of each text's last real token: (B, T, C) -> (B, C).

    Args:
        x: (B, T, C), hidden states or scores.
        token_ids: (B, T) int64.
        pad_id: id of the padding token, which may be anywhere in a text.
    Raises:
        ValueError: if a text is all padding.

    >>> x = torch.arange(6.0).view(2, 3, 1)
    >>> last_token(x, torch.tensor([[7, 8, 0], [7, 8, 9]]), pad_id=0).tolist()
    [[1.0], [5.0]]
    """
    real = token_ids != pad_id
    if bool((~real).all(dim=1).any()):
        text = int((~real).all(dim=1).nonzero()[0])
        raise ValueError(f"text {text} is all padding and has no last token; leave it out")
    places = torch.arange(token_ids.shape[1], device=x.device)
    last = torch.where(real, places, -1).amax(dim=1)  # (B,)
    return x[torch.arange(len(x), device=x.device), last]
