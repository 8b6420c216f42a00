"""Real text without a network: Wikipedia, Python code, lists of human judgements.

>>> from bertgpt import corpora
>>> corpora.word_similarity("wordsim353")[1]
('tiger', 'cat', 7.35)
"""

from bertgpt.corpora.articles import wikipedia
from bertgpt.corpora.documents import Corpus, Document, sentences, split, words
from bertgpt.corpora.judgements import analogies, word_similarity
from bertgpt.corpora.online import hub_dataset, pretrained_vectors
from bertgpt.corpora.standard_library import python_code

__all__ = [
    "Corpus",
    "Document",
    "analogies",
    "hub_dataset",
    "pretrained_vectors",
    "python_code",
    "sentences",
    "split",
    "wikipedia",
    "word_similarity",
    "words",
]
