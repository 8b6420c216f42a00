"""Page 03, C15, E04: vectors for hidden words, ours and gensim's, against spelling."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from bertgpt.corpora import judgements, sentences, wikipedia
from bertgpt.evaluation.scores import spearman
from bertgpt.experiments.runner import experiment
from bertgpt.words.charngrams import char_ngrams
from bertgpt.words.hidden_forms import Spelling, inflected_pairs, prefers_real, rank
from bertgpt.words.subword_vectors import SubwordConfig, SubwordVectors
from bertgpt.words.word2vec import Word2Vec, Word2VecConfig

PASSES, DIMENSION, WINDOW, DRAWN = 20, 100, 5, 1000
Lookup = Callable[[str], Tensor]  # a word -> its vector (D,)


class Trained:
    """A model as the tests need it: vectors of the V visible words, and of hidden ones.

    Attributes:
        vectors, contexts: (V, D) each word as a centre and as a neighbour.
        vector: the vector of any word that the model can give one.
    """

    def __init__(self, vectors: Tensor, contexts: Tensor, vector: Lookup) -> None:
        self.vectors, self.contexts, self.vector = vectors, contexts, vector


def train_pieces(text: list[list[str]], words: tuple[str, ...], seed: int) -> Trained:
    """Our subword vectors; `words` are theirs, in their order."""
    config = SubwordConfig(dimension=DIMENSION, epochs=PASSES, window=WINDOW)
    model = SubwordVectors(text, config, generator=torch.Generator().manual_seed(seed))
    for _ in model.train():
        pass
    order = torch.tensor(model.vocab.encode(words))
    return Trained(model.vectors[order], model.contexts[order], model.vector)


def train_whole(text: list[list[str]], words: tuple[str, ...], seed: int) -> Trained:
    """Our word2vec, checked against gensim's on page 02, with as many passes and numbers."""
    config = Word2VecConfig(dimension=DIMENSION, epochs=PASSES, window=WINDOW, min_count=3)
    model = Word2Vec(text, config, generator=torch.Generator().manual_seed(seed))
    for _ in model.train(reports=1):
        pass
    order = torch.tensor(model.vocab.encode(words))
    return Trained(
        model.vectors[order],
        model.contexts[order],
        lambda word: model.vectors[model.vocab.encode([word])[0]],
    )


def train_gensim(text: list[list[str]], words: tuple[str, ...], seed: int) -> Trained:
    """gensim's fastText with the settings of `train_pieces`."""
    from gensim.models import FastText

    ours = SubwordConfig()
    model = FastText(
        text, sg=1, vector_size=DIMENSION, window=WINDOW, negative=ours.negatives, epochs=PASSES,
        min_count=ours.min_count, sample=ours.threshold, alpha=ours.rate, min_alpha=1e-4,
        bucket=ours.buckets, min_n=3, max_n=6, workers=1, seed=seed + 1,
    )  # fmt: skip
    order = [model.wv.key_to_index[word] for word in words]
    contexts = torch.from_numpy(model.syn1neg.copy())[order]
    vectors = torch.from_numpy(model.wv.vectors.copy())[order]
    return Trained(vectors, contexts, lambda word: torch.from_numpy(model.wv[word].copy()))


@experiment("hidden_forms", seeds=range(2))
def hidden_forms(seed: int) -> dict[str, Any]:
    """For each hidden form the rank of its base, and how often real company is preferred."""
    full = sentences(wikipedia(), punctuation=False)
    counts = Counter(word for sentence in full for word in sentence)
    pairs = inflected_pairs(counts)
    hidden = {form for _, form in pairs}
    visible = [[word for word in sentence if word not in hidden] for sentence in full]
    frequent = {word for word, n in counts.items() if n >= SubwordConfig().min_count}
    words = tuple(sorted(frequent - hidden))
    half, around = show_half(full, hidden, words)
    models = {
        "pieces": train_pieces(visible, words, seed),
        "gensim": train_gensim(visible, words, seed),
        "whole": train_whole(visible, words, seed),
        "half": train_whole(half, words, seed),  # saw every other occurrence of each form
    }
    spelling = Spelling(words)
    return {
        "wordsim353": {name: word_similarity(models[name], words) for name in models},
        "king": {name: nearest(model, words, "king", 8) for name, model in models.items()},
        "letters": {name: spelled_alike(model, words, counts) for name, model in models.items()},
        "rank": base_ranks(pairs, models, spelling),
        "company": company(pairs, models, spelling, around, counts),
    }


def word_similarity(model: Trained, words: tuple[str, ...]) -> float:
    """Spearman's correlation with people on WordSim-353, over the pairs of visible words."""
    place = {word: i for i, word in enumerate(words)}
    rated = [row for row in judgements.word_similarity("wordsim353") if {*row[:2]} <= place.keys()]
    units = F.normalize(model.vectors)
    cosines = [float(units[place[a]] @ units[place[b]]) for a, b, _ in rated]
    return spearman(cosines, [human for _, _, human in rated])


def nearest(model: Trained, words: tuple[str, ...], word: str, n: int) -> list[str]:
    """The n visible words of largest cosine to a word, without the word itself."""
    cosines = F.cosine_similarity(model.vectors, model.vector(word)[None])
    best = [words[i] for i in cosines.topk(n + 1).indices.tolist()]
    return [other for other in best if other != word][:n]


def spelled_alike(model: Trained, words: tuple[str, ...], counts: Counter[str]) -> float:
    """Of the ten nearest neighbours of a thousand frequent words, the fraction that shares a
    character trigram with the word."""
    frequent = sorted((w for w in words if len(w) > 3), key=lambda word: -counts[word])[:1000]
    shared = 0
    for word in frequent:
        grams = set(char_ngrams(word, 3, 3))
        shared += sum(
            bool(grams & set(char_ngrams(other, 3, 3))) for other in nearest(model, words, word, 10)
        )
    return shared / (10 * len(frequent))


def base_ranks(
    pairs: list[tuple[str, str]], models: dict[str, Trained], spelling: Spelling
) -> dict[str, list[float]]:
    """Where the base comes among all visible words sorted by likeness to the hidden form."""
    place = {word: i for i, word in enumerate(spelling.words)}
    ranks = {"spelling": [rank(spelling.overlap(form), place[base]) for base, form in pairs]}
    for name in ("pieces", "gensim"):
        model = models[name]
        likeness = [F.cosine_similarity(model.vectors, model.vector(f)[None]) for _, f in pairs]
        ranks[name] = [
            rank(cosines, place[base]) for cosines, (base, _) in zip(likeness, pairs, strict=True)
        ]
    return ranks


def show_half(
    text: list[list[str]], hidden: set[str], words: tuple[str, ...]
) -> tuple[list[list[str]], dict[str, list[int]]]:
    """Show every other occurrence of each hidden word, and keep the rest for the test.

    Returns:
        The text without the second, fourth, ... occurrence of each hidden word; and for each hidden
        word the visible words around those, as places in `words`.
    """
    place = {word: i for i, word in enumerate(words)}
    met: Counter[str] = Counter()
    shown: list[list[str]] = []
    around: dict[str, list[int]] = {word: [] for word in hidden}
    for sentence in text:
        kept = []
        for i, word in enumerate(sentence):
            met[word] += 1
            if word in hidden and met[word] % 2 == 0:
                near = sentence[max(0, i - WINDOW) : i] + sentence[i + 1 : i + WINDOW + 1]
                around[word] += [place[other] for other in near if other in place]
            else:
                kept.append(word)
        shown.append(kept)
    return shown, around


def company(
    pairs: list[tuple[str, str]],
    models: dict[str, Trained],
    spelling: Spelling,
    around: dict[str, list[int]],
    counts: Counter[str],
) -> dict[str, list[float]]:
    """By judge, for each form, how often its vector prefers a real neighbour to a drawn word."""
    frequent = torch.tensor([counts[word] for word in spelling.words]).float()
    generator = torch.Generator().manual_seed(0)
    drawn = torch.multinomial(frequent, DRAWN, replacement=True, generator=generator)

    def judge(name: str, vector: Tensor, form: str) -> float:
        contexts = models[name].contexts
        return round(prefers_real(vector, contexts[around[form]], contexts[drawn]), 4)

    average = {name: model.vectors.mean(0) for name, model in models.items()}
    found: dict[str, list[float]] = {}
    for name in ("pieces", "gensim", "whole"):
        found[f"average, {name}"] = [judge(name, average[name], form) for _, form in pairs]
    for name in ("pieces", "gensim", "half"):
        found[name] = [judge(name, models[name].vector(form), form) for _, form in pairs]
    found["alike"] = [
        judge("whole", models["whole"].vector(spelling.most_alike(form)), form) for _, form in pairs
    ]
    found["base"] = [judge("whole", models["whole"].vector(base), form) for base, form in pairs]
    return found
