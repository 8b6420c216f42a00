"""Words and word vectors before Transformers: n-grams, word2vec, vectors of character n-grams."""
