"""Page 02, C21, E04: skip-gram and CBOW, each at its own learning rate and the other's."""

from typing import Any, Literal, NamedTuple

import torch

from bertgpt.corpora import sentences, wikipedia, word_similarity
from bertgpt.evaluation.scores import spearman
from bertgpt.experiments.runner import experiment
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig

LISTS: tuple[Literal["wordsim353", "simlex999"], ...] = ("wordsim353", "simlex999")


class Setting(NamedTuple):
    """One way to train: the model, the learning rate at the start, passes over the text."""

    model: Literal["skip-gram", "cbow"]
    rate: float
    passes: int


# The authors' program starts skip-gram at 0.025 and CBOW at 0.05. In a pass CBOW takes one step
# per window, skip-gram one per pair, some six times as many: so CBOW may read the text more often.
SETTINGS = (
    Setting("skip-gram", 0.025, 20),
    Setting("skip-gram", 0.05, 20),
    Setting("cbow", 0.025, 20),
    Setting("cbow", 0.05, 20),
    Setting("cbow", 0.025, 60),
    Setting("cbow", 0.05, 60),
)


@experiment("skip_gram_or_cbow", seeds=range(3))
def skip_gram_or_cbow(seed: int) -> dict[str, Any]:
    """Rank correlation with people, by setting ("cbow 0.05 60") and list of pairs."""
    text = sentences(wikipedia(), punctuation=False)
    return {" ".join(map(str, setting)): agreement(text, setting, seed) for setting in SETTINGS}


def agreement(text: list[list[str]], setting: Setting, seed: int) -> dict[str, float]:
    """Train on a text; for each list of pairs, Spearman's correlation over the known ones."""
    config = Word2VecConfig(model=setting.model, rate=setting.rate, epochs=setting.passes)
    model = Word2Vec(text, config, generator=torch.Generator().manual_seed(seed))
    for _ in model.train(reports=1):
        pass
    found: dict[str, float] = {}
    for name in LISTS:
        rows = word_similarity(name)
        known = [(a, b, human) for a, b, human in rows if a in model.vocab and b in model.vocab]
        cosines = [model.similarity(a, b) for a, b, _ in known]
        found[name] = spearman(cosines, [human for _, _, human in known])
    return found
