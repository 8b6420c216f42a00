"""The subject of a paragraph of Wikipedia, on articles of which no label was seen.

Each article has one of four topics, given by hand, and all its paragraphs have it. An article is in
one part only: who knows the words of the articles to learn from does not yet know the others.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from math import log
from typing import NamedTuple

import torch

from bertgpt.corpora.documents import Corpus
from bertgpt.training.readouts import Example

# Articles of the excerpt that gensim ships; those that fit two topics or none are left out.
ARTICLES = {
    "place": (
        "Alabama", "Alaska", "Alberta", "Afghanistan", "Albania", "Algeria", "Andorra", "Angola",
        "Aruba", "Asia", "Atlantic Ocean", "Azerbaijan", "Economy of Angola",
    ),
    "person": (
        "Abraham Lincoln", "Albert Einstein", "Albert Sidney Johnston", "Aldous Huxley",
        "Andre Agassi", "Andrei Tarkovsky", "Aristotle", "Arthur Schopenhauer", "Ayn Rand",
    ),
    "nature and mathematics": (
        "Aardvark", "Aardwolf", "Acid", "Albedo", "Algae", "Algorithm", "Alkali metal", "Alkane",
        "Amateur astronomy", "Ampere", "Amphibian", "Analysis of variance", "Anatomy",
        "Arithmetic mean", "Asphalt", "Atomic number", "Autism", "International Atomic Time",
    ),
    "culture and society": (
        "A Modest Proposal", "Abortion", "Academy Awards", "Afroasiatic languages", "Aikido",
        "Alphabet", "Altruism", "America the Beautiful", "An American in Paris", "Anarchism",
        "Animal Farm", "Animation", "Anthropology", "Appellate procedure in the United States",
        "Arraignment", "Art", "Articles of Confederation", "Austroasiatic languages",
        "List of Atlas Shrugged characters",
    ),
}  # fmt: skip
TOPICS = tuple(ARTICLES)
SHORTEST_PARAGRAPH = 200  # characters; shorter ones are remarks between two parts of an article
SHARES = (0.5, 0.15)  # of the articles of each topic: to learn from, to develop on; the rest tests


class Paragraph(NamedTuple):
    """A paragraph and its topic, as a place in TOPICS."""

    text: str
    topic: int


class TopicParts(NamedTuple):
    """Paragraphs of three parts, of which no two share an article; in an order drawn by chance."""

    train: list[Paragraph]
    development: list[Paragraph]
    test: list[Paragraph]


def topic_parts(corpus: Corpus, seed: int) -> TopicParts:
    """Paragraphs with their topics; the seed draws which articles are in which part.

    Args:
        corpus: with articles named in ARTICLES, at least three of each topic.
    Raises:
        ValueError: if a topic has fewer than three articles.
    """
    generator = torch.Generator().manual_seed(seed)
    texts = {document.title: document.text for document in corpus.documents}
    found = TopicParts([], [], [])
    for number, (topic, titles) in enumerate(ARTICLES.items()):
        there = [title for title in titles if title in texts]
        if len(there) < len(found):
            raise ValueError(
                f"the corpus has {len(there)} of the articles on {topic!r}, and each part needs "
                "one of its own; give bertgpt.corpora.articles.wikipedia()"
            )
        order = torch.randperm(len(there), generator=generator).tolist()
        first = max(1, int(SHARES[0] * len(there)))
        second = first + max(1, int(SHARES[1] * len(there)))
        cuts = (order[:first], order[first:second], order[second:])
        for part, places in zip(found, cuts, strict=True):
            for place in places:
                cut = texts[there[place]].split("\n\n")
                part += [Paragraph(p, number) for p in cut if len(p) >= SHORTEST_PARAGRAPH]
    return TopicParts(*(_shuffled(part, generator) for part in found))


def _shuffled(part: list[Paragraph], generator: torch.Generator) -> list[Paragraph]:
    return [part[i] for i in torch.randperm(len(part), generator=generator).tolist()]


def topic_examples(
    paragraphs: Sequence[Paragraph], encode: Callable[[str], Sequence[int]], longest: int
) -> list[Example]:
    """Paragraphs as ids, of each the first ones, and the topic.

    Args:
        encode: of the tokenizer that the model was trained with.
        longest: ids of a paragraph at most, special tokens not counted; 1 or more.
    Raises:
        ValueError: if `longest` leaves nothing.
    """
    if longest < 1:
        raise ValueError(f"longest={longest} leaves nothing of a paragraph; 62 is usual here")
    return [Example((encode(p.text)[:longest],), (p.topic,)) for p in paragraphs]


def by_counts(train: Sequence[Example], test: Sequence[Example]) -> float:
    """Accuracy of naive Bayes, which counts tokens by topic and knows nothing of their order.

    Each count begins at 1 (Laplace), so that a token that was not seen rules nothing out.

    Raises:
        ValueError: if there is nothing to learn from or to test on.
    """
    if not train or not test:
        raise ValueError(f"{len(train)} texts to learn from and {len(test)} to test; give some")
    counts = [Counter[int]() for _ in TOPICS]
    texts = Counter(example.answer[0] for example in train)
    for example in train:
        counts[example.answer[0]].update(example.parts[0])
    V = len({token for example in (*train, *test) for token in example.parts[0]})

    def score(topic: int, tokens: Sequence[int]) -> float:
        total = counts[topic].total() + V
        prior = (texts[topic] + 1) / (len(train) + len(TOPICS))
        return log(prior) + sum(log((counts[topic][token] + 1) / total) for token in tokens)

    right = 0
    for example in test:
        scores = [score(topic, example.parts[0]) for topic in range(len(TOPICS))]
        right += scores.index(max(scores)) == example.answer[0]
    return right / len(test)
