"""Paragraphs and their topics: parts that share no article, and a rival that counts tokens."""

import pytest

from bertgpt.corpora.articles import wikipedia
from bertgpt.corpora.documents import Corpus, Document
from bertgpt.tasks import paragraph_topic as task
from bertgpt.training.readouts import Example


def made(articles: dict[str, int]) -> Corpus:
    """Articles with so many paragraphs, each of which says its article's title; and short ones."""
    documents = [
        Document(title, "\n\n".join([f"{title}, {i}: " + "x" * 250 for i in range(n)] + ["short"]))
        for title, n in articles.items()
    ]
    return Corpus("made", "", "", tuple(documents))


def four_of_each() -> dict[str, int]:
    return {title: 3 for titles in task.ARTICLES.values() for title in titles[:4]}


def title_of(paragraph: task.Paragraph) -> str:
    return paragraph.text.rpartition(",")[0]


def test_no_article_is_in_two_parts_and_each_has_its_topic() -> None:
    parts = task.topic_parts(made(four_of_each()), seed=0)
    assert [len(part) for part in parts] == [4 * 2 * 3, 4 * 1 * 3, 4 * 1 * 3]
    titles = [{title_of(p) for p in part} for part in parts]
    assert sum(map(len, titles)) == len(set.union(*titles)) == 16
    for part in parts:
        for p in part:
            assert title_of(p) in task.ARTICLES[task.TOPICS[p.topic]]


def test_the_seed_draws_the_articles() -> None:
    corpus = made(four_of_each())
    assert task.topic_parts(corpus, 1) == task.topic_parts(corpus, 1)
    tests = [{title_of(p) for p in task.topic_parts(corpus, seed).test} for seed in range(6)]
    assert len({frozenset(titles) for titles in tests}) > 1


def test_a_topic_without_enough_articles_is_refused() -> None:
    articles = four_of_each()
    for title in task.ARTICLES["person"][:2]:
        del articles[title]
    with pytest.raises(ValueError, match="has 2 of the articles on 'person', and each part needs"):
        task.topic_parts(made(articles), 0)


def test_every_article_that_is_named_is_in_the_excerpt() -> None:
    titles = {document.title for document in wikipedia().documents}
    named = [title for titles in task.ARTICLES.values() for title in titles]
    assert set(named) <= titles
    assert len(set(named)) == len(named)


def test_of_a_paragraph_the_first_tokens_are_read() -> None:
    (example,) = task.topic_examples(
        [task.Paragraph("hello", 2)], lambda text: [*map(ord, text)], 3
    )
    assert example == Example(([104, 101, 108],), (2,))
    with pytest.raises(ValueError, match="longest=0 leaves nothing of a paragraph"):
        task.topic_examples([], lambda text: [], 0)


def test_counting_is_naive_bayes_with_counts_from_one() -> None:
    """Two texts to learn from. For [7, 8] the first topic has (2 + 1) (0 + 1), the second 1 * 2."""
    train = [Example(([7, 7],), (0,)), Example(([8, 9],), (1,))]
    assert task.by_counts(train, [Example(([7, 8],), (0,))]) == 1.0
    assert task.by_counts(train, [Example(([7, 8, 8],), (1,))]) == 1.0  # 3 * 1 * 1 below 1 * 2 * 2
    assert task.by_counts(train, [Example(([8],), (0,)), Example(([8],), (1,))]) == 0.5
    with pytest.raises(ValueError, match="2 texts to learn from and 0 to test; give some"):
        task.by_counts(train, [])
