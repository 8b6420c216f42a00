"""The three readers of Wikipedia are asked for the same tokens of the same articles."""

from typing import Any

import pytest

from bertgpt.corpora.documents import Corpus, Document
from bertgpt.experiments import wikipedia_bits
from bertgpt.experiments.wikipedia_bits import gpt, lstm, measure, ngram, whole
from bertgpt.training.ragged import Ragged
from bertgpt.training.texts import Texts, real_texts

WORDS = "the cat sat on a mat and saw the dog run to a hill where it lay in the sun".split()


def small() -> Corpus:
    documents = tuple(
        Document(f"article {i}", " ".join(WORDS[(i * j) % len(WORDS)] for j in range(1, 150)))
        for i in range(1, 13)
    )
    return Corpus("small", "none", "nobody", documents)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return real_texts(small(), wikipedia_bits.LENGTH, vocab_size=300)


def test_every_model_is_asked_for_as_many_tokens(
    texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wikipedia_bits, "BATCH", 4)
    asked = {score(texts.test).guesses for score in ngram(texts).values()}
    asked |= {fit(texts, 0)(1e-3, 0.1, 1)(texts.test).guesses for fit in (gpt, lstm)}
    assert asked == {int(texts.test.lengths.sum()) - len(texts.test)}


def test_documents_are_put_together_from_their_pieces(texts: Texts) -> None:
    assert texts.tokenizer is not None
    documents = whole(texts.train, texts.special.sep)
    written = {texts.tokenizer.decode(list(ids)) for ids in documents}
    assert len(documents) > 5
    assert written <= {document.text for document in small().documents}


def test_a_piece_that_ends_no_document_is_no_document() -> None:
    assert whole(Ragged.of([[2, 7, 8], [2, 9]]), sep=3) == []


def test_the_best_on_development_articles_is_the_one_that_is_tested(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wikipedia_bits, "BATCH", 4)
    monkeypatch.setattr(wikipedia_bits, "GPT_WIDTH", 32)
    monkeypatch.setattr(wikipedia_bits, "LSTM_WIDTH", 32)
    found: dict[str, Any] = measure(0, small(), 300, tried=2, updates=3)
    for name in ("GPT", "LSTM"):
        one = found[name]
        assert one["chosen"]["rate"] == float(min(one["rates"], key=one["rates"].get))
        assert one["chosen"]["dropout"] == float(min(one["dropouts"], key=one["dropouts"].get))
        assert 0 < one["bits"] < 8
    assert found["n-gram"]["chosen"]["order"] == int(
        min(found["n-gram"]["orders"], key=found["n-gram"]["orders"].get)
    )
    assert found["bytes of test"] > 0
